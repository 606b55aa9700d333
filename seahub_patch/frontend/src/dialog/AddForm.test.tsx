import { fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it('has the last word on schemes', async () => {
    await showPanel({ service: { schemes: ['https'] } });
    paste('http://a.example/');
    expect(screen.getByText(/supported are https\./)).toBeTruthy();
  });
});
