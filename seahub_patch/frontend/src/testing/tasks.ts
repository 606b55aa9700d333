import type { ServiceConfig, State, Task } from '../types';

export const LIBRARY = '11111111-2222-3333-4444-555555555555';
export const OTHER_LIBRARY = '99999999-2222-3333-4444-555555555555';
export const PLACE = { repoId: LIBRARY, repoName: 'lib1', path: '/reports' };

const MB = 1024 ** 2;
const NUMBERS: Record<State, number> = {
  unknown: 0,
  waiting: 1,
  downloading: 2,
  ok: 3,
  error: 4,
  storing: 5,
  paused: 6,
  cancelled: 7,
};

/** A task as the server shows it; the default is one that has just been added to the folder on screen. */
export function makeTask(odrId: number, state: State = 'waiting', change: Partial<Task> = {}): Task {
  const task: Task = {
    odr_id: odrId,
    repo_id: LIBRARY,
    repo_name: 'lib1',
    path: '/reports',
    url: `https://example.org/file-${odrId}.zip`,
    name: `file-${odrId}.zip`,
    size: 0,
    completed: 0,
    progress: null,
    speed: 0,
    eta: null,
    status: NUMBERS[state],
    state,
    comment: '',
    reason: '',
    reason_args: {},
    checksum: '',
    priority: 50,
    attempts: 0,
    owner: 'ada@example.org',
    timestamp: '2026-11-25T02:00:00+00:00',
    started_at: null,
    finished_at: null,
    stored_path: '',
    extras: [],
    extras_wiped: false,
    ...change,
  };
  return { ...task, progress: change.progress ?? progressOf(task) };
}

export function downloading(odrId: number, completed: number, size = 100 * MB, change: Partial<Task> = {}): Task {
  const speed = 10 * MB;
  return makeTask(odrId, 'downloading', {
    size,
    completed,
    speed,
    eta: size ? Math.ceil((size - completed) / speed) : null,
    ...change,
  });
}

export function finished(odrId: number, change: Partial<Task> = {}): Task {
  const name = change.name ?? `file-${odrId}.zip`;
  return makeTask(odrId, 'ok', {
    size: 5 * MB,
    completed: 5 * MB,
    stored_path: `/reports/${name}`,
    finished_at: '2026-11-25T03:02:00+00:00',
    ...change,
  });
}

export function failed(odrId: number, change: Partial<Task> = {}): Task {
  return makeTask(odrId, 'error', {
    reason: 'not_found',
    reason_args: { status: 404 },
    comment: 'The server says that there is no such file (404 not found). Please check the link.',
    ...change,
  });
}

export function makeService(change: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    enabled: true,
    running: true,
    message: '',
    can_add: true,
    schemes: ['http', 'https', 'ftp'],
    max_size: 0,
    max_urls: 100,
    max_link_length: 4096,
    tasks_per_user: 100,
    adds_per_hour: 300,
    extras: true,
    headers: ['Accept-Language', 'Authorization', 'X-Api-Key'],
    cookies: false,
    reasons: {
      not_found: 'The server says that there is no such file ({status} not found). Please check the link.',
    },
    ...change,
  };
}

function progressOf({ state, size, completed }: Task): number | null {
  if (state === 'ok') return 100;
  return size ? Math.min(100, Math.floor((completed * 100) / size)) : null;
}
