import { describe, expect, it } from 'vitest';
import { goodLinks, readLinks } from './links';

const RULES = { schemes: ['http', 'https'], max_urls: 3, max_link_length: 60, extras: true };

const problemOf = (text: string) => readLinks(text, RULES)[0]?.problem;

describe('a link', () => {
  it.each([
    'https://example.com/file.zip',
    'HTTP://EXAMPLE.COM',
    'http://192.0.2.1:8080/a b.zip?x=1#top',
    'https://[2001:db8::1]/x',
    'https://bücher.example/ü',
    'http://localhost/file',
  ])('is good: %s', (text) => {
    expect(problemOf(text)).toBe('');
  });

  it.each(['nonsense', 'example.com/file.zip', 'example.com:8080/file', 'https:', 'https:///x', '//example.com/x', 'http://', 'javascript:alert(1)', 'mailto:a@b'])(
    'is none: %s',
    (text) => {
      expect(problemOf(text)).toMatch(/^This is not a link/);
    },
  );

  it.each(['https://exa mple.com/', 'https://example.com\\evil', 'https://example.com/\u202egpj.exe', 'https://a\u0000b/'])(
    'must not hide anything: %j',
    (text) => {
      expect(problemOf(text)).toMatch(/^This is not a link/);
    },
  );

  it.each([
    ['ftp://example.com/x', 'ftp'],
    ['magnet:?xt=urn:btih:0123', 'magnet'],
    ['file:///etc/passwd', 'file'],
  ])('of a scheme that is not supported says which are: %s', (text, scheme) => {
    expect(problemOf(text)).toBe(
      `Links that begin with ${scheme}: are not supported; supported are http, https.`,
    );
  });

  it.each([
    [true, 'This link has another user name or password than the one below; please add it by itself.'],
    [false, 'The link has a user name or password in it; please give a link without them.'],
  ])('that still has a password in it is not taken as it is (passwords possible: %s)', (extras, sentence) => {
    const [line] = readLinks('https://ada:secret@example.com/', { ...RULES, extras });
    expect(line?.problem).toBe(sentence);
  });

  it('may have an @ after its server', () => {
    expect(problemOf('https://example.com/@ada?mail=a@b')).toBe('');
  });

  it('that is too long says by how much', () => {
    const text = `https://example.com/${'x'.repeat(60)}`;
    expect(problemOf(text)).toBe('The link is too long: 80 characters, at most 60 are allowed.');
  });
});

describe('the box', () => {
  it('holds one link a line, whatever ends the line; empty lines mean nothing', () => {
    const lines = readLinks('\n  https://a.example/ \r\n\r\nhttps://b.example/\r', RULES);
    expect(lines.map(({ index, text }) => [index, text])).toEqual([
      [1, 'https://a.example/'],
      [3, 'https://b.example/'],
    ]);
  });

  it('takes a link that is there twice once', () => {
    const lines = readLinks('https://a.example/\nhttps://a.example/', RULES);
    expect(goodLinks(lines)).toEqual(['https://a.example/']);
    expect(lines[1]?.problem).toMatch(/twice/);
  });

  it('keeps the good ones when others are bad', () => {
    const lines = readLinks('nonsense\nhttps://a.example/\nftp://b.example/', RULES);
    expect(goodLinks(lines)).toEqual(['https://a.example/']);
  });

  it('takes as many good ones as may be added at once, in their order', () => {
    const lines = readLinks([1, 2, 3, 4].map((n) => `https://a.example/${n}`).join('\nbad\n'), RULES);
    expect(goodLinks(lines)).toHaveLength(3);
    expect(lines.at(-1)?.problem).toBe('Only 3 links can be added at once; add this one afterwards.');
  });

  it('reads a hundred thousand characters at once', () => {
    const box = Array.from({ length: 2_000 }, (_, n) => `https://a.example/${n}/${'x'.repeat(30)}`).join('\n');
    expect(readLinks(box, { ...RULES, max_urls: 5_000 })).toHaveLength(2_000);
  });
});
