import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../i18n';
import { showPanel } from '../testing/panel';
import { LIBRARY, OTHER_LIBRARY, downloading, failed, finished, makeTask } from '../testing/tasks';
import { pass, settle } from '../testing/time';
import type { State, Task } from '../types';
import * as words from '../words';

const rows = () => [...document.querySelectorAll('.od-row')];
const row = (name: string) => screen.getByText(name).closest<HTMLElement>('.od-row')!;
const tab = (name: RegExp) => screen.getByRole('tab', { name });
const button = (name: string) => screen.getByRole('button', { name });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a row', () => {
  it('has the name, the progress and everything in words', async () => {
    await showPanel({ tasks: [downloading(1, 25 * 1024 ** 2)] });
    const bar = within(row('file-1.zip')).getByRole('progressbar', { name: 'file-1.zip' });
    expect(bar.getAttribute('aria-valuenow')).toBe('25');
    expect(bar.getAttribute('aria-valuetext')).toBe('25 MB of 100 MB · 10 MB/s · 8 s left');
    expect(row('file-1.zip').textContent).toContain('25 MB of 100 MB · 10 MB/s · 8 s left');
  });

  it('has no number where nobody knows how far it is', async () => {
    await showPanel({ tasks: [downloading(1, 25, 0)] });
    expect(screen.getByRole('progressbar').hasAttribute('aria-valuenow')).toBe(false);
  });

  it('links to the file when it is there, and to nothing before', async () => {
    await showPanel({ tasks: [finished(2, { stored_path: '/reports/a b.zip' }), makeTask(1)] });
    const links = screen.getAllByRole('link');
    expect(links.map((link) => link.getAttribute('href'))).toEqual([`/lib/${LIBRARY}/file/reports/a%20b.zip`]);
  });

  it('never links to what a task says, and shows markup as text', async () => {
    const name = '<img src=x onerror=alert(1)>.zip';
    await showPanel({
      tasks: [failed(1, { name, url: 'javascript:alert(1)', reason: '', comment: '<b>bold</b>' })],
    });
    expect(screen.getByText(name)).toBeTruthy();
    expect(screen.getByText('<b>bold</b>')).toBeTruthy();
    expect(document.querySelector('img, b, [href^="javascript"]')).toBeNull();
  });

  it('says the reason in the language of the page', async () => {
    setLanguage('de', {
      'The server says that there is no such file ({status} not found). Please check the link.':
        'Diese Datei gibt es dort nicht ({status}). Bitte den Link prüfen.',
    });
    await showPanel({ tasks: [failed(1)] });
    expect(row('file-1.zip').textContent).toContain('Diese Datei gibt es dort nicht (404). Bitte den Link prüfen.');
  });

  it.each<[State, string[]]>([
    ['waiting', ['Pause file-1.zip', 'Cancel file-1.zip']],
    ['downloading', ['Pause file-1.zip', 'Cancel file-1.zip']],
    ['paused', ['Resume file-1.zip', 'Cancel file-1.zip']],
    ['storing', ['Remove file-1.zip from the list']],
    ['ok', ['Remove file-1.zip from the list']],
    ['error', ['Try file-1.zip again', 'Remove file-1.zip from the list']],
    ['cancelled', ['Try file-1.zip again', 'Remove file-1.zip from the list']],
    ['unknown', ['Remove file-1.zip from the list']],
  ])('that is %s offers what its state allows', async (state, labels) => {
    await showPanel({ tasks: [makeTask(1, state)] });
    const buttons = within(row('file-1.zip')).getAllByRole('button');
    expect(buttons.map((item) => item.getAttribute('aria-label'))).toEqual(labels);
    expect(buttons.map((item) => item.title)).toEqual(labels);
  });

  it.each(['downloading', 'ok', 'error', 'paused'] as const)(
    'that is %s and of which another version of the server tells less is there',
    async (state) => {
      const tasks = Object.keys(makeTask(1)).map((field, index) => {
        const { [field as keyof Task]: _, ...rest } = makeTask(index + 1, state);
        return rest as Task;
      });
      await showPanel({ tasks, props: { perPage: 100 } });
      expect(rows()).toHaveLength(tasks.length);
    },
  );

  it('in a state of a later version is there, and can be taken off the list', async () => {
    await showPanel({ tasks: [makeTask(2, 'scanning' as State), makeTask(1)] });
    expect(rows()).toHaveLength(2);
    expect(button('Remove file-2.zip from the list')).toBeTruthy();
  });

  it('is drawn again only when its own task changed', async () => {
    const describe = vi.spyOn(words, 'describe');
    const { server } = await showPanel({
      tasks: Array.from({ length: 100 }, (_, index) => downloading(index + 1, 5)),
      props: { perPage: 100 },
    });
    expect(rows()).toHaveLength(100);
    describe.mockClear();
    server.change(7, { completed: 50 });
    await pass(3_000);
    expect(describe.mock.calls.map(([task]) => task.odr_id)).toEqual([7]);
  });

  it('is the same element as before when only its progress changed', async () => {
    const { server } = await showPanel({ tasks: [downloading(1, 5)] });
    const before = row('file-1.zip');
    server.change(1, { completed: 50 });
    await pass(3_000);
    expect(row('file-1.zip')).toBe(before);
  });
});

