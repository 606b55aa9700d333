import { describe, expect, it } from 'vitest';
import { displayName, fileLink, isIn, placeLabel } from './places';
import { LIBRARY, PLACE, makeTask } from './testing/tasks';

describe('the link to a file', () => {
  it('is made of the library and where the file is, never of what it was downloaded from', () => {
    const task = makeTask(1, 'ok', { stored_path: '/a b/50% #1?/ü"<x>.zip', url: 'javascript:alert(1)' });
    expect(fileLink('/seafile/', task)).toBe(
      `/seafile/lib/${LIBRARY}/file/a%20b/50%25%20%231%3F/%C3%BC%22%3Cx%3E.zip`,
    );
  });
});

describe('the name of a task', () => {
  it.each([
    [{ name: 'wished.zip' }, 'wished.zip'],
    [{ name: '', stored_path: '/reports/there.zip' }, 'there.zip'],
    [{ name: '', url: 'https://example.org/a/b%20c.zip?key=1#x' }, 'b c.zip'],
    [{ name: '', url: 'https://example.org/100%.zip' }, '100%.zip'],
    [{ name: '', url: 'https://example.org/' }, 'example.org'],
  ])('is the best that is known: %j', (change, name) => {
    expect(displayName(makeTask(1, 'waiting', change))).toBe(name);
  });
});

describe('a place', () => {
  it('is said like a way through folders', () => {
    expect(placeLabel('lib1', '/reports/2026')).toBe('lib1 / reports / 2026');
    expect(placeLabel('lib1', '/')).toBe('lib1');
  });

  it('is the same one however its accents are written', () => {
    const task = makeTask(1, 'waiting', { path: '/B\u00fccher' });
    expect(isIn(task, { ...PLACE, path: '/Bu\u0308cher' })).toBe(true);
    expect(isIn(task, PLACE)).toBe(false);
    expect(isIn(task, null)).toBe(false);
  });
});
