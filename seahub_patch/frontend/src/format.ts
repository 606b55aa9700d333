import { gettext, language } from './i18n';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const DAY = 86_400_000;
const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** "412 MB", "1.2 GB": 1024-based as Seahub counts, three digits at most. */
export function size(bytes: number): string {
  return amount(bytes, '', 'long');
}

/** "24.6 MB/s" */
export function speed(bytesPerSecond: number): string {
  return amount(bytesPerSecond, '-per-second', 'short');
}

/** "63 %" as the reader's language writes it. */
export function percent(value: number): string {
  return number(Math.floor(value) / 100, { style: 'percent' });
}

/** "10 s", "3 min 20 s", "2 h 5 min", "4 d 2 h": two units at most. */
export function duration(seconds: number): string {
  const rounded = Math.max(1, Math.round(seconds));
  if (rounded < 60) return gettext('{seconds} s', { seconds: rounded });
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return gettext('{minutes} min {seconds} s', { minutes, seconds: rounded % 60 });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return gettext('{hours} h {minutes} min', { hours, minutes: minutes % 60 });
  return gettext('{days} d {hours} h', { days: Math.floor(hours / 24), hours: hours % 24 });
}

/** "today 11:02", "yesterday 23:10", "3 Mar, 08:15", "3 Mar 2025, 08:15"; empty for no time. */
export function when(iso: string | null, now: Date = new Date()): string {
  const time = iso ? new Date(iso) : null;
  if (!time || Number.isNaN(time.getTime())) return '';
  const clock = date(time, CLOCK);
  const days = Math.round((midnight(now) - midnight(time)) / DAY);
  if (days === 0) return gettext('today {time}', { time: clock });
  if (days === 1) return gettext('yesterday {time}', { time: clock });
  const year = time.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return date(time, { year, month: 'short', day: 'numeric', ...CLOCK });
}

export function number(value: number, options: Intl.NumberFormatOptions = {}): string {
  const format = memoised(numbers, options, () => new Intl.NumberFormat(language(), options));
  return format.format(value);
}

function amount(bytes: number, per: string, bytesAre: 'short' | 'long'): string {
  let value = bytes;
  let index = 0;
  // 999.6 would be written as 1,000.
  while (value >= 999.5 && index < UNITS.length - 1) {
    value /= 1024;
    index += 1;
  }
  const digits = index > 0 && value < 99.95 ? 1 : 0;
  const unitDisplay = index === 0 ? bytesAre : 'short';
  return number(value, { style: 'unit', unit: UNITS[index] + per, unitDisplay, maximumFractionDigits: digits });
}

function date(value: Date, options: Intl.DateTimeFormatOptions): string {
  const format = memoised(dates, options, () => new Intl.DateTimeFormat(language(), options));
  return format.format(value);
}

// Making one costs more than drawing a row.
const numbers = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Intl.DateTimeFormat>();

function memoised<T>(known: Map<string, T>, options: object, make: () => T): T {
  const key = language() + JSON.stringify(options);
  let found = known.get(key);
  if (!found) {
    found = make();
    known.set(key, found);
  }
  return found;
}

function midnight(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}
