import { describe, expect, it } from 'vitest';
import { makeTask } from './testing/tasks';
import { BLANK, readTask } from './task';

describe('a task that was read', () => {
  it('is what the server told', () => {
    const told = makeTask(7, 'downloading', { size: 100, completed: 25, eta: 3, extras: ['password'] });
    expect(readTask(told)).toEqual(told);
  });

  it('has what a server of another version does not tell', () => {
    expect(readTask({ odr_id: 7, name: 'a.zip' })).toEqual({ ...BLANK, odr_id: 7, name: 'a.zip' });
  });

  it.each([[{ name: null }], [{ size: '12' }], [{ extras: 'password' }], [{ extras: {} }], [{ reason_args: [] }], [{ reason_args: null }]])(
    'has nothing of another kind: %j',
    (odd) => expect(readTask({ ...BLANK, ...odd })).toEqual(BLANK),
  );

  it('may lack what nobody knows yet', () => {
    const told = { ...BLANK, eta: null, progress: 50, finished_at: '2026-01-02T03:04:05+00:00' };
    expect(readTask(told)).toEqual(told);
  });

  it('keeps what this version does not know', () => {
    expect(readTask({ ...BLANK, later: 1 })).toEqual({ ...BLANK, later: 1 });
  });

  it.each([[null], [undefined], ['x'], [[]]])('is a blank one where there is none: %j', (odd) => {
    expect(readTask(odd)).toEqual(BLANK);
  });
});