describe('an action', () => {
  it('pauses and resumes in the same place, so that the keyboard stays where it is', async () => {
    const { server, user } = await showPanel({ tasks: [downloading(1, 5)] });
    button('Pause file-1.zip').focus();
    await user.keyboard('{Enter}');
    await settle();
    expect(server.tasks[0]?.state).toBe('paused');
    expect(document.activeElement).toBe(button('Resume file-1.zip'));
    await user.keyboard('{Enter}');
    await settle();
    expect(server.tasks[0]?.state).toBe('waiting');
  });

  it.each([
    ['Cancel file-1.zip', makeTask(1), 'cancelled'],
    ['Try file-1.zip again', failed(1), 'waiting'],
  ])('%s', async (label, task, state) => {
    const { server, user } = await showPanel({ tasks: [task] });
    await user.click(button(label));
    await settle();
    expect(server.tasks[0]?.state).toBe(state);
  });

  it('that is clicked twice does not go on to remove what it cancelled', async () => {
    const { server, user } = await showPanel({ tasks: [makeTask(1)] });
    await user.click(button('Cancel file-1.zip'));
    await settle();
    fireEvent.click(button('Remove file-1.zip from the list'), { detail: 2 });
    await settle();
    expect(server.tasks[0]?.state).toBe('cancelled');
  });

  it('that is refused says why in the row', async () => {
    const { server, user } = await showPanel({ tasks: [makeTask(1)] });
    server.overrides.set('POST tasks/1/cancel', { status: 409, body: { error_msg: 'It is being saved already.' } });
    await user.click(button('Cancel file-1.zip'));
    await settle();
    expect(within(row('file-1.zip')).getByRole('alert').textContent).toBe('It is being saved already.');
  });

  it('removes, and the keyboard goes on in the next row, at last in the list', async () => {
    const { user } = await showPanel({ tasks: [finished(2), finished(1)] });
    button('Remove file-2.zip from the list').focus();
    await user.keyboard('{Enter}');
    await settle();
    expect(rows()).toHaveLength(1);
    expect(document.activeElement).toBe(button('Remove file-1.zip from the list'));
    await user.keyboard('{Enter}');
    await settle();
    expect(document.activeElement?.matches('section.od-list')).toBe(true);
  });
});

describe('the priority', () => {
  const menu = () => screen.getByRole<HTMLSelectElement>('combobox', { name: 'Priority of file-1.zip' });

  it.each<[State, boolean]>([
    ['waiting', true],
    ['paused', true],
    ['downloading', false],
    ['storing', false],
    ['ok', false],
    ['error', false],
  ])('of a task that is %s can be changed: %s', async (state, isThere) => {
    await showPanel({ tasks: [makeTask(1, state)] });
    expect(screen.queryByRole('combobox', { name: 'Priority of file-1.zip' }) !== null).toBe(isThere);
  });

  it('is chosen in the row, which says it where it is not the usual one', async () => {
    const { server, user } = await showPanel({ tasks: [makeTask(1)] });
    expect([menu().value, row('file-1.zip').querySelector('.od-words')?.textContent]).toEqual(['normal', 'Waiting']);
    menu().focus();
    await user.selectOptions(menu(), 'High');
    await settle();
    expect(server.asked('PUT', 'tasks/1')[0]?.body).toEqual({ priority: 75 });
    expect(menu().value).toBe('high');
    expect(row('file-1.zip').querySelector('.od-words')?.textContent).toBe('Waiting · high priority');
    expect(document.activeElement).toBe(menu());
  });

  it('that another program gave is one of three', async () => {
    await showPanel({ tasks: [makeTask(1, 'paused', { priority: 10 })] });
    expect(menu().value).toBe('low');
  });

  it('that cannot be changed any more says so in the row', async () => {
    const { server, user } = await showPanel({ tasks: [makeTask(1)] });
    server.overrides.set('PUT tasks/1', { status: 409, body: { error_msg: 'It is over.' } });
    await user.selectOptions(menu(), 'Low');
    await settle();
    expect(within(row('file-1.zip')).getByRole('alert').textContent).toBe('It is over.');
    expect(menu().value).toBe('normal');
  });
});

