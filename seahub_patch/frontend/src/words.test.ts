import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OTHER_LIBRARY, PLACE, downloading, failed, finished, makeTask } from './testing/tasks';
import { barValue, describe as say, news, share } from './words';

const MB = 1024 ** 2;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-25T12:00:00+08:00') });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('one line says everything', () => {
  it.each([
    ['waiting', makeTask(1), 'Waiting'],
    ['waiting with a part of it there', makeTask(1, 'waiting', { size: 9 * MB, completed: 2 * MB }), 'Waiting · 2 MB of 9 MB'],
    [
      'waiting because of something',
      makeTask(1, 'waiting', { comment: 'The server is busy.' }),
      'Waiting · The server is busy.',
    ],
    ['connecting', downloading(1, 0, 658 * MB, { speed: 0, eta: null }), 'Connecting… · 658 MB'],
    [
      'being downloaded',
      downloading(1, 412 * MB, 658 * MB, { speed: 24.6 * MB, eta: 10 }),
      '412 MB of 658 MB · 24.6 MB/s · 10 s left',
    ],
    ['being downloaded, nobody knows how much', downloading(1, 3 * MB, 0), '3 MB · 10 MB/s'],
    ['stuck', downloading(1, 3 * MB, 9 * MB, { speed: 0, eta: null }), '3 MB of 9 MB · no data at the moment'],
    ['being saved', makeTask(1, 'storing', { size: MB, completed: MB }), 'Saving to the library…'],
    ['paused before it began', makeTask(1, 'paused'), 'Paused'],
    ['paused', makeTask(1, 'paused', { size: 30 * MB, completed: 12 * MB }), 'Paused · 12 MB of 30 MB'],
    ['there', finished(1), 'Saved · 5 MB · today 11:02'],
    [
      'there under another name',
      finished(1, { name: 'photos-2025.zip', stored_path: '/reports/photos-2025 (1).zip' }),
      'Saved as photos-2025 (1).zip · 5 MB · today 11:02',
    ],
    [
      'there, and something is worth knowing',
      finished(1, { comment: 'This is a web page.' }),
      'Saved · 5 MB · today 11:02 · This is a web page.',
    ],
    ['failed', failed(1), failed(1).comment],
    ['failed for no known reason', makeTask(1, 'error'), 'It failed, and nobody knows why. Please try again.'],
    ['cancelled', makeTask(1, 'cancelled', { finished_at: '2026-11-24T04:00:00+00:00' }), 'Cancelled · yesterday 12:00'],
    ['unknown', makeTask(1, 'unknown'), 'Its state is not known to this version; nothing will touch it.'],
  ])('about one that is %s', (_, task, words) => {
    expect(say(task, PLACE)).toBe(words);
  });

  it('says where it goes when that is not the folder on screen', () => {
    const task = makeTask(1, 'waiting', { repo_id: OTHER_LIBRARY, repo_name: 'Films', path: '/2026' });
    expect(say(task, PLACE)).toBe('Waiting · in Films / 2026');
    expect(say(makeTask(1), null)).toBe('Waiting · in lib1 / reports');
  });
});

describe('a bar', () => {
  it.each([
    ['is drawn while it is downloaded', downloading(1, 25 * MB), 25],
    ['moves without a number when nobody knows how far it is', downloading(1, 25 * MB, 0), null],
    ['is full while it is saved', makeTask(1, 'storing'), 100],
    ['stays while it is paused, so that nothing jumps', makeTask(1, 'paused', { size: 10, completed: 4 }), 40],
    ['stays while it waits for another try', makeTask(1, 'waiting', { size: 10, completed: 4 }), 40],
    ['is not drawn before anything is there', makeTask(1), undefined],
    ['is not drawn when it is there', finished(1), undefined],
    ['is not drawn when it failed', failed(1, { size: 10, completed: 4 }), undefined],
  ])('%s', (_, task, value) => {
    expect(barValue(task)).toBe(value);
  });

  it('has its number beside the name', () => {
    expect(share(downloading(1, 25 * MB))).toBe('25%');
    expect(share(downloading(1, 25 * MB, 0))).toBe('');
    expect(share(finished(1))).toBe('');
  });
});

describe('what is said aloud', () => {
  it('is a state, never a number', () => {
    const said = [downloading(1, MB), finished(1), failed(1), makeTask(1, 'paused'), makeTask(1, 'cancelled')].map(news);
    expect(said).toEqual([
      'file-1.zip is being downloaded.',
      'file-1.zip is in the library.',
      'file-1.zip failed.',
      'file-1.zip is paused.',
      'file-1.zip is cancelled.',
    ]);
    expect(news(makeTask(1))).toBe('');
  });
});
