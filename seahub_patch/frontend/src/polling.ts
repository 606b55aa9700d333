import { ApiError } from './api';

/** Milliseconds between two looks: while something happens, and otherwise. */
export const BUSY = 3_000;
export const CALM = 10_000;
/** The longest wait after failures; also what a login that ended waits. */
export const LONGEST = 60_000;
/** An answer that takes longer will not come. */
export const PATIENCE = 30_000;

export interface Failure {
  kind: 'server' | 'login';
  /** What the server says about it, if anything. */
  message: string;
  /** Milliseconds until the next try, and when that is. */
  delay: number;
  retryAt: number;
}

/** Looks once; says whether something is going on. Rejects when it could not look. */
export type Look = (signal: AbortSignal) => Promise<boolean>;

/**
 * Looks again and again, never twice at once, between `start` and `stop`.
 *
 * `onFailure` is told each failure, and null when all is well again.
 */
export class Poller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private current: AbortController | null = null;
  private started = false;
  private again = false;
  private busy = false;
  private failures = 0;

  constructor(
    private readonly look: Look,
    private readonly onFailure: (failure: Failure | null) => void,
  ) {}

  start(): void {
    if (this.started) return;
    this.started = true;
    document.addEventListener('visibilitychange', this.onVisibility);
    window.addEventListener('online', this.now);
    this.now();
  }

  /** May be called twice; what is under way is given up. */
  stop(): void {
    this.started = false;
    this.again = false;
    clearTimeout(this.timer);
    this.current?.abort();
    document.removeEventListener('visibilitychange', this.onVisibility);
    window.removeEventListener('online', this.now);
  }

  /** Look at once. While a look is under way another one follows it: its answer may be older than the wish. */
  readonly now = (): void => {
    if (!this.started) return;
    clearTimeout(this.timer);
    if (this.current) this.again = true;
    else void this.run();
  };

  /** The same, and the answer that is under way is no longer of interest. */
  restart(): void {
    // In this order: what `now` begins must not be given up.
    const late = this.current;
    this.now();
    late?.abort();
  }

  private async run(): Promise<void> {
    const controller = new AbortController();
    this.current = controller;
    let late = false;
    const patience = setTimeout(() => {
      late = true;
      controller.abort();
    }, PATIENCE);
    try {
      const busy = await this.look(controller.signal);
      if (!controller.signal.aborted) this.succeeded(busy);
    } catch (error) {
      if (late || !controller.signal.aborted) this.failed(error);
    } finally {
      clearTimeout(patience);
      this.current = null;
      this.next();
    }
  }

  private succeeded(busy: boolean): void {
    this.busy = busy;
    if (this.failures > 0) this.onFailure(null);
    this.failures = 0;
  }

  private failed(error: unknown): void {
    this.failures += 1;
    const kind = error instanceof ApiError && [401, 403].includes(error.status) ? 'login' : 'server';
    const message = error instanceof ApiError ? error.message : '';
    const delay = this.delay(kind);
    this.onFailure({ kind, message, delay, retryAt: Date.now() + delay });
    this.wait(delay);
  }

  private next(): void {
    if (!this.started) return;
    if (this.again) {
      this.again = false;
      this.now();
    } else if (this.failures === 0) {
      this.wait(this.busy && !document.hidden ? BUSY : CALM);
    }
  }

  private delay(kind: Failure['kind']): number {
    return kind === 'login' ? LONGEST : Math.min(BUSY * 2 ** (this.failures - 1), LONGEST);
  }

  private wait(delay: number): void {
    clearTimeout(this.timer);
    if (this.started) this.timer = setTimeout(this.now, delay);
  }

  private readonly onVisibility = (): void => {
    if (!document.hidden) this.now();
    else if (!this.current && this.failures === 0) this.wait(CALM);
  };
}
