import { describe, expect, it } from 'vitest';
import { duration, percent, size, speed, when } from './format';
import { setLanguage } from './i18n';

const KB = 1024;
const MB = KB ** 2;
const GB = KB ** 3;

describe('a size', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1 kB'],
    [1_536, '1.5 kB'],
    [412 * MB, '412 MB'],
    [999.7 * MB, '1 GB'],
    [1.2 * GB, '1.2 GB'],
    [99.96 * GB, '100 GB'],
    [5_000 * GB, '4.9 TB'],
    [5_000_000 * GB, '4,883 TB'],
  ])('of %d bytes is short enough to read', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it('is written as the reader writes it', () => {
    setLanguage('fr', {});
    expect(size(1.2 * GB).replace(/\s/g, ' ')).toBe('1,2 Go');
  });
});

describe('a speed', () => {
  it('is a size a second', () => {
    expect(speed(24.6 * MB)).toBe('24.6 MB/s');
    expect(speed(300)).toBe('300 byte/s');
  });
});

describe('a percentage', () => {
  it('is full only when all is there', () => {
    expect(percent(99.9)).toBe('99%');
    expect(percent(100)).toBe('100%');
  });
});

describe('a duration', () => {
  it.each([
    [0, '1 s'],
    [10, '10 s'],
    [60, '1 min 0 s'],
    [200, '3 min 20 s'],
    [7_500, '2 h 5 min'],
    [360_000, '4 d 4 h'],
  ])('of %d seconds has two units at most', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('a time', () => {
  // The tests' clock is that of Shanghai, UTC+8.
  const now = new Date('2026-11-25T09:00:00+08:00');

  it.each([
    ['2026-11-25T03:02:00+00:00', 'today 11:02'],
    ['2026-11-24T15:59:00+00:00', 'yesterday 23:59'],
    ['2026-03-02T16:15:00+00:00', 'Mar 3, 00:15'],
    ['2025-03-02T16:15:00+00:00', 'Mar 3, 2025, 00:15'],
  ])('%s is said as near as people say it', (iso, text) => {
    expect(when(iso, now)).toBe(text);
  });

  it('that is none is nothing', () => {
    expect(when(null)).toBe('');
    expect(when('soon')).toBe('');
  });
});
