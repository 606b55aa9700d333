import { fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeServer } from '../testing/fakeServer';
import { showPanel } from '../testing/panel';
import { LIBRARY } from '../testing/tasks';
import { pass, settle } from '../testing/time';

const box = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: /^Links/ });
const button = () => screen.getByRole('button', { name: /^(Download|Adding…)/ });
const paste = (text: string) => fireEvent.change(box(), { target: { value: text } });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the box for links', () => {
  it('says what it takes and where it goes', async () => {
    await showPanel();
    expect(screen.getByText('– one a line: http, https, ftp')).toBeTruthy();
    expect(screen.getByText('lib1 / reports').closest('.od-saves-to')?.textContent).toBe('Saves to lib1 / reports');
  });

  it('begins with the links that it is given, and adds none by itself', async () => {
    const { server } = await showPanel({ props: { links: 'https://a.example/\nhttps://b.example/' } });
    await pass(60_000);
    expect(box().value).toBe('https://a.example/\nhttps://b.example/');
    expect(server.asked('PUT', 'add')).toEqual([]);
  });

  it('has a button that says what it will do', async () => {
    await showPanel();
    expect(button().textContent).toBe('Download');
    paste('https://a.example/');
    expect(button().textContent).toBe('Download');
    paste('https://a.example/\nnonsense\nhttps://b.example/');
    expect(button().textContent).toBe('Download 2 files');
  });

  it('grows with its lines, but not for ever', async () => {
    await showPanel();
    expect(box().rows).toBe(2);
    paste('a\nb\nc\nd');
    expect(box().rows).toBe(4);
    paste('x\n'.repeat(99));
    expect(box().rows).toBe(8);
  });

  it('says at once what is wrong with pasted lines, and does not block the good ones', async () => {
    const { server, user } = await showPanel();
    paste('https://a.example/a.zip\ngopher://b.example/\nnonsense');
    expect(screen.getByText(/Links that begin with gopher: are not supported/)).toBeTruthy();
    expect(screen.getByText(/This is not a link/)).toBeTruthy();
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')[0]?.body).toMatchObject({ url: 'https://a.example/a.zip' });
    expect(box().value).toBe('gopher://b.example/\nnonsense');
  });

  it('lets people finish the line that they are typing before it complains', async () => {
    const { user } = await showPanel();
    await user.type(box(), 'htt');
    expect(screen.queryByText(/This is not a link/)).toBeNull();
    await pass(700);
    expect(screen.getByText(/This is not a link/)).toBeTruthy();
    await user.type(box(), 'ps://a.example/');
    expect(screen.queryByText(/This is not a link/)).toBeNull();
  });

  it('mentions a link that is there twice, which is no error', async () => {
    await showPanel();
    paste('https://a.example/\nhttps://a.example/');
    expect(screen.getByText(/in the box twice/).className).toBe('od-hint');
    expect(box().getAttribute('aria-invalid')).toBe('false');
    expect(button().textContent).toBe('Download');
  });

  it('shows a few problems and counts the rest', async () => {
    await showPanel();
    paste(Array.from({ length: 12 }, (_, index) => `bad ${index}`).join('\n'));
    expect(screen.getAllByText(/This is not a link/)).toHaveLength(5);
    expect(screen.getByText('and 7 more lines')).toBeTruthy();
  });

  it('is described by its problems for those who do not see it', async () => {
    await showPanel();
    paste('nonsense');
    expect(box().getAttribute('aria-invalid')).toBe('true');
    const description = document.getElementById(box().getAttribute('aria-describedby')!);
    expect(description?.textContent).toContain('nonsense');
  });

  it('makes a new line with Enter and adds with Ctrl+Enter', async () => {
    const { server, user } = await showPanel();
    await user.type(box(), 'https://a.example/{Enter}https://b.example/');
    expect(box().value).toBe('https://a.example/\nhttps://b.example/');
    expect(server.asked('PUT', 'add')).toEqual([]);
    await user.keyboard('{Control>}{Enter}{/Control}');
    await settle();
    expect(server.asked('PUT', 'add')[0]?.body.urls).toEqual(['https://a.example/', 'https://b.example/']);
    expect(box().value).toBe('');
    expect(document.activeElement).toBe(box());
  });

  it('asks kindly for a link when there is none', async () => {
    const { server, user } = await showPanel();
    await user.click(button());
    expect(screen.getByRole('alert').textContent).toBe('Please paste a link first.');
    expect(server.asked('PUT', 'add')).toEqual([]);
  });

  it('asks kindly for a folder where none is chosen', async () => {
    const { server, user } = await showPanel({ props: { place: null, picker: <b>choose</b> } });
    paste('https://a.example/');
    await user.click(button());
    expect(screen.getByRole('alert').textContent).toBe('Please choose a folder first.');
    expect(server.asked('PUT', 'add')).toEqual([]);
    expect(box().value).toBe('https://a.example/');
  });

  it('tells what is in it, so that nothing is lost when it closes', async () => {
    const drafts: string[] = [];
    await showPanel({ props: { onDraft: (text) => drafts.push(text) } });
    paste('https://a.example/');
    expect(drafts.at(-1)).toBe('https://a.example/');
  });

  it('is not sent twice by a double click', async () => {
    const { server, user } = await showPanel();
    server.delay = 500;
    paste('https://a.example/');
    await user.dblClick(button());
    expect(button().textContent).toBe('Adding…');
    await pass(5_000);
    expect(server.asked('PUT', 'add')).toHaveLength(1);
  });
});

