import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from './api';
import { Poller, type Failure } from './polling';
import { hidePage, pass } from './testing/time';

let looks: number;
let isBusy: boolean;
let error: unknown;
let told: (Failure | null)[];
let poller: Poller;

function makePoller(look?: (signal: AbortSignal) => Promise<boolean>): Poller {
  const plain = async () => {
    looks += 1;
    if (error) throw error;
    return isBusy;
  };
  return new Poller(look ?? plain, (failure) => told.push(failure));
}

beforeEach(() => {
  vi.useFakeTimers();
  looks = 0;
  isBusy = true;
  error = null;
  told = [];
  poller = makePoller();
});

afterEach(() => {
  poller.stop();
  hidePage(false);
  vi.useRealTimers();
});

describe('a poller', () => {
  it('looks at once when it starts', async () => {
    poller.start();
    await pass(0);
    expect(looks).toBe(1);
  });

  it('looks every 3 seconds while something happens', async () => {
    poller.start();
    await pass(9_000);
    expect(looks).toBe(4);
  });

  it('looks every 10 seconds while nothing happens', async () => {
    isBusy = false;
    poller.start();
    await pass(9_900);
    expect(looks).toBe(1);
    await pass(100);
    expect(looks).toBe(2);
  });

  it('looks every 10 seconds while nobody sees the page', async () => {
    poller.start();
    await pass(0);
    hidePage(true);
    await pass(9_900);
    expect(looks).toBe(1);
    await pass(10_100);
    expect(looks).toBe(3);
  });

  it('looks at once when the page is seen again', async () => {
    poller.start();
    await pass(0);
    hidePage(true);
    await pass(4_000);
    hidePage(false);
    await pass(0);
    expect(looks).toBe(2);
  });

  it('looks no more after it was stopped, and leaves no timer behind', async () => {
    poller.start();
    await pass(3_000);
    poller.stop();
    poller.stop();
    poller.now();
    hidePage(false);
    await pass(60_000);
    expect(looks).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up the look that is under way when it is stopped', async () => {
    let signal: AbortSignal | undefined;
    poller = makePoller((given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    poller.start();
    poller.stop();
    expect(signal?.aborted).toBe(true);
    expect(told).toEqual([]);
  });

  it('can be started again', async () => {
    poller.start();
    poller.stop();
    poller.start();
    await pass(3_000);
    expect(looks).toBeGreaterThanOrEqual(2);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('never looks twice at once, and looks again after the one under way when it was asked to', async () => {
    let running = 0;
    let most = 0;
    poller = makePoller(async () => {
      running += 1;
      looks += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 500));
      running -= 1;
      return true;
    });
    poller.start();
    poller.now();
    poller.now();
    await pass(400);
    poller.now();
    await pass(1_000);
    expect(looks).toBe(2);
    expect(most).toBe(1);
  });

  it('drops the look under way when it is restarted, and waits until it has ended', async () => {
    const order: string[] = [];
    poller = makePoller(async (signal) => {
      const number = (looks += 1);
      order.push(`begin ${number}`);
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
        setTimeout(resolve, 500);
      });
      order.push(`end ${number}`);
      return true;
    });
    poller.start();
    poller.restart();
    await pass(600);
    expect(order.slice(0, 4)).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('looks at once when it is restarted between two looks', async () => {
    poller.start();
    await pass(1_000);
    poller.restart();
    await pass(0);
    expect(looks).toBe(2);
    await pass(3_000);
    expect(looks).toBe(3);
  });

  it('waits 3, 6, 12, 24, 48 and then always 60 seconds while the server fails', async () => {
    error = new ApiError(500, '');
    poller.start();
    await pass(0);
    for (const delay of [3_000, 6_000, 12_000, 24_000, 48_000, 60_000]) {
      expect(told.at(-1)).toMatchObject({ kind: 'server', delay, retryAt: Date.now() + delay });
      await pass(delay);
    }
    expect(told.at(-1)).toMatchObject({ delay: 60_000 });
    expect(looks).toBe(7);
  });

  it('says when all is well again, once, and is quick again', async () => {
    error = new ApiError(0, '');
    poller.start();
    await pass(0);
    error = null;
    await pass(3_000);
    expect(told.at(-1)).toBeNull();
    await pass(6_000);
    expect(told).toHaveLength(2);
    expect(looks).toBe(4);
  });

  it('takes a server that does not answer for 30 seconds for one that fails', async () => {
    poller = makePoller(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    poller.start();
    await pass(29_000);
    expect(told).toEqual([]);
    await pass(1_000);
    expect(told.at(-1)).toMatchObject({ kind: 'server', delay: 3_000 });
  });

  it.each([401, 403])('tells a login that has ended (%s) from a server that fails', async (status) => {
    error = new ApiError(status, 'Authentication credentials were not provided.');
    poller.start();
    await pass(0);
    expect(told).toEqual([expect.objectContaining({ kind: 'login', delay: 60_000 })]);
  });

  it('passes on what the server says about its failure', async () => {
    error = new ApiError(503, 'The database is away.');
    poller.start();
    await pass(0);
    expect(told[0]?.message).toBe('The database is away.');
  });

  it('tries at once when somebody wants it to, or the network is back', async () => {
    error = new ApiError(0, '');
    poller.start();
    await pass(10_000);
    const before = looks;
    poller.now();
    await pass(0);
    window.dispatchEvent(new Event('online'));
    await pass(0);
    expect(looks).toBe(before + 2);
  });
});