describe('the keyboard', () => {
  it.each<[string, string, Partial<Task>]>([
    ['the priority of what begins', 'Priority of file-1.zip', { state: 'downloading' }],
    ['the pause of what is complete', 'Pause file-1.zip', { state: 'ok', stored_path: '/reports/file-1.zip' }],
  ])('stays in the row when it was on %s', async (_, label, change) => {
    const { server } = await showPanel({ tasks: [makeTask(1)] });
    screen.getByLabelText(label).focus();
    server.change(1, change);
    await pass(3_000);
    expect(document.activeElement).toBe(row('file-1.zip'));
  });

  it('stays in the list when its row leaves', async () => {
    const { server, user } = await showPanel({ tasks: [makeTask(2), makeTask(1)] });
    await user.click(tab(/Active/));
    await settle();
    button('Pause file-1.zip').focus();
    server.change(1, { state: 'ok' });
    await pass(3_000);
    expect(rows()).toHaveLength(1);
    expect(document.activeElement?.matches('section.od-list')).toBe(true);
  });
});

describe('what a link needs', () => {
  const wiped = (change: Partial<Task> = {}) => failed(1, { extras: ['password'], extras_wiped: true, ...change });
  const retry = () => button('Try file-1.zip again');
  const form = () => screen.queryByRole('form');

  it.each<[string, Task, string | null]>([
    ['a password', makeTask(1, 'waiting', { extras: ['password', 'referer'] }), 'With a user name and password'],
    ['a header', makeTask(1, 'paused', { extras: ['headers'] }), 'With headers of its own'],
    ['a page', makeTask(1, 'waiting', { extras: ['referer'] }), null],
    ['a password that it needs no more', finished(1, { extras: ['password'], extras_wiped: true }), null],
  ])('is told by a key: %s', async (_, task, label) => {
    await showPanel({ tasks: [task] });
    expect(screen.queryByRole('img')?.getAttribute('aria-label') ?? null).toBe(label);
  });

  it('is asked for in the row when it begins anew', async () => {
    const { server, user } = await showPanel({ tasks: [wiped({ extras: ['password', 'cookies'] })], service: { cookies: true } });
    expect(retry().getAttribute('aria-expanded')).toBe('false');
    await user.click(retry());
    expect(retry().getAttribute('aria-expanded')).toBe('true');
    expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'User name' }));
    await user.keyboard('ada{Tab}s3cret');
    await user.type(screen.getByRole('textbox', { name: 'Value of Cookie' }), 'a=b{Enter}');
    await settle();
    expect(server.asked('POST', 'tasks/1/retry')[0]?.body).toEqual({
      username: 'ada',
      password: 's3cret',
      headers: { Cookie: 'a=b' },
    });
    expect(server.tasks[0]).toMatchObject({ state: 'waiting', extras: ['password', 'cookies'], extras_wiped: false });
    expect(form()).toBeNull();
    expect(document.activeElement).toBe(row('file-1.zip'));
    server.change(1, { state: 'error', extras_wiped: true, finished_at: '2026-11-25T04:00:00+00:00' });
    await pass(3_000);
    expect(form()).toBeNull();
  });

  it('is not asked for where nothing was forgotten', async () => {
    const { server, user } = await showPanel({ tasks: [failed(1, { extras: [] })] });
    expect(retry().hasAttribute('aria-expanded')).toBe(false);
    await user.click(retry());
    await settle();
    expect(server.tasks[0]?.state).toBe('waiting');
  });

  it('may be given up again with Esc, and the dialog stays', async () => {
    const { server, user } = await showPanel({ tasks: [wiped()] });
    await user.click(retry());
    await user.keyboard('ada{Escape}');
    expect(form()).toBeNull();
    expect(document.activeElement).toBe(retry());
    await user.click(retry());
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'User name' }).value).toBe('');
    await user.click(button('Not now'));
    expect([form(), server.asked('POST', 'tasks/1/retry')]).toEqual([null, []]);
  });

  it('that is wrong says so at its field, and stays in the form', async () => {
    const { server, user } = await showPanel({ tasks: [wiped()] });
    await user.click(retry());
    await user.click(button('Try again'));
    await settle();
    expect(within(form()!).getByRole('alert').textContent).toBe('Please enter the password again.');
    server.overrides.set('POST tasks/1/retry', { status: 400, body: { error_msg: 'username invalid. No colon, please.' } });
    await user.type(screen.getByRole('textbox', { name: 'User name' }), 'a:b{Enter}');
    await settle();
    const field = screen.getByRole<HTMLInputElement>('textbox', { name: 'User name' });
    expect(screen.getByText('No colon, please.').closest('.od-option')?.contains(field)).toBe(true);
    expect([field.value, within(form()!).queryByRole('alert')]).toEqual(['a:b', null]);
  });

  it('survives what the list learns meanwhile', async () => {
    const { server, user } = await showPanel({ tasks: [downloading(2, 5), wiped()] });
    await user.click(retry());
    await user.keyboard('ada');
    server.change(2, { completed: 50 });
    await pass(3_000);
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'User name' }).value).toBe('ada');
  });
});