describe('what the server refuses', () => {
  it('stays in the box, each link with its sentence; what was added leaves', async () => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', {
      status: 200,
      body: {
        success: true,
        data: [],
        failed: [{ url: 'https://b.example/', error_msg: 'This link is already in the list (task 12).' }],
      },
    });
    paste('https://a.example/\nhttps://b.example');
    await user.click(button());
    await settle();
    expect(box().value).toBe('https://b.example');
    expect(screen.getByText('This link is already in the list (task 12).')).toBeTruthy();
    paste('https://c.example/');
    expect(screen.queryByText(/already in the list/)).toBeNull();
  });

  it.each([
    [409, 'This link is already in the list (task 12).', 'This link is already in the list (task 12).'],
    [400, 'url invalid. The link is too long.', 'The link is too long.'],
    [400, 'url invalid.', 'The server cannot take this.'],
  ])('of a single link (%i %s) stands under it', async (status, error_msg, sentence) => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', { status, body: { error_msg } });
    paste('https://a.example/');
    await user.click(button());
    await settle();
    expect(box().value).toBe('https://a.example/');
    expect(screen.getByText(sentence).closest('.od-problems')).toBeTruthy();
  });

  it.each([
    ['no room', { status: 443, body: { error_msg: 'Out of quota.' } }, 'Out of quota.'],
    ['no answer', null, 'The server does not answer. Please try again.'],
    ['an error without words', { status: 500 }, 'Something went wrong on the server. Please try again.'],
  ])('altogether (%s) is said once, and the box stays as it is', async (_, override, sentence) => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', override);
    paste('https://a.example/\nhttps://b.example/');
    await user.click(button());
    await settle();
    expect(screen.getByRole('alert').textContent).toBe(sentence);
    expect(box().value).toBe('https://a.example/\nhttps://b.example/');
  });

  it('does not touch what was typed while the answer was on its way', async () => {
    const { server, user } = await showPanel();
    server.delay = 500;
    paste('https://a.example/');
    await user.click(button());
    paste('https://a.example/\nhttps://late.example/');
    await pass(1_000);
    expect(box().value).toBe('https://late.example/');
  });
});

