import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Api } from '../api';
import type { PageConfig } from '../config';
import { DownloadsPage } from './DownloadsPage';

const config = { siteRoot: '/', csrfToken: 't', username: 'ann' } as PageConfig;
const KEY = 'offline-download.folder.ann';

interface Sent {
  method: string;
  url: URL;
  body: Record<string, unknown> | null;
}

let sent: Sent[];
let repos: object[];
let folders: Record<string, string[] | number>;
let permission: string;

function repo(repo_id: string, repo_name: string, change: object = {}): object {
  return { repo_id, repo_name, permission: 'rw', encrypted: false, type: 'mine', ...change };
}

function answer(url: URL): Response {
  const { pathname, searchParams } = url;
  if (pathname === '/api/v2.1/repos/') return Response.json({ repos });
  const library = /^\/api\/v2.1\/repos\/(\w+)\/dir\/$/.exec(pathname)?.[1];
  if (library) {
    const found = folders[library + searchParams.get('p')] ?? 404;
    if (typeof found === 'number') return Response.json({ error_msg: `No (${found}).` }, { status: found });
    const dirent_list = found.map((name) => ({ type: 'dir', name }));
    return Response.json({ user_perm: permission, dirent_list: [...dirent_list, { type: 'file', name: 'a.txt' }] });
  }
  if (pathname.endsWith('/config')) {
    return Response.json({ enabled: true, running: true, message: '', can_add: true, schemes: ['http', 'https'] });
  }
  if (pathname.endsWith('/stats')) return Response.json({ by_status: {}, recent: [] });
  if (pathname.endsWith('/add')) return Response.json({ success: true, data: [], failed: [] });
  return Response.json({ data: [], total_count: 0, page: 1, per_page: 20, has_next_page: false });
}

beforeEach(() => {
  sent = [];
  permission = 'rw';
  repos = [repo('one', 'Books'), repo('two', 'Films', { type: 'shared' })];
  folders = { 'one/': ['new', 'old'], 'one/new': ['a & b'], 'one/new/a & b': [], 'two/': ['<b>x</b>'] };
  window.localStorage.clear();
  window.history.replaceState(null, '', '/offline-download/');
  vi.stubGlobal('fetch', (address: string, init: RequestInit = {}) => {
    const url = new URL(address, 'https://host.example');
    sent.push({ method: init.method ?? 'GET', url, body: init.body ? JSON.parse(init.body as string) : null });
    return Promise.resolve(answer(url));
  });
});

async function open(): Promise<void> {
  render(<DownloadsPage api={new Api(config)} config={config} />);
  await waitFor(() => expect(screen.queryByText('Loading…')).toBeNull());
}

const select = () => screen.getByLabelText<HTMLSelectElement>('Saves to');
const toggle = () => screen.getByRole('button', { name: /^Folder|^Choose a folder/ });
const listed = () => within(screen.getByRole('list')).getAllByRole('button').map((button) => button.textContent);
const wayTo = (name: string) => within(screen.getByRole('navigation', { name: 'Folder' })).getByText(name);
const box = () => screen.getAllByRole<HTMLTextAreaElement>('textbox').find(({ tagName }) => tagName === 'TEXTAREA')!;
const added = () => sent.filter(({ url }) => url.pathname.endsWith('/add'));

describe('the libraries', () => {
  test('are one’s own and the shared ones that can be written to, each once, by name', async () => {
    repos = [
      repo('two', 'Films', { type: 'shared' }),
      repo('three', 'Read only', { type: 'shared', permission: 'r' }),
      repo('four', 'Preview', { type: 'shared', permission: 'preview' }),
      repo('five', 'Secret', { encrypted: true }),
      repo('six', 'Archive', { type: 'group' }),
      repo('two', 'Films', { type: 'group' }),
      repo('one', 'Books'),
      repo('seven', 'Äpfel', { permission: 'admin' }),
    ];
    await open();
    const groups = [...select().querySelectorAll('optgroup')];
    expect(groups.map((group) => [group.label, [...group.children].map((option) => option.textContent)])).toEqual([
      ['My libraries', ['Äpfel', 'Books']],
      ['Shared with me', ['Films']],
      ['Shared with groups', ['Archive']],
    ]);
  });

  test('say so when there is none', async () => {
    repos = [repo('five', 'Secret', { encrypted: true })];
    await open();
    expect(screen.getByText('You have no library that downloads could go to.')).toBeTruthy();
    expect(screen.queryByRole('combobox', { name: 'Saves to' })).toBeNull();
  });
});

