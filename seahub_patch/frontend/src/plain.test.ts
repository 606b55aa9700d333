import { describe, expect, it } from 'vitest';
import { reasonText } from './i18n';
import { displayName, placeLabel } from './places';
import { plain } from './plain';
import { makeTask } from './testing/tasks';

const STEERING = 'exe.\u202egpj\n\u001b[2J\u2066';
const SHOWN = 'exe.\\u202egpj\\u000a\\u001b[2J\\u2066';

describe('what would turn or break a line', () => {
  it('is shown', () => {
    expect(plain(STEERING)).toBe(SHOWN);
  });

  it('is shown in names, places and reasons', () => {
    const task = makeTask(1, 'error', { name: STEERING, comment: STEERING, reason: '' });
    expect(displayName(task)).toBe(SHOWN);
    expect(displayName({ ...task, name: '', url: 'https://example.org/exe.%E2%80%AEgpj' })).toBe('exe.\\u202egpj');
    expect(placeLabel(STEERING, `/${STEERING}`)).toBe(`${SHOWN} / ${SHOWN}`);
    expect(reasonText(task)).toBe(SHOWN);
  });

  it('leaves names in every script as they are', () => {
    for (const name of ['naïve 文件 😀.zip', 'می\u200cخواهم', '👨\u200d👩\u200d👧', 'ملف.txt', 'a\u00a0b']) {
      expect(plain(name)).toBe(name);
    }
  });
});