describe('the tabs', () => {
  const tasks = [downloading(4, 5), makeTask(3, 'paused'), failed(2), finished(1)];

  it('count all, active and failed tasks', async () => {
    await showPanel({ tasks });
    expect(screen.getAllByRole('tab').map((item) => item.textContent)).toEqual(['All 4', 'Active 2', 'Failed 1']);
  });

  it('show what they say', async () => {
    const { user } = await showPanel({ tasks });
    await user.click(tab(/Failed/));
    await settle();
    expect(rows()).toHaveLength(1);
    expect(tab(/Failed/).getAttribute('aria-selected')).toBe('true');
    expect(screen.getByRole('tabpanel').getAttribute('aria-labelledby')).toBe(tab(/Failed/).id);
  });

  it('are one stop for the keyboard, and arrows go from one to the next', async () => {
    const { user } = await showPanel({ tasks });
    tab(/All/).focus();
    await user.keyboard('{ArrowLeft}');
    expect(document.activeElement).toBe(tab(/Failed/));
    await user.keyboard('{ArrowRight}{ArrowRight}');
    expect(document.activeElement).toBe(tab(/Active/));
    expect(screen.getAllByRole('tab').filter((item) => item.tabIndex === 0)).toHaveLength(1);
  });

  it('do not claim to know how many there are in a part that is searched for', async () => {
    const { user } = await showPanel({ tasks });
    await user.type(screen.getByRole('searchbox'), 'file-1');
    await pass(400);
    expect(screen.getAllByRole('tab').map((item) => item.textContent?.trim())).toEqual(['All 1', 'Active', 'Failed']);
  });
});