describe('the folder', () => {
  test('is waited for by who adds at once', async () => {
    const fetchNow = window.fetch;
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    vi.stubGlobal('fetch', async (address: string, init?: RequestInit) => {
      if (address.includes('/dir/')) await arrived;
      return fetchNow(address, init);
    });
    await open();
    fireEvent.change(box(), { target: { value: 'https://a.example/x' } });
    await userEvent.click(screen.getByRole('button', { name: 'Download' }));
    expect(screen.getByRole('button', { name: 'Adding…' })).toBeTruthy();
    expect([screen.queryByRole('alert'), added()]).toEqual([null, []]);
    arrive();
    await waitFor(() => expect(box().value).toBe(''));
    expect(added().map(({ body }) => body?.url)).toEqual(['https://a.example/x']);
  });

  test('is the root of the first own library for who comes for the first time', async () => {
    await open();
    expect(select().value).toBe('one');
    expect(toggle().textContent).toBe('Choose a folder');
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
  });

  test('is chosen by going down and up again, by keyboard alone', async () => {
    await open();
    toggle().focus();
    await userEvent.keyboard('{Enter}');
    expect(listed()).toEqual(['new', 'old']);
    screen.getByRole('button', { name: 'new' }).focus();
    await userEvent.keyboard('{Enter}');
    await waitFor(() => expect(listed()).toEqual(['a & b']));
    expect(document.activeElement).toBe(wayTo('new'));
    await userEvent.click(screen.getByRole('button', { name: 'a & b' }));
    expect(await screen.findByText('There are no folders in it.')).toBeTruthy();
    expect(toggle().textContent).toBe('Folder new / a & b');
    await userEvent.click(wayTo('Books'));
    await waitFor(() => expect(listed()).toEqual(['new', 'old']));
    await userEvent.click(screen.getByRole('button', { name: 'Use this folder' }));
    expect(screen.queryByRole('list')).toBeNull();
    expect(document.activeElement).toBe(toggle());
  });

  test('shows hostile names as text', async () => {
    await open();
    await userEvent.selectOptions(select(), 'Films');
    await userEvent.click(toggle());
    await waitFor(() => expect(listed()).toEqual(['<b>x</b>']));
    expect(document.querySelector('li b')).toBeNull();
  });

  test('of the last time is there again', async () => {
    await open();
    await userEvent.click(toggle());
    await userEvent.click(screen.getByRole('button', { name: 'new' }));
    await waitFor(() => expect(JSON.parse(window.localStorage.getItem(KEY)!)).toEqual({ repoId: 'one', path: '/new' }));
    document.body.replaceChildren();
    await open();
    expect(toggle().textContent).toBe('Folder new');
  });

  test.each([
    ['whose library is gone', { repoId: 'gone', path: '/new' }, 'one', '/'],
    ['which is gone itself', { repoId: 'one', path: '/gone' }, 'one', '/'],
    ['that nobody wrote down well', { repoId: 7 }, 'one', '/'],
    ['with a path that is none', { repoId: 'one', path: 'new' }, 'one', '/'],
  ])('of the last time %s is left for one that is there', async (_words, remembered, library, path) => {
    window.localStorage.setItem(KEY, JSON.stringify(remembered));
    await open();
    await waitFor(() => expect(toggle().textContent).toBe('Choose a folder'));
    expect(select().value).toBe(library);
    await addByHand();
    expect(added()[0]!.body).toMatchObject({ repo_id: library, path });
  });

  test('that may only be read says so and takes nothing', async () => {
    permission = 'r';
    await open();
    expect((await screen.findByRole('alert')).textContent).toContain('You may not add files to this folder.');
    await addByHand();
    expect(added()).toEqual([]);
  });

  test('that cannot be listed says why and can be tried again', async () => {
    folders['one/'] = 500;
    await open();
    expect((await screen.findByRole('alert')).textContent).toContain('No (500).');
    folders['one/'] = [];
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });
});

describe('links in the address', () => {
  test.each([
    ['?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc', 'https://example.org/a?b=c'],
    ['?url=https://example.org/a&url=https://example.org/b', 'https://example.org/a\nhttps://example.org/b'],
    ['?url=https://example.org/a&add=1&submit=true&repo_id=one&path=/new', 'https://example.org/a'],
    ['?url=%3Cscript%3Ealert(1)%3C/script%3E', '<script>alert(1)</script>'],
    ['', ''],
  ])('fill the box and add nothing by themselves: %s', async (query, text) => {
    window.history.replaceState(null, '', `/offline-download/${query}`);
    await open();
    expect(box().value).toBe(text);
    expect(sent.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('leave no password in the address', async () => {
    window.history.replaceState(null, '', '/offline-download/?url=https://ada:s3cret@a.example/x&url=https://a.example/y');
    await open();
    expect(new URLSearchParams(window.location.search).getAll('url')).toEqual(['https://a.example/x', 'https://a.example/y']);
    expect(window.location.href).not.toMatch(/ada|s3cret/);
  });

  test('go to the chosen folder when a person says so', async () => {
    window.history.replaceState(null, '', '/offline-download/?url=https://example.org/a');
    window.localStorage.setItem(KEY, JSON.stringify({ repoId: 'one', path: '/new' }));
    await open();
    await userEvent.click(screen.getByRole('button', { name: 'Download' }));
    await waitFor(() => expect(added()).toHaveLength(1));
    expect(added()[0]).toMatchObject({ method: 'PUT', body: { repo_id: 'one', path: '/new' } });
  });
});

async function addByHand(): Promise<void> {
  await userEvent.type(box(), 'https://example.org/a');
  await userEvent.click(screen.getByRole('button', { name: 'Download' }));
}
