import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Api } from '../api';
import type { PageConfig } from '../config';
import { when } from '../format';
import { AdminPage } from './AdminPage';
import type { Health, LoggedTask } from './types';

const config = { siteRoot: '/sea/', csrfToken: 't', username: 'admin' } as PageConfig;
const HOSTILE = '<img src=x onerror=alert(1)>';

function logged(odr_id: number, change: Partial<LoggedTask> = {}): LoggedTask {
  return {
    odr_id,
    repo_id: 'r',
    repo_name: 'Books',
    path: '/new',
    url: `https://example.org/${odr_id}.iso`,
    name: `${odr_id}.iso`,
    size: 2 * 1024 ** 2,
    completed: 2 * 1024 ** 2,
    progress: 100,
    speed: 0,
    eta: null,
    status: 3,
    state: 'ok',
    comment: '',
    reason: '',
    reason_args: {},
    checksum: '',
    priority: 50,
    attempts: 0,
    owner: 'ann@auth.local',
    timestamp: '2025-11-20T11:00:00+00:00',
    started_at: '2025-11-20T11:00:01+00:00',
    finished_at: null,
    stored_path: '',
    extras: [],
    extras_wiped: false,
    owner_name: 'Ann',
    owner_contact_email: 'ann@example.org',
    removed: false,
    ...change,
  };
}

let log: { status: number; body: unknown };
let health: { status: number; body: unknown };
let asked: URL[];

beforeEach(() => {
  asked = [];
  log = { status: 200, body: { offline_download_log_list: [logged(1)], total_count: 1, has_next_page: false } };
  health = { status: 200, body: { healthy: true, checks: [] } };
  vi.stubGlobal('fetch', (address: string) => {
    const url = new URL(address, 'https://host.example');
    asked.push(url);
    const answers: Record<string, { status: number; body: unknown }> = {
      '/sea/api/v2.1/admin/logs/offline-download-logs': log,
      '/sea/api/v2.2/admin/offline-download/health': health,
      '/sea/api/v2.2/offline-download/config': { status: 200, body: { reasons: {} } },
    };
    const { status, body } = answers[url.pathname]!;
    return Promise.resolve(Response.json(body, { status }));
  });
});

async function open(tab?: string): Promise<void> {
  render(<AdminPage api={new Api(config)} config={config} />);
  if (tab) await userEvent.click(screen.getByRole('tab', { name: tab }));
  await waitFor(() => expect(screen.queryByText('Loading…')).toBeNull());
}

const logAsked = () => asked.filter(({ pathname }) => pathname.endsWith('offline-download-logs'));
const lastQuery = () => Object.fromEntries(logAsked().at(-1)!.searchParams);
const rows = () => within(screen.getByRole('table')).getAllByRole('row').slice(1);

