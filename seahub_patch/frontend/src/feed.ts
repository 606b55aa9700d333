import type { Api } from './api';
import { FinishWatch } from './finished';
import { ngettext } from './i18n';
import { Newsreader } from './news';
import { Poller } from './polling';
import { refusal } from './refusal';
import {
  START,
  isBusy,
  keepEqual,
  okCount,
  outline,
  toQuery,
  type Choice,
  type FeedOptions,
  type ListState,
} from './state';
import type { AddReply, AddRequest, ExtraFields, State, Stats, Task, TaskPage, Verb } from './types';

/** Milliseconds until the service's own state, or sums that nothing hints at, are asked for again. */
const SLOW = 15_000;

/** What the list shows, kept up to date between `start` and `stop`; knows nothing of how it is drawn. */
export class Feed {
  private state: ListState = START;
  private readonly listeners = new Set<() => void>();
  private readonly poller: Poller;
  private readonly watch: FinishWatch;
  private readonly reader = new Newsreader();
  private etag: string | null = null;
  private sumsAt = 0;
  private serviceAt = 0;

  constructor(
    private readonly api: Api,
    private readonly options: FeedOptions,
  ) {
    this.watch = new FinishWatch(options.place);
    this.poller = new Poller(
      (signal) => this.look(signal),
      (failure) => this.set({ failure }),
    );
  }

  readonly start = (): void => this.poller.start();
  readonly stop = (): void => this.poller.stop();
  readonly now = (): void => this.poller.now();
  readonly snapshot = (): ListState => this.state;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Show other tasks; what is on the screen stays until they are there. */
  choose(change: Partial<Choice>): void {
    this.etag = null;
    this.set({ choice: { ...this.state.choice, page: 1, ...change }, stale: true });
    this.poller.restart();
  }

  /** Rejects with ApiError when nothing at all was added. */
  async add(request: AddRequest): Promise<AddReply> {
    const reply = await this.api.add(request);
    this.learn(reply.data);
    if (reply.data.length > 0) this.showAdded(reply.data.length);
    return reply;
  }

  act(task: Task, verb: Verb): Promise<void> {
    return this.during(task, async () => this.replace(await this.api.act(task.odr_id, verb)));
  }

  prioritise(task: Task, priority: number): Promise<void> {
    return this.during(task, async () => this.replace(await this.api.prioritise(task.odr_id, priority)));
  }

  /** With what the link needs. Rejects with ApiError: the form knows best where to say it. */
  async retry(task: Task, fields: ExtraFields): Promise<void> {
    this.replace(await this.api.act(task.odr_id, 'retry', fields));
    this.mark(task.odr_id, false, '');
    this.refresh();
  }

  remove(task: Task): Promise<void> {
    return this.during(task, async () => {
      await this.api.remove(task.odr_id);
      const { page } = this.state;
      const data = page?.data.filter((other) => other.odr_id !== task.odr_id) ?? [];
      if (page) this.set({ page: { ...page, data, total_count: page.total_count - 1 } });
    });
  }

  async cleanUp(states: readonly State[]): Promise<void> {
    const { removed } = await this.api.cleanUp(states);
    const said = ngettext('{count} download is off the list.', '{count} downloads are off the list.', removed);
    this.say(said);
    this.refresh();
  }

  private async look(signal: AbortSignal): Promise<boolean> {
    const query = toQuery(this.state.choice, this.options.perPage ?? 20);
    const [fresh] = await Promise.all([this.api.tasks(query, this.etag, signal), this.askService(signal)]);
    const stats = fresh && (await this.sums(fresh.value, signal));
    // The answer to an earlier choice must not be taken for that to the present one.
    if (fresh && stats && !signal.aborted) {
      const rose = okCount(stats) > okCount(this.state.stats);
      this.show(fresh.value, stats);
      if (rose) await this.lookForFinished(stats, signal);
      if (!signal.aborted) this.etag = fresh.etag;
    }
    return isBusy(this.state.page, this.state.stats);
  }

