import { describe, expect, it } from 'vitest';
import { problemOfChecksum } from './checksums';

const A = (count: number) => 'aB3'.repeat(50).slice(0, count);

describe('a checksum', () => {
  it.each(['', ' ', A(32), A(40), A(64), ` ${A(128)}\n`, `sha-256=${A(64)}`, `SHA256:${A(64)}`, `Md5 = ${A(32)}`])(
    'may be %j',
    (text) => expect(problemOfChecksum(text)).toBe(''),
  );

  it.each(['x', A(63), `${A(63)}g`, `sha-1=${A(64)}`, `sha-3=${A(64)}`, 'sha-256=', `${A(64)}  file.zip`])(
    'cannot be %j',
    (text) => expect(problemOfChecksum(text)).toMatch(/^This is not a checksum/),
  );
});