describe('the log', () => {
  test('shows a task of which another version of the server tells less', async () => {
    log.body = { offline_download_log_list: [logged(2), { odr_id: 1 }], total_count: 2, has_next_page: false };
    await open();
    expect(rows()).toHaveLength(2);
  });

  test('says of each task whose, where, what, how much, how it went and when', async () => {
    await open();
    expect(screen.getAllByRole('columnheader').map((header) => [header.textContent, header.getAttribute('scope')])).toEqual([
      ['Owner', 'col'],
      ['Library / Folder', 'col'],
      ['File / Link', 'col'],
      ['Size', 'col'],
      ['State', 'col'],
      ['Added / Started / Finished', 'col'],
    ]);
    const task = logged(1);
    const cells = within(rows()[0]!).getAllByRole('cell');
    expect(cells.map((cell) => cell.textContent)).toEqual([
      'Annann@example.org',
      'Books/new',
      '1.isohttps://example.org/1.iso',
      '2 MB',
      'Saved',
      `${when(task.timestamp)}${when(task.started_at)}–`,
    ]);
    expect(lastQuery()).toEqual({ page: '1', per_page: '25' });
  });

  test('names its cells for screens on which rows are cards', async () => {
    await open();
    const cells = within(rows()[0]!).getAllByRole('cell');
    expect(cells.map((cell) => cell.dataset.label)).toEqual(
      screen.getAllByRole('columnheader').map((header) => header.textContent),
    );
  });

  test('shows what is in links, names and reasons as text, and links to none of it', async () => {
    const task = logged(1, {
      name: HOSTILE,
      url: 'javascript:alert(1)',
      comment: HOSTILE,
      repo_name: HOSTILE,
      path: `/${HOSTILE}`,
      owner_name: HOSTILE,
      state: 'error',
    });
    log.body = { offline_download_log_list: [task], total_count: 1, has_next_page: false };
    await open();
    expect(document.querySelector('img')).toBeNull();
    expect(within(screen.getByRole('table')).queryAllByRole('link')).toEqual([]);
    expect(rows()[0]!.textContent).toContain('javascript:alert(1)');
  });

  test('marks what its owner removed, in words', async () => {
    log.body = { offline_download_log_list: [logged(1, { removed: true })], total_count: 1, has_next_page: false };
    await open();
    expect(screen.getByText('removed from the list')).toBeTruthy();
  });

  test('says why a task failed, and how much of it there is', async () => {
    const task = logged(1, { state: 'error', comment: 'The server has no such file.', completed: 1024 ** 2 });
    log.body = { offline_download_log_list: [task], total_count: 1, has_next_page: false };
    await open();
    expect(rows()[0]!.textContent).toContain('FailedThe server has no such file.');
    expect(rows()[0]!.textContent).toContain('1 MB of 2 MB');
  });

  test('filters by state, by owner and by text, from the first page on', async () => {
    log.body = { offline_download_log_list: [logged(1)], total_count: 60, has_next_page: true };
    await open();
    await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
    await waitFor(() => expect(lastQuery()).toEqual({ page: '2', per_page: '25' }));
    await userEvent.selectOptions(screen.getByLabelText('State'), 'Failed');
    await waitFor(() => expect(lastQuery()).toEqual({ page: '1', per_page: '25', status: 'error' }));
    await userEvent.type(screen.getByLabelText('Search'), 'a&b=c');
    await waitFor(() => expect(lastQuery()).toMatchObject({ q: 'a&b=c' }));
    await userEvent.click(screen.getByRole('button', { name: 'Ann' }));
    await waitFor(() => expect(lastQuery()).toMatchObject({ status: 'error', q: 'a&b=c', owner: 'ann@auth.local' }));
    expect(screen.getByLabelText<HTMLInputElement>('Owner').value).toBe('ann@auth.local');
  });

  test('asks once for what is typed quickly', async () => {
    await open();
    await userEvent.type(screen.getByLabelText('Owner'), 'bob');
    await waitFor(() => expect(lastQuery()).toMatchObject({ owner: 'bob' }));
    expect(logAsked()).toHaveLength(2);
  });

  test('exports what the filters show', async () => {
    await open();
    await userEvent.selectOptions(screen.getByLabelText('State'), 'Waiting');
    const link = screen.getByRole<HTMLAnchorElement>('link', { name: 'Export as CSV' });
    expect(link.getAttribute('href')).toBe('/sea/sys/offline-download/export.csv?status=waiting');
  });

  test('shows as many on a page as one wants, and no page that is not there', async () => {
    log.body = { offline_download_log_list: [logged(1)], total_count: 60, has_next_page: true };
    await open();
    const next = screen.getByRole<HTMLButtonElement>('button', { name: 'Next page' });
    await userEvent.click(next);
    await userEvent.click(next);
    await waitFor(() => expect(lastQuery()).toMatchObject({ page: '3' }));
    expect(next.disabled).toBe(true);
    await userEvent.selectOptions(screen.getByLabelText('Downloads on a page'), '100 / page');
    await waitFor(() => expect(lastQuery()).toEqual({ page: '1', per_page: '100' }));
    expect(screen.getByText('Page 1 of 1')).toBeTruthy();
  });

  test('says how many there are, also when there is none', async () => {
    log.body = { offline_download_log_list: [], total_count: 0, has_next_page: false };
    await open();
    expect(screen.getByRole('status').textContent).toBe('0 downloads');
    expect(screen.queryByRole('table')).toBeNull();
  });

  test('says what is wrong, keeps what is on screen, and tries again', async () => {
    await open();
    log = { status: 503, body: { error_msg: 'The database does not answer.' } };
    await userEvent.click(screen.getByRole('button', { name: 'Refresh' }));
    expect((await screen.findByRole('alert')).textContent).toBe('The database does not answer.');
    expect(rows()).toHaveLength(1);
    log = { status: 200, body: { offline_download_log_list: [logged(2)], total_count: 1, has_next_page: false } };
    await userEvent.click(screen.getByRole('button', { name: 'Refresh' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
    expect(rows()[0]!.textContent).toContain('2.iso');
  });
});

describe('the health report', () => {
  const unwell: Health = {
    healthy: false,
    checks: [
      { name: 'database', title: 'Database', ok: true, detail: '' },
      { name: 'engine', title: 'Engine', ok: false, detail: `aria2c is not there ${HOSTILE}` },
    ],
  };

  test('says in words what is well and what is not', async () => {
    health = { status: 503, body: unwell };
    await open('Health');
    expect(screen.getByRole('status').textContent).toBe('Something is wrong; please see below.');
    expect(screen.getAllByRole('rowheader').map((header) => header.getAttribute('scope'))).toEqual(['row', 'row']);
    expect(rows().map((row) => row.textContent)).toEqual(['DatabaseOK', `Enginenot OKaria2c is not there ${HOSTILE}`]);
    expect(document.querySelector('img')).toBeNull();
  });

  test('checks again when asked', async () => {
    health = { status: 503, body: unwell };
    await open('Health');
    health = { status: 200, body: { healthy: true, checks: [] } };
    await userEvent.click(screen.getByRole('button', { name: 'Check again' }));
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('All is well.'));
  });

  test.each([
    [403, { error_msg: 'Permission denied.' }, 'Permission denied.'],
    [503, { error_msg: 'The tables are too old.' }, 'The tables are too old.'],
    [502, 'Bad gateway', 'Something went wrong on the server. Please try again.'],
  ])('says why there is none: %s', async (status, body, sentence) => {
    health = { status, body };
    await open('Health');
    expect((await screen.findByRole('alert')).textContent).toBe(sentence);
    expect(screen.queryByRole('table')).toBeNull();
  });
});
