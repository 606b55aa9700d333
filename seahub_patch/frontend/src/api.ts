import type { PageConfig } from './config';
import { readService } from './service';
import { readTask } from './task';
import type {
  AddReply,
  AddRequest,
  ExtraFields,
  ServiceConfig,
  Stats,
  Task,
  TaskPage,
  TaskQuery,
  Verb,
} from './types';

/** `status` 0: no answer came at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  get loginExpired(): boolean {
    return this.status === 401;
  }
}

/** What a conditional GET gives: the value and its tag; null when it is what the caller has already. */
export type Tagged<T> = { value: T; etag: string | null } | null;

type Parameters = Record<string, string | number | readonly string[] | undefined>;

const JSON_TYPE = /^application\/([a-z.+-]+\+)?json\b/i;

export class Api {
  constructor(private readonly config: Pick<PageConfig, 'siteRoot' | 'csrfToken'>) {}

  /** Any route below the site's root; `parameters` that are undefined or empty are left out. */
  async get<T>(route: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
    const response = await this.ask(this.url(route, parameters), { signal });
    return read<T>(response);
  }

  async getTagged<T>(
    route: string,
    parameters: Parameters,
    etag: string | null,
    signal?: AbortSignal,
  ): Promise<Tagged<T>> {
    const headers: Record<string, string> = etag ? { 'If-None-Match': etag } : {};
    const response = await this.ask(this.url(route, parameters), { headers, signal });
    if (response.status === 304) return null;
    return { value: await read<T>(response), etag: response.headers.get('ETag') };
  }

  async send<T>(method: 'POST' | 'PUT' | 'DELETE', route: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { 'X-CSRFToken': this.config.csrfToken };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const response = await this.ask(this.url(route), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return read<T>(response);
  }

  async tasks(query: TaskQuery, etag: string | null = null, signal?: AbortSignal): Promise<Tagged<TaskPage>> {
    const found = await this.getTagged<TaskPage>('api/v2.2/offline-download/tasks', { ...query }, etag, signal);
    return found && { ...found, value: { ...found.value, data: found.value.data.map(readTask) } };
  }

  async serviceConfig(signal?: AbortSignal): Promise<ServiceConfig> {
    return readService(await this.get('api/v2.2/offline-download/config', {}, signal));
  }

  async stats(signal?: AbortSignal): Promise<Stats> {
    const found = await this.get<Stats>('api/v2.2/offline-download/stats', {}, signal);
    return { ...found, recent: found.recent.map(readTask) };
  }

  /** A single link that is refused rejects; of several the refused ones are in `failed`. */
  async add({ urls, ...rest }: AddRequest): Promise<AddReply> {
    const body = urls.length === 1 ? { ...rest, url: urls[0] } : { ...rest, urls };
    const reply = await this.send<Partial<AddReply>>('PUT', 'api/v2.2/offline-download/add', body);
    return { data: (reply.data ?? []).map(readTask), failed: reply.failed ?? [] };
  }

  async act(odrId: number, verb: Verb, fields?: ExtraFields): Promise<Task> {
    const reply = await this.send<{ data: Task }>('POST', `api/v2.2/offline-download/tasks/${odrId}/${verb}`, fields);
    return readTask(reply.data);
  }

  async prioritise(odrId: number, priority: number): Promise<Task> {
    const reply = await this.send<{ data: Task }>('PUT', `api/v2.2/offline-download/tasks/${odrId}`, { priority });
    return readTask(reply.data);
  }

  remove(odrId: number): Promise<unknown> {
    return this.send('DELETE', `api/v2.2/offline-download/tasks/${odrId}`);
  }

  cleanUp(states: readonly string[]): Promise<{ removed: number }> {
    return this.send('POST', 'api/v2.2/offline-download/cleanup', { status: states });
  }

  url(route: string, parameters: Parameters = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
      const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
      if (text) query.set(name, text);
    }
    const tail = query.toString();
    return this.config.siteRoot + route + (tail ? `?${tail}` : '');
  }

  private async ask(url: string, init: RequestInit): Promise<Response> {
    const headers = { Accept: 'application/json', ...(init.headers as Record<string, string>) };
    try {
      return await fetch(url, { credentials: 'same-origin', cache: 'no-store', ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, '');
    }
  }
}

async function read<T>(response: Response): Promise<T> {
  // A login page instead of an answer: somebody in between sends those who are not signed in there.
  if (response.redirected) throw new ApiError(401, '');
  const isJson = JSON_TYPE.test(response.headers.get('Content-Type') ?? '');
  const body: unknown = isJson ? await response.json().catch(() => null) : null;
  if (response.ok && isJson) return body as T;
  throw new ApiError(response.ok ? 502 : response.status, message(body), retryAfter(response));
}

function message(body: unknown): string {
  const text = (body as { error_msg?: unknown } | null)?.error_msg;
  return typeof text === 'string' ? text : '';
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After') ?? NaN);
  return Number.isFinite(seconds) ? seconds : null;
}
