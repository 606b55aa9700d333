import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api } from './api';
import { Feed } from './feed';
import { FakeServer } from './testing/fakeServer';
import { LIBRARY, OTHER_LIBRARY, PLACE, downloading, failed, finished, makeTask } from './testing/tasks';
import { pass, settle } from './testing/time';
import type { Task } from './types';

let server: FakeServer;
let feed: Feed;
let told: Task[];
let isShown: boolean | undefined;

function begin(tasks: Task[], perPage = 20): void {
  server = new FakeServer(tasks);
  vi.stubGlobal('fetch', server.fetch);
  feed = new Feed(new Api({ siteRoot: '/', csrfToken: '' }), {
    place: () => PLACE,
    onFinished: (task) => {
      told.push(task);
      return isShown;
    },
    perPage,
  });
  feed.start();
}

const shown = () => feed.snapshot().page?.data.map((task) => task.odr_id);
const lists = () => server.asked('GET', 'tasks');

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  isShown = true;
});

afterEach(() => {
  feed.stop();
  vi.useRealTimers();
});

describe('the feed', () => {
  it('shows the newest first, with the sums and the service', async () => {
    begin([makeTask(1), finished(2)]);
    await settle();
    expect(shown()).toEqual([2, 1]);
    expect(feed.snapshot().stats?.by_status.ok?.tasks).toBe(1);
    expect(feed.snapshot().service?.running).toBe(true);
  });

  it('changes nothing, and tells nobody, when nothing is new', async () => {
    begin([makeTask(1)]);
    await settle();
    const before = feed.snapshot();
    const listener = vi.fn();
    feed.subscribe(listener);
    await pass(9_000);
    expect(lists()).toHaveLength(4);
    expect(lists()[1]?.headers['If-None-Match']).toMatch(/^"/);
    expect(feed.snapshot()).toBe(before);
    expect(listener).not.toHaveBeenCalled();
  });

  it('keeps the tasks that did not change as the same objects', async () => {
    begin([downloading(2, 5), makeTask(1)]);
    await settle();
    const [, old] = feed.snapshot().page!.data;
    server.change(2, { completed: 50 });
    await pass(3_000);
    const [moved, same] = feed.snapshot().page!.data;
    expect(moved?.completed).toBe(50);
    expect(same).toBe(old);
  });

  it('asks for the sums again only when a state changed', async () => {
    begin([downloading(1, 5)]);
    await settle();
    server.change(1, { completed: 50 });
    await pass(3_000);
    expect(server.asked('GET', 'stats')).toHaveLength(1);
    server.change(1, { state: 'storing' });
    await pass(3_000);
    expect(server.asked('GET', 'stats')).toHaveLength(2);
  });

  it('never asks for the list twice at once, however slow the server is', async () => {
    begin([makeTask(1)]);
    server.delay = 2_000;
    feed.choose({ tab: 'active' });
    feed.choose({ tab: 'failed' });
    feed.now();
    await pass(20_000);
    expect(server.most.get('tasks')).toBe(1);
  });

  it('shows what was chosen last, though an earlier answer was on its way', async () => {
    begin([failed(2), makeTask(1)]);
    server.delay = 500;
    await pass(100);
    feed.choose({ tab: 'failed' });
    expect(feed.snapshot().stale).toBe(true);
    await pass(2_000);
    expect(shown()).toEqual([2]);
    expect(feed.snapshot().stale).toBe(false);
    expect(lists().at(-1)?.query).toMatchObject({ status: 'error', page: '1' });
  });

  it('goes to the last page when the one on screen is there no longer', async () => {
    begin([1, 2, 3].map((odrId) => finished(odrId)), 2);
    feed.choose({ page: 2 });
    await settle();
    server.tasks = server.tasks.slice(1);
    await pass(10_000);
    expect(feed.snapshot().choice.page).toBe(1);
    expect(shown()).toEqual([3, 2]);
  });

  it('asks no more when it is stopped', async () => {
    begin([makeTask(1)]);
    await settle();
    feed.stop();
    const before = server.requests.length;
    await pass(120_000);
    expect(server.requests).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says when the server fails, keeps what it shows, and recovers by itself', async () => {
    begin([makeTask(1)]);
    await settle();
    server.down = true;
    await pass(3_000);
    expect(feed.snapshot().failure).toMatchObject({ kind: 'server', delay: 3_000 });
    expect(shown()).toEqual([1]);
    server.down = false;
    await pass(3_000);
    expect(feed.snapshot().failure).toBeNull();
  });

  it('notices within a while that the service has stopped', async () => {
    begin([makeTask(1)]);
    await settle();
    server.service = { ...server.service, running: false };
    await pass(18_000);
    expect(feed.snapshot().service?.running).toBe(false);
  });
});

describe('an action', () => {
  it('shows at once and asks for the list at once', async () => {
    begin([downloading(1, 5)]);
    await settle();
    const before = lists().length;
    await feed.act(feed.snapshot().page!.data[0]!, 'pause');
    expect(feed.snapshot().page?.data[0]?.state).toBe('paused');
    await settle();
    expect(lists()).toHaveLength(before + 1);
  });

  it('is not sent twice by a double click', async () => {
    begin([downloading(1, 5)]);
    await settle();
    const [task] = feed.snapshot().page!.data;
    server.delay = 100;
    void feed.act(task!, 'pause');
    void feed.act(task!, 'pause');
    expect([...feed.snapshot().pending]).toEqual([1]);
    await pass(300);
    expect(server.asked('POST', 'tasks/1/pause')).toHaveLength(1);
    expect(feed.snapshot().pending.size).toBe(0);
  });

  it('that is refused says why beside its task until the next one', async () => {
    begin([downloading(1, 5)]);
    await settle();
    const [task] = feed.snapshot().page!.data;
    server.overrides.set('POST tasks/1/pause', { status: 409, body: { error_msg: 'It is too late.' } });
    await feed.act(task!, 'pause');
    expect(feed.snapshot().refusals.get(1)).toBe('It is too late.');
    server.overrides.clear();
    await feed.act(task!, 'pause');
    expect(feed.snapshot().refusals.size).toBe(0);
  });

  it.each([
    ['nobody answers', null, 'The server does not answer. Please try again.'],
    ['the login has ended', { status: 401 }, 'You are not signed in any more. Please reload the page.'],
    ['the server says nothing', { status: 500 }, 'Something went wrong on the server. Please try again.'],
  ])('is refused with a sentence when %s', async (_, override, sentence) => {
    begin([makeTask(1)]);
    await settle();
    server.overrides.set('DELETE tasks/1', override);
    await feed.remove(feed.snapshot().page!.data[0]!);
    expect(feed.snapshot().refusals.get(1)).toBe(sentence);
    expect(shown()).toEqual([1]);
  });

  it('takes a removed task off the list at once', async () => {
    begin([finished(2), finished(1)]);
    await settle();
    await feed.remove(feed.snapshot().page!.data[0]!);
    expect(shown()).toEqual([1]);
    expect(feed.snapshot().page?.total_count).toBe(1);
  });

  it('clears what is finished and says how many there were', async () => {
    begin([makeTask(3), finished(2), finished(1)]);
    await settle();
    await feed.cleanUp(['ok', 'cancelled']);
    await settle();
    expect(shown()).toEqual([3]);
    expect(feed.snapshot().announcement.text).toBe('2 downloads are off the list.');
  });

  it('adds, and shows the first page of a list that has it', async () => {
    begin([failed(1)]);
    feed.choose({ tab: 'failed', text: 'x' });
    await settle();
    await feed.add({ repo_id: LIBRARY, path: '/reports', urls: ['https://a.example/a.zip'] });
    await settle();
    expect(feed.snapshot().choice).toMatchObject({ tab: 'all', text: '', page: 1 });
    expect(shown()).toEqual([2, 1]);
    expect(feed.snapshot().announcement.text).toBe('1 download added.');
  });
});

describe('a download that becomes complete in the folder on screen', () => {
  it('is told once, and never on the first look', async () => {
    begin([downloading(2, 5), finished(1)]);
    await settle();
    expect(told).toEqual([]);
    server.change(2, { state: 'ok' });
    await pass(12_000);
    expect(told.map((task) => task.odr_id)).toEqual([2]);
  });

  it('is told once a rise, also for several', async () => {
    begin([downloading(3, 5), downloading(2, 5), finished(1)]);
    await settle();
    server.change(2, { state: 'ok' });
    await pass(3_000);
    server.change(3, { state: 'ok' });
    await pass(13_000);
    expect(told.map((task) => task.odr_id)).toEqual([2, 3]);
  });

  it('is told when it was added here and was there before the next look', async () => {
    begin([]);
    await settle();
    await feed.add({ repo_id: LIBRARY, path: '/reports', urls: ['https://a.example/a.zip'] });
    server.change(1, { state: 'ok', stored_path: '/reports/a.zip' });
    await settle();
    expect(told.map((task) => task.odr_id)).toEqual([1]);
  });

  it('is told while the list shows only what is active, or another page', async () => {
    const rest = Array.from({ length: 30 }, (_, index) => finished(index + 2));
    begin([downloading(1, 5), ...rest]);
    await settle();
    feed.choose({ tab: 'active' });
    await settle();
    server.change(1, { state: 'ok', finished_at: '2026-11-25T04:00:00+00:00' });
    await pass(3_000);
    expect(shown()).toEqual([]);
    expect(told.map((task) => task.odr_id)).toEqual([1]);
  });

  it('is not told of another library', async () => {
    begin([downloading(1, 5, 10, { repo_id: OTHER_LIBRARY })]);
    await settle();
    server.change(1, { state: 'ok' });
    await pass(6_000);
    expect(told).toEqual([]);
  });

  it('is marked when the page behind does not show it', async () => {
    isShown = false;
    begin([downloading(1, 5)]);
    await settle();
    server.change(1, { state: 'ok' });
    await pass(3_000);
    expect([...feed.snapshot().unseen]).toEqual([1]);
  });
});

describe('what is read aloud', () => {
  it('is a state that changed, never progress', async () => {
    begin([downloading(1, 5)]);
    await settle();
    expect(feed.snapshot().announcement.text).toBe('');
    server.change(1, { completed: 50 });
    await pass(3_000);
    expect(feed.snapshot().announcement.text).toBe('');
    server.change(1, { state: 'error' });
    await pass(3_000);
    expect(feed.snapshot().announcement.text).toBe('file-1.zip failed.');
  });

  it('is one sentence for many at once', async () => {
    begin([1, 2, 3, 4].map((odrId) => downloading(odrId, 5)));
    await settle();
    for (const odrId of [1, 2, 3, 4]) server.change(odrId, { state: 'paused' });
    await pass(3_000);
    expect(feed.snapshot().announcement.text).toBe('4 downloads changed.');
  });
});
