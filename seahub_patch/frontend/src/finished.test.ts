import { describe, expect, it } from 'vitest';
import { FinishWatch } from './finished';
import { OTHER_LIBRARY, PLACE, downloading, failed, finished, makeTask } from './testing/tasks';
import type { Place, Task } from './types';

const numbers = (tasks: Task[]) => tasks.map((task) => task.odr_id);

function makeWatch(place: Place | null = PLACE): FinishWatch {
  return new FinishWatch(() => place);
}

describe('what became complete', () => {
  it('is nothing on the first look', () => {
    expect(makeWatch().look([finished(2), finished(1)])).toEqual([]);
  });

  it('is told once', () => {
    const watch = makeWatch();
    watch.look([downloading(1, 5)]);
    expect(numbers(watch.look([finished(1)]))).toEqual([1]);
    expect(watch.look([finished(1)])).toEqual([]);
  });

  it('is told once when it is there twice', () => {
    const watch = makeWatch();
    watch.look([downloading(1, 5)]);
    expect(numbers(watch.look([finished(1), finished(1)]))).toEqual([1]);
  });

  it('is told when it came and became complete between two looks', () => {
    const watch = makeWatch();
    watch.look([finished(1)]);
    expect(numbers(watch.look([finished(2), finished(1)]))).toEqual([2]);
  });

  it('is told when it comes after an empty list', () => {
    const watch = makeWatch();
    watch.look([]);
    expect(numbers(watch.look([finished(1)]))).toEqual([1]);
  });

  it('is not what is old and only seen now, on another page or by a search', () => {
    const watch = makeWatch();
    watch.look([downloading(9, 5)]);
    expect(watch.look([finished(3)])).toEqual([]);
  });

  it('is told of one that had failed and was tried again', () => {
    const watch = makeWatch();
    watch.look([failed(1)]);
    expect(numbers(watch.look([finished(1)]))).toEqual([1]);
  });

  it.each([
    ['another folder', { path: '/' }],
    ['another library', { repo_id: OTHER_LIBRARY }],
  ])('is not told of %s', (_, change) => {
    const watch = makeWatch();
    watch.look([downloading(1, 5, 10, change)]);
    expect(watch.look([finished(1, change)])).toEqual([]);
    expect(watch.awaited.size).toBe(0);
  });

  it('is told to nobody where there is no folder', () => {
    const watch = makeWatch(null);
    watch.look([downloading(1, 5)]);
    expect(watch.look([finished(1)])).toEqual([]);
  });
});

describe('what is awaited', () => {
  it('is what becomes complete by itself', () => {
    const watch = makeWatch();
    watch.look([makeTask(1), downloading(2, 1), makeTask(3, 'storing'), makeTask(4, 'paused'), failed(5), finished(6)]);
    expect([...watch.awaited]).toEqual([1, 2, 3]);
    watch.look([finished(2), makeTask(1, 'cancelled')]);
    expect([...watch.awaited]).toEqual([3]);
  });
});