describe('more options', () => {
  const options = () => screen.getByRole('button', { name: 'More options' });
  const name = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Save under the name' });

  it('are hidden until they are wanted', async () => {
    const { user } = await showPanel();
    expect(options().getAttribute('aria-expanded')).toBe('false');
    await user.click(options());
    expect(options().getAttribute('aria-expanded')).toBe('true');
    expect(name()).toBeTruthy();
  });

  it('give a single link a name, once', async () => {
    const { server, user } = await showPanel();
    paste('https://a.example/x');
    await user.click(options());
    await user.type(name(), ' report.pdf ');
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')[0]?.body).toEqual({
      repo_id: LIBRARY,
      path: '/reports',
      url: 'https://a.example/x',
      name: 'report.pdf',
    });
    expect(name().value).toBe('');
  });

  it('say that several links cannot have one name', async () => {
    const { server, user } = await showPanel();
    await user.click(options());
    await user.type(name(), 'report.pdf');
    paste('https://a.example/\nhttps://b.example/');
    expect(name().disabled).toBe(true);
    expect(screen.getByText('Only a single link can be given a name.')).toBeTruthy();
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')[0]?.body.name).toBeUndefined();
  });

  it('refuse a name that no file can have', async () => {
    const { server, user } = await showPanel();
    paste('https://a.example/');
    await user.click(options());
    await user.type(name(), 'a/b');
    expect(name().getAttribute('aria-invalid')).toBe('true');
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')).toEqual([]);
  });

  const checksum = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Checksum' });

  it('give a single link the checksum that its file must have, once', async () => {
    const { server, user } = await showPanel();
    paste('https://a.example/x');
    await user.click(options());
    expect(screen.getByText(/stored only if it matches/)).toBeTruthy();
    await user.type(checksum(), ` SHA256:${'a'.repeat(64)} `);
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')[0]?.body).toMatchObject({ checksum: `SHA256:${'a'.repeat(64)}` });
    expect(checksum().value).toBe('');
  });

  it('send no checksum that is none, nor one for several links', async () => {
    const { server, user } = await showPanel();
    paste('https://a.example/');
    await user.click(options());
    await user.type(checksum(), 'abc');
    expect(checksum().getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByText(/This is not a checksum/)).toBeTruthy();
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')).toEqual([]);
    paste('https://a.example/\nhttps://b.example/');
    expect(checksum().disabled).toBe(true);
    expect(screen.getByText('Only a single link can be given a checksum.')).toBeTruthy();
    await user.click(button());
    await settle();
    expect(server.asked('PUT', 'add')[0]?.body.checksum).toBeUndefined();
  });

  it('show what the server says about the checksum', async () => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', { status: 400, body: { error_msg: 'checksum invalid. It is too old.' } });
    paste('https://a.example/');
    await user.click(options());
    await user.type(checksum(), 'a'.repeat(32));
    await user.click(button());
    await settle();
    expect(screen.getByText('It is too old.').closest('.od-option')?.contains(checksum())).toBe(true);
  });

  it('show what the server says about the name', async () => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', { status: 400, body: { error_msg: 'name invalid. CON is a bad name.' } });
    paste('https://a.example/');
    await user.click(options());
    await user.type(name(), 'CON');
    await user.click(button());
    await settle();
    expect(screen.getByText('CON is a bad name.')).toBeTruthy();
  });
});

