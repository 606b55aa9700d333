import type { Failure } from './polling';
import type { Place, ServiceConfig, State, Stats, Task, TaskPage, TaskQuery } from './types';

export interface FeedOptions {
  place: () => Place | null;
  onFinished: (task: Task) => boolean | void;
  perPage?: number;
}

export type Tab = 'all' | 'active' | 'failed';

export interface Choice {
  tab: Tab;
  text: string;
  /** The library to keep to; empty for all. */
  repoId: string;
  page: number;
}

/** All that the list shows. Values that did not change are the same objects as before. */
export interface ListState {
  choice: Choice;
  page: TaskPage | null;
  /** `page` is the answer to an earlier choice; the right one is on its way. */
  stale: boolean;
  stats: Stats | null;
  service: ServiceConfig | null;
  failure: Failure | null;
  /** What a screen reader is told; the number makes a repeated sentence a new one. */
  announcement: { text: string; number: number };
  /** Tasks whose action is on its way. */
  pending: ReadonlySet<number>;
  /** Why the last action on a task was refused. */
  refusals: ReadonlyMap<number, string>;
  /** Finished ones that the page behind does not show yet. */
  unseen: ReadonlySet<number>;
}

export const TAB_STATES: Record<Tab, State[]> = {
  all: [],
  active: ['waiting', 'downloading', 'storing', 'paused'],
  failed: ['error'],
};

export const START: ListState = {
  choice: { tab: 'all', text: '', repoId: '', page: 1 },
  page: null,
  stale: true,
  stats: null,
  service: null,
  failure: null,
  announcement: { text: '', number: 0 },
  pending: new Set(),
  refusals: new Map(),
  unseen: new Set(),
};

export function toQuery(choice: Choice, perPage: number): TaskQuery {
  return {
    page: choice.page,
    per_page: perPage,
    status: TAB_STATES[choice.tab],
    repo_id: choice.repoId,
    q: choice.text,
  };
}

/** Of several objects with equal content the one that is known already, so that its row is not drawn again. */
export function keepEqual(known: readonly Task[], fresh: readonly Task[]): Task[] {
  const byNumber = new Map(known.map((task) => [task.odr_id, task]));
  return fresh.map((task) => {
    const old = byNumber.get(task.odr_id);
    return old && JSON.stringify(old) === JSON.stringify(task) ? old : task;
  });
}

/** How many tasks a tab holds; null while nobody knows. */
export function countOf(stats: Stats | null, tab: Tab): number | null {
  if (!stats) return null;
  const states = TAB_STATES[tab];
  const entries = Object.entries(stats.by_status).filter(([state]) => !states.length || states.includes(state as State));
  return entries.reduce((sum, [, count]) => sum + (count?.tasks ?? 0), 0);
}

/** Whether anything moves by itself: then it is worth looking often. */
export function isBusy(page: TaskPage | null, stats: Stats | null): boolean {
  const moving: State[] = ['waiting', 'downloading', 'storing'];
  return (
    moving.some((state) => (stats?.by_status[state]?.tasks ?? 0) > 0) ||
    (page?.data.some((task) => moving.includes(task.state)) ?? false)
  );
}

/** Numbers and states: while these are the same, only progress was made. */
export function outline(page: TaskPage): string {
  return `${page.total_count} ${page.data.map((task) => `${task.odr_id}${task.state}`).join()}`;
}

export function okCount(stats: Stats | null): number {
  return stats?.by_status.ok?.tasks ?? 0;
}

/** What stands beside a tab's name. The server counts all libraries together, so a part is counted by its own list. */
export function tabCount(state: ListState, tab: Tab): number | null {
  const { text, repoId, tab: chosen } = state.choice;
  if (!text && !repoId) return countOf(state.stats, tab);
  return tab === chosen && !state.stale && state.page ? state.page.total_count : null;
}
