import type { Task } from './types';

/** What stands for what an answer does not tell: of a task nothing is known but that it is there. */
export const BLANK: Task = {
  odr_id: 0,
  repo_id: '',
  repo_name: '',
  path: '',
  url: '',
  name: '',
  size: 0,
  completed: 0,
  progress: null,
  speed: 0,
  eta: null,
  status: 0,
  state: 'unknown',
  comment: '',
  reason: '',
  reason_args: {},
  checksum: '',
  extras: [],
  extras_wiped: false,
  priority: 50,
  attempts: 0,
  owner: '',
  timestamp: null,
  started_at: null,
  finished_at: null,
  stored_path: '',
};

/**
 * The task as this script knows tasks. While a site is brought up to date, answers come from a server older or newer
 * than the page; one field that is missing, or of another kind, must not take the whole list off the screen.
 */
export function readTask(raw: unknown): Task {
  return filled(BLANK, raw);
}

/** `raw` with the fields of `blank` for those that it lacks or has of another kind; where `blank` has null, any will do. */
export function filled<T extends object>(blank: T, raw: unknown): T {
  const given: Record<string, unknown> = kindOf(raw) === 'object' ? (raw as Record<string, unknown>) : {};
  const right = Object.entries(blank).map(([name, value]) => {
    const found = given[name];
    const isRight = value === null ? found !== undefined : kindOf(found) === kindOf(value);
    return [name, isRight ? found : value];
  });
  return { ...given, ...Object.fromEntries(right) } as T;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
