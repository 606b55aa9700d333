import { describe, expect, it } from 'vitest';
import { hasLogin, liftLogin, withoutLogins } from './logins';

const NOBODY = { username: '', password: '' };
const ADA = { username: 'ada', password: 's3cret' };

describe('a user name and a password in a link', () => {
  it.each([
    ['https://ada:s3cret@example.com/a.zip', 'https://example.com/a.zip', 'ada', 's3cret'],
    ['  ftp://ada@example.com/', '  ftp://example.com/', 'ada', ''],
    ['https://:only@example.com', 'https://example.com', '', 'only'],
    ['https://a%40b:p%3Aw%2F@example.com/', 'https://example.com/', 'a@b', 'p:w/'],
    ['https://ada:p@ss:w@example.com/', 'https://example.com/', 'ada', 'p@ss:w'],
    ['https://ada:100%@example.com/', 'https://example.com/', 'ada', '100%'],
  ])('are taken out of it: %s', (link, text, username, password) => {
    expect(liftLogin(link, NOBODY)).toEqual({ text, login: { username, password } });
    expect(withoutLogins(link)).toBe(text);
    expect(hasLogin(link)).toBe(true);
  });

  it.each(['https://example.com/@ada', 'https://example.com/?mail=a@b', 'https://example.com#a@b', 'ada@example.com', ''])(
    'are not there: %s',
    (link) => {
      expect(liftLogin(link, NOBODY)).toEqual({ text: link, login: null });
    },
  );

  it('of a single link take the place of those that are known', () => {
    expect(liftLogin('https://ada:s3cret@a.example/\n', { username: 'bob', password: 'x' })).toEqual({
      text: 'https://a.example/\n',
      login: ADA,
    });
  });

  it.each([
    ['https://ada@a.example/', ADA, ADA],
    ['https://ada@a.example/', { username: '', password: 's3cret' }, ADA],
    ['https://ada@a.example/', { username: 'bob', password: 'x' }, { username: 'ada', password: '' }],
    ['https://@a.example/', ADA, ADA],
    ['https://:@a.example/', ADA, ADA],
  ])('take no password away where there is none in the link: %s', (link, known, login) => {
    expect(liftLogin(link, known)).toEqual({ text: 'https://a.example/', login });
  });

  it('of several links are one pair; a link with another pair keeps it', () => {
    const box = 'https://ada:s3cret@a.example/1\nhttps://bob:x@a.example/2\nhttps://ada:s3cret@a.example/3';
    const left = 'https://a.example/1\nhttps://bob:x@a.example/2\nhttps://a.example/3';
    expect(liftLogin(box, NOBODY)).toEqual({ text: left, login: ADA });
    expect(liftLogin(left, ADA)).toEqual({ text: left, login: null });
    expect(withoutLogins(box)).not.toMatch(/ada|bob/);
  });
});
