import { ApiError, type Api } from '../api';
import { BLANK, filled } from '../task';
import type { Filters, Health, LogQuery, LogReply, LoggedTask } from './types';

const BLANK_LOGGED: LoggedTask = { ...BLANK, owner_name: '', owner_contact_email: '', removed: false };

export async function fetchLog(api: Api, query: LogQuery, signal: AbortSignal): Promise<LogReply> {
  const found = await api.get<LogReply>('api/v2.1/admin/logs/offline-download-logs', { ...query }, signal);
  const tasks = found.offline_download_log_list.map((task) => filled(BLANK_LOGGED, task));
  return { ...found, offline_download_log_list: tasks };
}

/** Where the same tasks are as a table for other programs. */
export function exportAddress(api: Api, { owner, status, q }: Filters): string {
  return api.url('sys/offline-download/export.csv', { owner, status, q });
}

/** A report of what is wrong is an answer, too, though its status is that of a failure. */
export async function fetchHealth(api: Api, signal: AbortSignal): Promise<Health> {
  const init = { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' } } as const;
  const response = await fetch(api.url('api/v2.2/admin/offline-download/health'), { ...init, signal }).catch(
    (error: unknown) => {
      throw signal.aborted ? error : new ApiError(0, '');
    },
  );
  const body = (await response.json().catch(() => null)) as Partial<Health & { error_msg: string }> | null;
  if (Array.isArray(body?.checks)) return body as Health;
  throw new ApiError(response.redirected ? 401 : response.status, body?.error_msg ?? '');
}