describe('what a link needs beside its address', () => {
  const options = () => screen.getByRole('button', { name: /^More options/ });
  const username = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'User name' });
  const password = () => screen.getByLabelText<HTMLInputElement>('Password');
  const sent = (server: FakeServer) => server.asked('PUT', 'add')[0]?.body;

  it('is sent once and forgotten', async () => {
    const { server, user } = await showPanel();
    paste('https://a.example/x');
    await user.click(options());
    await user.type(username(), 'ada');
    await user.type(password(), ' s3cret ');
    await user.click(screen.getByRole('button', { name: 'Add a header' }));
    expect(document.activeElement).toBe(screen.getByRole('combobox', { name: 'Name of the header' }));
    await user.selectOptions(document.activeElement!, 'X-Api-Key');
    await user.type(screen.getByRole('textbox', { name: 'Value of X-Api-Key' }), 'k');
    await user.type(screen.getByRole('textbox', { name: 'Referer' }), 'https://a.example/');
    await user.type(screen.getByRole('textbox', { name: 'User agent' }), 'Mozilla');
    await user.selectOptions(screen.getByRole('combobox', { name: 'Priority' }), 'High');
    await user.click(button());
    await settle();
    expect(sent(server)).toEqual({
      repo_id: LIBRARY,
      path: '/reports',
      url: 'https://a.example/x',
      priority: 75,
      username: 'ada',
      password: ' s3cret ',
      headers: { 'X-Api-Key': 'k' },
      referer: 'https://a.example/',
      user_agent: 'Mozilla',
    });
    expect([username().value, password().value]).toEqual(['', '']);
    expect(screen.queryByRole('textbox', { name: /^Value of/ })).toBeNull();
    expect(JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).not.toMatch(/ada|s3cret/);
  });

  it('is nothing that a browser keeps, and is shown to nobody who does not ask', async () => {
    const { user } = await showPanel();
    await user.click(options());
    await user.type(password(), 's3cret');
    expect([password().type, password().autocomplete, username().autocomplete]).toEqual(['password', 'new-password', 'off']);
    await user.click(screen.getByRole('button', { name: 'Show the password' }));
    expect(password().type).toBe('text');
    await user.click(screen.getByRole('button', { name: 'Hide the password' }));
    expect(password().type).toBe('password');
  });

  it('is hidden again for the next link', async () => {
    const { user } = await showPanel();
    paste('https://a.example/x');
    await user.click(options());
    await user.type(password(), 's3cret');
    await user.click(screen.getByRole('button', { name: 'Show the password' }));
    await user.click(button());
    await settle();
    expect(password().value).toBe('');
    await user.type(password(), 'other');
    expect(password().type).toBe('password');
  });

  it('is kept where it was entered while an earlier one was on its way, and so is the keyboard', async () => {
    const { server, user } = await showPanel();
    server.delay = 1000;
    paste('https://ada:s3cret@a.example/x');
    await user.click(button());
    await user.clear(password());
    await user.type(password(), 'other');
    await pass(1100);
    expect(box().value).toBe('');
    expect([username().value, password().value]).toEqual(['', 'other']);
    expect(document.activeElement).toBe(password());
  });

  it('is taken out of a pasted link, before anybody sees or keeps it there', async () => {
    const drafts: string[] = [];
    const { server, user } = await showPanel({ props: { onDraft: (text) => drafts.push(text) } });
    paste('https://ada:s3%40cret@a.example/x');
    expect(box().value).toBe('https://a.example/x');
    expect([username().value, password().value]).toEqual(['ada', 's3@cret']);
    expect(drafts.join()).not.toContain('ada');
    await user.click(button());
    await settle();
    expect(sent(server)).toMatchObject({ url: 'https://a.example/x', username: 'ada', password: 's3@cret' });
  });

  it('is taken out of the links that the page begins with', async () => {
    await showPanel({ props: { links: 'https://ada:s3cret@a.example/x' } });
    expect(box().value).toBe('https://a.example/x');
    expect(password().value).toBe('s3cret');
  });

  it('waits until a link is written, and leaves the caret where it is', async () => {
    const { server, user } = await showPanel();
    await user.type(box(), 'https://ada:s3cret@a.exam');
    expect(box().value).toBe('https://ada:s3cret@a.exam');
    await user.keyboard('{ArrowLeft}{ArrowLeft}');
    await pass(700);
    expect(box().value).toBe('https://a.exam');
    expect(box().selectionStart).toBe('https://a.ex'.length);
    await user.clear(box());
    await user.type(box(), 'https://eve:x@b.example/{Control>}{Enter}{/Control}');
    await settle();
    expect(sent(server)).toMatchObject({ url: 'https://b.example/', username: 'eve', password: 'x' });
    expect(options().getAttribute('aria-expanded')).toBe('false');
    await user.click(options());
    expect(password().value).toBe('');
  });

  it('is for all links, and for one server', async () => {
    const { server, user } = await showPanel();
    paste('https://ada:s3cret@a.example/1\nhttps://a.example/2');
    expect(screen.getByText('User name, password and headers are used for all 2 links.')).toBeTruthy();
    paste('https://a.example/1\nhttps://b.example/2');
    expect(screen.getByText(/for links to one server only/)).toBeTruthy();
    await user.click(button());
    await settle();
    expect(sent(server)).toBeUndefined();
  });

  it('stays until every link was taken', async () => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', {
      status: 200,
      body: { success: true, data: [], failed: [{ url: 'https://a.example/2', error_msg: 'Not today.' }] },
    });
    paste('https://ada:s3cret@a.example/1\nhttps://a.example/2');
    await user.click(button());
    await settle();
    expect(box().value).toBe('https://a.example/2');
    expect(password().value).toBe('s3cret');
  });

  it.each([
    ['username invalid. Without a colon, please.', 'Without a colon, please.', username],
    ['password: недопустимое значение. Слишком длинный.', 'Слишком длинный.', password],
    ['referer invalid.', 'The server cannot take this.', () => screen.getByRole('textbox', { name: 'Referer' })],
  ])('that the server refuses is told at its field: %s', async (error_msg, sentence, field) => {
    const { server, user } = await showPanel();
    server.overrides.set('PUT add', { status: 400, body: { error_msg } });
    paste('https://ada:s3cret@a.example/');
    await user.click(options());
    await user.click(button());
    await settle();
    expect(screen.getByText(sentence).closest('.od-option')?.contains(field())).toBe(true);
    expect(password().value).toBe('s3cret');
    expect(document.activeElement).toBe(field());
    await user.type(field(), 'x');
    expect(screen.queryByText(sentence)).toBeNull();
  });

  it('offers each header once, and takes it away again', async () => {
    const { user } = await showPanel({ service: { headers: ['Accept-Language'], cookies: true } });
    await user.click(options());
    const add = screen.getByRole('button', { name: 'Add a header' });
    await user.click(add);
    await user.click(add);
    expect(screen.getAllByRole('combobox', { name: 'Name of the header' }).map((one) => one.textContent)).toEqual([
      'Accept-Language',
      'Cookie',
    ]);
    expect(add.getAttribute('aria-disabled')).toBe('true');
    await user.click(screen.getByRole('button', { name: 'Remove Accept-Language' }));
    expect(screen.getAllByRole('combobox', { name: 'Name of the header' })).toHaveLength(1);
    expect(document.activeElement).toBe(add);
  });

  it('is counted while the options are closed', async () => {
    const { user } = await showPanel();
    paste('https://ada:s3cret@a.example/');
    await user.click(options());
    expect(options().textContent).toBe('More options (1)');
  });

  it('is not offered where it is not possible', async () => {
    const { user } = await showPanel({ service: { extras: false } });
    await user.click(options());
    expect(screen.queryByLabelText('Password')).toBeNull();
    paste('https://ada:s3cret@a.example/');
    expect(screen.getByText(/please give a link without them/)).toBeTruthy();
  });
});

