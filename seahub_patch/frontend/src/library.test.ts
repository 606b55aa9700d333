import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeOnFinished, placeOf, refreshFolder } from './library';
import { goTo, redraw, show } from './toolbar/fixtures';
import type { Task } from './types';

const LIBRARY = '0a1b2c3d-0000-4000-8000-000000000001';

function at(address: string, siteRoot = '/') {
  return placeOf(new URL(address, 'https://host.example'), siteRoot);
}

describe('where am I', () => {
  test.each([
    [`/library/${LIBRARY}/Mine/`, 'Mine', '/'],
    [`/library/${LIBRARY}/Mine`, 'Mine', '/'],
    [`/library/${LIBRARY}/Mine/a/b`, 'Mine', '/a/b'],
    [`/library/${LIBRARY}/Mine/a/b/`, 'Mine', '/a/b'],
    [`/library/${LIBRARY}/%E6%88%91%E7%9A%84/%F0%9F%90%88`, '我的', '/🐈'],
    [`/library/${LIBRARY}/a%20%26%20b/c%3Fd%23e/100%25`, 'a & b', '/c?d#e/100%'],
    [`/library/${LIBRARY}/Mine/%3Cscript%3Ealert(1)%3C%2Fscript%3E`, 'Mine', '/<script>alert(1)</script>'],
    [`/library/${LIBRARY}/Mine/50%`, 'Mine', '/50%'],
    [`/library/${LIBRARY}/Mine/x%00y`, 'Mine', '/x\0y'],
    [`/library/${LIBRARY}/${LIBRARY}/library`, LIBRARY, '/library'],
  ])('%s', (address, repoName, path) => {
    expect(at(address)).toEqual({ repoId: LIBRARY, repoName, path });
  });

  test('below a site root of its own', () => {
    expect(at(`/seafile/library/${LIBRARY}/Mine/a`, '/seafile/')?.path).toBe('/a');
    expect(at(`/library/${LIBRARY}/Mine/a`, '/seafile/')).toBeNull();
  });

  test.each([
    '/',
    '/libraries/',
    `/library/${LIBRARY}/`,
    '/library/not-an-id/Mine/',
    `/remote-library/${LIBRARY}/${LIBRARY}/Mine/`,
    `/lib/${LIBRARY}/file/a.txt`,
    `/library/${LIBRARY}/Mine/?view=0001`,
    `/library/${LIBRARY}/Mine/?tag=all_tags`,
    `/library/${LIBRARY}/Mine/?trash=true&path=/`,
    `/library/${LIBRARY}/Mine/?history=true`,
    `/library/${LIBRARY}/Mine/?chat=true&path=/`,
  ])('nowhere in a folder at %s', (address) => {
    expect(at(address)).toBeNull();
  });
});

describe('a finished download', () => {
  const states: unknown[] = [];
  const note = (event: PopStateEvent) => states.push(event.state);
  const task = { repo_id: LIBRARY, path: '/reports/2026 #1' } as Task;

  beforeEach(() => {
    vi.useFakeTimers();
    window.addEventListener('popstate', note);
  });

  afterEach(() => {
    window.removeEventListener('popstate', note);
    vi.useRealTimers();
    states.length = 0;
  });

  function finish(...tasks: Task[]): boolean[] {
    const onFinished = makeOnFinished('/');
    const answers = tasks.map(onFinished);
    vi.runAllTimers();
    return answers;
  }

  test.each(['11', '11-phone', '12', '13', '14', '14-phone'])('refreshes its folder in %s, the address stays', (name) => {
    show(name);
    const address = window.location.href;
    expect(finish(task)).toEqual([true]);
    expect(states).toEqual([{ path: '/reports/2026 #1' }]);
    expect(window.location.href).toBe(address);
  });

  test('refreshes it once for all that are there at the same moment', () => {
    show('14');
    expect(finish(task, { ...task, odr_id: 2 }, { ...task, odr_id: 3 })).toEqual([true, true, true]);
    expect(states).toHaveLength(1);
  });

  test('refreshes it again for one that comes later', () => {
    show('14');
    const onFinished = makeOnFinished('/');
    onFinished(task);
    vi.runAllTimers();
    onFinished({ ...task, odr_id: 2 });
    vi.runAllTimers();
    expect(states).toHaveLength(2);
  });

  test('in another folder or library refreshes nothing', () => {
    show('14');
    expect(finish({ ...task, path: '/' }, { ...task, repo_id: LIBRARY.replace('1', '2') })).toEqual([false, false]);
    expect(states).toEqual([]);
  });

  test.each(['11-selected', '11-file', '14-selected', '14-loading', '14-trash'])(
    'leaves the page alone in %s: the dialog offers to show the file',
    (name) => {
      show(name);
      goTo(`/library/${LIBRARY}/Mine/reports/2026%20%231`);
      expect(finish(task)).toEqual([false]);
      expect(states).toEqual([]);
    },
  );

  test('knows a folder whose name is composed in another way', () => {
    show('14');
    goTo(`/library/${LIBRARY}/Mine/${encodeURIComponent('u\u0308')}`);
    expect(finish({ ...task, path: '/\u00fc' })).toEqual([true]);
  });

  test('goes by what is on screen then, not by what was', () => {
    show('14');
    const onFinished = makeOnFinished('/');
    redraw('14-selected');
    expect(onFinished(task)).toBe(false);
  });

  test('gives the state no key, which Seahub would take for the root', () => {
    refreshFolder('/a');
    expect(states).toEqual([{ path: '/a' }]);
  });
});
