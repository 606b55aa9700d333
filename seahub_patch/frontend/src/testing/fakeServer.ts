import type { ExtraKind, ServiceConfig, State, Task } from '../types';
import { makeService, makeTask } from './tasks';

export interface Request {
  method: string;
  route: string;
  query: Record<string, string>;
  body: Record<string, unknown>;
  headers: Record<string, string>;
}

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

const BASE = '/api/v2.2/offline-download/';
const AFTER: Record<string, State> = { pause: 'paused', resume: 'waiting', cancel: 'cancelled', retry: 'waiting' };

/** The routes as the server has them, over a list in memory; install it with `vi.stubGlobal('fetch', server.fetch)`. */
export class FakeServer {
  tasks: Task[];
  service: ServiceConfig;
  readonly requests: Request[] = [];
  /** Answers to give instead of the real ones, by "METHOD route"; null: no answer at all. */
  readonly overrides = new Map<string, Answer | null>();
  /** How many requests are under way, and the most there ever were, by route. */
  readonly most = new Map<string, number>();
  /** Milliseconds that an answer takes. */
  delay = 0;
  down = false;
  private readonly running = new Map<string, number>();

  constructor(tasks: Task[] = [], service: Partial<ServiceConfig> = {}) {
    this.tasks = tasks;
    this.service = makeService(service);
  }

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input), 'http://localhost');
    const request: Request = {
      method: init.method ?? 'GET',
      route: url.pathname.replace(BASE, ''),
      query: Object.fromEntries(url.searchParams),
      body: init.body ? JSON.parse(String(init.body)) : {},
      headers: { ...(init.headers as Record<string, string>) },
    };
    this.requests.push(request);
    this.count(request.route, 1);
    try {
      await this.wait(init.signal);
      return this.respond(request);
    } finally {
      this.count(request.route, -1);
    }
  };

  asked(method: string, route: string): Request[] {
    return this.requests.filter((request) => request.method === method && request.route === route);
  }

  change(odrId: number, change: Partial<Task>): void {
    this.tasks = this.tasks.map((task) =>
      task.odr_id === odrId ? makeTask(odrId, change.state ?? task.state, { ...task, progress: undefined, ...change }) : task,
    );
  }

  private respond(request: Request): Response {
    const override = this.overrides.get(`${request.method} ${request.route}`);
    if (this.down || override === null) throw new TypeError('Failed to fetch');
    const { status, body, headers } = override ?? this.answer(request);
    const isEmpty = status === 304;
    return new Response(isEmpty ? null : JSON.stringify(body ?? {}), {
      status,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  }

  private answer(request: Request): Answer {
    const [first, odrId, verb] = request.route.split('/');
    switch (`${request.method} ${first}`) {
      case 'GET config':
        return { status: 200, body: this.service };
      case 'GET stats':
        return { status: 200, body: this.stats() };
      case 'GET tasks':
        return this.page(request);
      case 'PUT add':
        return this.add(request.body);
      case 'POST cleanup':
        return this.cleanUp(request.body.status as State[]);
      case 'PUT tasks':
        return this.changed(Number(odrId), { priority: request.body.priority as number });
      case 'POST tasks':
        return this.act(Number(odrId), verb ?? '', request.body);
      case 'DELETE tasks':
        this.tasks = this.tasks.filter((task) => task.odr_id !== Number(odrId));
        return { status: 200, body: { success: true } };
      default:
        return { status: 404, body: { error_msg: 'Not found.' } };
    }
  }

  private changed(odrId: number, change: Partial<Task>): Answer {
    this.change(odrId, change);
    return { status: 200, body: { success: true, data: this.tasks.find((task) => task.odr_id === odrId) } };
  }

  /** What a link needs is forgotten when its task ends. */
  private act(odrId: number, verb: string, body: Record<string, unknown>): Answer {
    const task = this.tasks.find((one) => one.odr_id === odrId);
    const extras = kindsOf(body);
    if (verb === 'retry' && task?.extras_wiped && extras.length === 0) {
      return { status: 409, body: { error_msg: 'Please enter the password again.' } };
    }
    const isWiped = verb === 'cancel' && (task?.extras.length ?? 0) > 0;
    const change = verb === 'retry' ? { extras, extras_wiped: false } : { extras_wiped: isWiped };
    return this.changed(odrId, { state: AFTER[verb], speed: 0, eta: null, ...change });
  }

  private page({ query, headers }: Request): Answer {
    const perPage = Number(query.per_page ?? 10);
    const page = Number(query.page ?? 1);
    const states = query.status?.split(',') ?? [];
    const found = [...this.tasks]
      .sort((one, other) => (query.sort === '-finished_at' ? byEnd(one, other) : other.odr_id - one.odr_id))
      .filter((task) => states.length === 0 || states.includes(task.state))
      .filter((task) => !query.repo_id || task.repo_id === query.repo_id)
      .filter((task) => !query.q || (task.name + task.url).includes(query.q));
    const etag = `"${JSON.stringify([query, found]).length}-${hash(JSON.stringify([query, this.tasks]))}"`;
    if (headers['If-None-Match'] === etag) return { status: 304 };
    const body = {
      data: found.slice((page - 1) * perPage, page * perPage),
      total_count: found.length,
      page,
      per_page: perPage,
      has_next_page: found.length > page * perPage,
    };
    return { status: 200, body, headers: { ETag: etag } };
  }

  private stats(): unknown {
    const byStatus: Record<string, { tasks: number; size: number; completed: number }> = {};
    for (const task of this.tasks) {
      const sum = (byStatus[task.state] ??= { tasks: 0, size: 0, completed: 0 });
      sum.tasks += 1;
      sum.size += task.size;
      sum.completed += task.completed;
    }
    const recent = [...this.tasks].sort((one, other) => other.odr_id - one.odr_id).slice(0, 10);
    return { by_status: byStatus, recent };
  }

  private add(body: Record<string, unknown>): Answer {
    const urls = (body.urls as string[] | undefined) ?? [body.url as string];
    const next = Math.max(0, ...this.tasks.map((task) => task.odr_id)) + 1;
    const data = urls.map((url, index) =>
      makeTask(next + index, 'waiting', {
        url,
        name: (body.name as string) ?? '',
        repo_id: body.repo_id as string,
        path: body.path as string,
        priority: (body.priority as number) ?? 50,
        extras: kindsOf(body),
      }),
    );
    this.tasks = [...this.tasks, ...data];
    return { status: 200, body: { success: true, data, failed: [] } };
  }

  private cleanUp(states: State[]): Answer {
    const before = this.tasks.length;
    this.tasks = this.tasks.filter((task) => !states.includes(task.state));
    return { status: 200, body: { success: true, removed: before - this.tasks.length } };
  }

  private count(route: string, step: number): void {
    const now = (this.running.get(route) ?? 0) + step;
    this.running.set(route, now);
    this.most.set(route, Math.max(this.most.get(route) ?? 0, now));
  }

  private wait(signal: AbortSignal | null | undefined): Promise<void> {
    if (this.delay === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, this.delay);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new DOMException('Aborted', 'AbortError'));
      });
    });
  }
}

function kindsOf(body: Record<string, unknown>): ExtraKind[] {
  const names = Object.keys((body.headers as object | undefined) ?? {});
  const found: Record<ExtraKind, unknown> = {
    password: body.username ?? body.password,
    headers: names.some((name) => name !== 'Cookie'),
    cookies: names.includes('Cookie'),
    referer: body.referer,
    user_agent: body.user_agent,
  };
  return (Object.keys(found) as ExtraKind[]).filter((kind) => found[kind]);
}

function byEnd(one: Task, other: Task): number {
  return (other.finished_at ?? '').localeCompare(one.finished_at ?? '');
}

function hash(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) | 0;
  return sum;
}