describe('the service', () => {
  it('that does not run says so, and links can be added all the same', async () => {
    const { server, user } = await showPanel({ service: { running: false, message: 'Der Dienst ruht.' } });
    expect(screen.getByText('Der Dienst ruht.')).toBeTruthy();
    paste('https://a.example/');
    await user.click(button());
    await settle();
    expect(server.tasks).toHaveLength(1);
  });

  it.each([
    [{ enabled: false }, /switched off/],
    [{ can_add: false }, /You may not add downloads here/],
  ])('that takes nothing (%j) shows no box', async (service, sentence) => {
    await showPanel({ service });
    expect(screen.getByText(sentence)).toBeTruthy();
    expect(screen.queryByRole('textbox', { name: /^Links/ })).toBeNull();
  });

  it.each(['schemes', 'max_urls', 'max_link_length', 'headers', 'extras'] as const)(
    'of another version, that does not tell %s, takes links all the same',
    async (field) => {
      const { server, user } = await showPanel({ service: { [field]: undefined } });
      await user.click(screen.getByRole('button', { name: /^More options/ }));
      paste('https://a.example/');
      await user.click(button());
      await settle();
      expect(server.tasks).toHaveLength(1);
    },
  );

  it('has the last word on schemes', async () => {
    await showPanel({ service: { schemes: ['https'] } });
    paste('http://a.example/');
    expect(screen.getByText(/supported are https\./)).toBeTruthy();
  });
});
