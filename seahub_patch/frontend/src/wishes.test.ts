import { describe, expect, it } from 'vitest';
import { askedFor } from './extras';
import { makeTask } from './testing/tasks';
import { NO_WISHES, countOf, enteredSince, problemsOf, requestOf, wishesFor, type Wishes } from './wishes';

const LINK = 'https://a.example/x';
const wish = (change: Partial<Wishes>): Wishes => ({ ...NO_WISHES, ...change });
const header = (name: string, value: string) => ({ name, value });

describe('what is wished for', () => {
  it('is sent as the routes want it, without what is empty', () => {
    expect(requestOf(NO_WISHES)).toEqual({});
    const wishes = wish({
      name: ' a.zip ',
      level: 'high',
      username: 'ada',
      password: ' with spaces ',
      headers: [header('X-Api-Key', ' k '), header('Authorization', ' ')],
      user_agent: ' Mozilla ',
    });
    expect(requestOf(wishes)).toEqual({
      name: 'a.zip',
      priority: 75,
      username: 'ada',
      password: ' with spaces ',
      headers: { 'X-Api-Key': 'k' },
      user_agent: 'Mozilla',
    });
    expect(countOf(wishes)).toBe(5);
  });

  it('is forgotten once it has left, but not what was entered since', () => {
    const sent = wish({ username: 'ada', password: 'x', headers: [header('X-Api-Key', 'k')] });
    expect(enteredSince(sent, sent)).toEqual(NO_WISHES);
    expect(enteredSince(sent, { ...sent, password: 'new', name: 'b.zip' })).toEqual(wish({ password: 'new', name: 'b.zip' }));
  });

  it('keeps name and checksum to a single link', () => {
    const wishes = wish({ name: 'a.zip', checksum: 'a'.repeat(32), username: 'ada' });
    expect(wishesFor(wishes, [LINK])).toBe(wishes);
    expect(requestOf(wishesFor(wishes, [LINK, LINK]))).toEqual({ username: 'ada' });
  });

  it.each<[string, Partial<Wishes>, string]>([
    ['a password', { username: 'ada', password: 'x' }, 'servers'],
    ['a header', { headers: [header('Authorization', 'Bearer x')] }, 'servers'],
    ['a language', { headers: [header('Accept-Language', 'de')] }, ''],
    ['a user agent', { user_agent: 'x' }, ''],
  ])('does not send %s to different servers', (_, change, field) => {
    const links = [LINK, 'https://b.example/'];
    expect(Object.keys(problemsOf(wish(change), links))).toEqual(field ? [field] : []);
    expect(problemsOf(wish(change), [LINK, 'https://a.example/y'])).toEqual({});
  });

  it.each([
    ['http://a.example/', true],
    ['https://A.example.:443/', true],
    ['http://a.example:80/', true],
    ['https://a.example:8443/', false],
    ['http://a.example:8080/', false],
    ['ftp://a.example/', false],
    ['http://www.a.example/', false],
  ])('takes %s for the same server: %s', (link, isSame) => {
    expect(problemsOf(wish({ username: 'ada' }), [LINK, link])).toEqual(isSame ? {} : { servers: expect.anything() });
  });

  it.each([
    ['https://example.com/page?x=1', true],
    ['', true],
    ['example.com', false],
    ['https://', false],
    ['https://a b', false],
  ])('takes the address of a page: %s', (referer, isGood) => {
    expect(Object.keys(problemsOf(wish({ referer }), [LINK]))).toEqual(isGood ? [] : ['referer']);
  });
});

describe('a retry', () => {
  it.each([
    ['for what was forgotten', makeTask(1, 'cancelled', { extras: ['referer', 'password'], extras_wiped: true }), ['password', 'referer']],
    ['for nothing that is there', makeTask(1, 'paused', { extras: ['password'] }), []],
    ['for nothing where the file is there', makeTask(1, 'ok', { extras: ['password'], extras_wiped: true }), []],
    ['for a password where the server wants one', makeTask(1, 'error', { reason: 'login_wanted' }), ['password']],
    [
      'for a password where a header did not do',
      makeTask(1, 'error', { reason: 'login_refused', extras: ['headers'], extras_wiped: true }),
      ['password', 'headers'],
    ],
  ])('asks %s', (_, task, kinds) => {
    expect(askedFor(task)).toEqual(kinds);
  });
});