  private async askService(signal: AbortSignal): Promise<void> {
    if (this.state.service && Date.now() - this.serviceAt < SLOW) return;
    const service = await this.api.serviceConfig(signal);
    this.serviceAt = Date.now();
    if (JSON.stringify(service) !== JSON.stringify(this.state.service)) this.set({ service });
  }

  /** The sums change with states only, so progress alone does not ask for them. */
  private async sums(page: TaskPage, signal: AbortSignal): Promise<Stats> {
    const { stats, page: before } = this.state;
    const old = stats && Date.now() - this.sumsAt < SLOW && before && outline(before) === outline(page);
    // One that is awaited may become complete while another page is on the screen.
    const here = new Set(page.data.map((task) => task.odr_id));
    if (old && [...this.watch.awaited].every((odrId) => here.has(odrId))) return stats;
    const fresh = await this.api.stats(signal);
    this.sumsAt = Date.now();
    return fresh;
  }

  private show(page: TaskPage, stats: Stats): void {
    const last = Math.max(1, Math.ceil(page.total_count / page.per_page));
    if (page.data.length === 0 && page.page > last) {
      this.choose({ page: last });
      return;
    }
    const data = keepEqual(this.state.page?.data ?? [], page.data);
    this.set({ page: { ...page, data }, stats, stale: false });
    this.learn([...data, ...stats.recent]);
  }

  private async lookForFinished(stats: Stats, signal: AbortSignal): Promise<void> {
    const seen = new Set([...(this.state.page?.data ?? []), ...stats.recent].map((task) => task.odr_id));
    const hidden = [...this.watch.awaited].filter((odrId) => !seen.has(odrId));
    const repoId = this.options.place()?.repoId;
    if (hidden.length === 0 || !repoId) return;
    const done = await this.api.tasks(
      { status: ['ok'], repo_id: repoId, sort: '-finished_at', per_page: 20 },
      null,
      signal,
    );
    if (done) this.learn(done.value.data.filter((task) => hidden.includes(task.odr_id)));
  }

  /** Tells the page and the reader what became of these. */
  private learn(tasks: readonly Task[]): void {
    const said = this.reader.look(tasks);
    const unseen = this.watch.look(tasks).filter((task) => this.options.onFinished(task) === false);
    if (said) this.say(said);
    if (unseen.length > 0) {
      this.set({ unseen: new Set([...this.state.unseen, ...unseen.map((task) => task.odr_id)]) });
    }
  }

  private showAdded(count: number): void {
    this.say(ngettext('{count} download added.', '{count} downloads added.', count));
    const { tab, repoId } = this.state.choice;
    this.choose({ tab: tab === 'failed' ? 'all' : tab, text: '', repoId });
    this.sumsAt = 0;
  }

  private async during(task: Task, work: () => Promise<void>): Promise<void> {
    const { odr_id: odrId } = task;
    if (this.state.pending.has(odrId)) return;
    this.mark(odrId, true, '');
    try {
      await work();
      this.mark(odrId, false, '');
    } catch (error) {
      this.mark(odrId, false, refusal(error));
    }
    this.refresh();
  }

  private mark(odrId: number, isPending: boolean, refused: string): void {
    const pending = new Set(this.state.pending);
    const refusals = new Map(this.state.refusals);
    if (isPending) pending.add(odrId);
    else pending.delete(odrId);
    if (refused) refusals.set(odrId, refused);
    else refusals.delete(odrId);
    this.set({ pending, refusals });
  }

  private replace(task: Task): void {
    const { page } = this.state;
    if (page) {
      const data = page.data.map((other) => (other.odr_id === task.odr_id ? task : other));
      this.set({ page: { ...page, data } });
    }
    this.learn([task]);
  }

  private refresh(): void {
    this.etag = null;
    this.sumsAt = 0;
    this.poller.now();
  }

  private say(text: string): void {
    this.set({ announcement: { text, number: this.state.announcement.number + 1 } });
  }

  private set(change: Partial<ListState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