describe('the list', () => {
  it('searches when nobody has typed for a moment, from the first page on', async () => {
    const { server, user } = await showPanel({ tasks: [finished(2), finished(1)] });
    const before = server.asked('GET', 'tasks').length;
    await user.type(screen.getByRole('searchbox'), 'file-1');
    await pass(400);
    const asked = server.asked('GET', 'tasks').slice(before);
    expect(asked.map(({ query }) => [query.q, query.page])).toEqual([['file-1', '1']]);
    expect(rows()).toHaveLength(1);
  });

  it('gives up the search with Esc, and the dialog stays', async () => {
    const { user } = await showPanel({ tasks: [finished(1)] });
    const search = screen.getByRole<HTMLInputElement>('searchbox');
    await user.type(search, 'nothing');
    await pass(400);
    expect(screen.getByText('No download matches “nothing”.')).toBeTruthy();
    await user.keyboard('{Escape}');
    await pass(400);
    expect(search.value).toBe('');
    expect(rows()).toHaveLength(1);
  });

  it('keeps to this library when it is told to', async () => {
    const { user } = await showPanel({ tasks: [finished(2, { repo_id: OTHER_LIBRARY, repo_name: 'Films' }), finished(1)] });
    await user.click(screen.getByRole('checkbox', { name: 'This library only' }));
    await settle();
    expect(rows()).toHaveLength(1);
    await user.click(screen.getByRole('checkbox', { name: 'This library only' }));
    await settle();
    expect(rows()).toHaveLength(2);
  });

  it('turns pages, and has none where all fits', async () => {
    const tasks = Array.from({ length: 25 }, (_, index) => finished(index + 1));
    const { server, user } = await showPanel({ tasks });
    expect(screen.getByText('1–20 of 25')).toBeTruthy();
    await user.click(button('Newer'));
    await user.click(button('Older'));
    await settle();
    expect(screen.getByText('21–25 of 25')).toBeTruthy();
    expect(rows()).toHaveLength(5);
    await user.click(button('Older'));
    expect(server.asked('GET', 'tasks').every(({ query }) => query.page !== '3')).toBe(true);
    server.tasks = server.tasks.slice(0, 3);
    await pass(10_000);
    expect(screen.queryByRole('navigation')).toBeNull();
  });

  it.each([
    [/All/, ['ok', 'cancelled'], 'Clear finished', ['file-3.zip']],
    [/Failed/, ['error'], 'Clear failed', []],
  ])('is cleared of what is over, under %s', async (name, states, label, left) => {
    const { server, user } = await showPanel({ tasks: [failed(3), makeTask(2, 'cancelled'), finished(1)] });
    await user.click(tab(name));
    await settle();
    await user.click(button(label));
    await settle();
    expect(server.asked('POST', 'cleanup')[0]?.body).toEqual({ status: states });
    expect(rows().map((item) => item.querySelector('.od-name')?.textContent)).toEqual(left);
  });

  it('is not cleared while it shows only a part of what would go', async () => {
    const { user } = await showPanel({ tasks: [finished(1)] });
    expect(button('Clear finished')).toHaveProperty('disabled', false);
    await user.click(screen.getByRole('checkbox', { name: 'This library only' }));
    await settle();
    expect(button('Clear finished')).toHaveProperty('disabled', true);
  });

  it.each([
    [/All/, 'Nothing here yet. Paste a link, close the laptop, find the file in your library.'],
    [/Active/, 'Nothing is being downloaded at the moment.'],
    [/Failed/, 'Nothing failed. All is well.'],
  ])('that is empty has a friendly sentence under %s', async (name, sentence) => {
    const { user } = await showPanel();
    await user.click(tab(name));
    await settle();
    expect(screen.getByText(sentence)).toBeTruthy();
  });

  it('offers the file when the page behind does not show it', async () => {
    const { server } = await showPanel({ tasks: [downloading(1, 5)], props: { onFinished: () => false } });
    server.change(1, { state: 'ok', stored_path: '/reports/file-1.zip' });
    await pass(3_000);
    expect(screen.getByRole('link', { name: 'Show file' }).getAttribute('href')).toBe(
      `/lib/${LIBRARY}/file/reports/file-1.zip`,
    );
  });

  it('reads states aloud, never progress', async () => {
    const { server } = await showPanel({ tasks: [downloading(1, 5)] });
    const live = document.querySelector('[aria-live="polite"]')!;
    server.change(1, { completed: 50 });
    await pass(3_000);
    expect(live.textContent).toBe('');
    server.change(1, { state: 'ok' });
    await pass(3_000);
    expect(live.textContent).toBe('file-1.zip is in the library.');
  });
});

describe('a server that fails', () => {
  it('is told with the seconds until the next try, and the list stays', async () => {
    const { server } = await showPanel({ tasks: [makeTask(1)] });
    server.down = true;
    await pass(3_000);
    expect(document.querySelector('.od-notice')?.textContent).toContain('The server does not answer. Trying again in 3 s.');
    await pass(1_000);
    expect(screen.getByText('Trying again in 2 s.')).toBeTruthy();
    expect(rows()).toHaveLength(1);
    server.down = false;
    await pass(2_000);
    expect(document.querySelector('.od-notice')).toBeNull();
  });

  it('is tried at once when somebody wants it to', async () => {
    const { server, user } = await showPanel({ prepare: (fresh) => (fresh.down = true) });
    await pass(30_000);
    server.down = false;
    server.tasks = [makeTask(1)];
    await user.click(button('Try now'));
    await settle();
    expect(rows()).toHaveLength(1);
  });

  it('is told aloud once, not every second', async () => {
    const { server } = await showPanel({ tasks: [makeTask(1)] });
    server.down = true;
    await pass(3_000);
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toBe('The server does not answer.');
    await pass(1_000);
    expect(screen.getByRole('alert')).toBe(alert);
    expect(alert.contains(screen.getByText(/Trying again/))).toBe(false);
  });

  it('says that the login has ended', async () => {
    await showPanel({ prepare: (server) => server.overrides.set('GET tasks', { status: 401 }) });
    expect(screen.getByRole('alert').textContent).toBe(
      'You are not signed in any more. Please reload the page and sign in again.',
    );
  });
});
