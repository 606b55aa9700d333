import { isIn } from './places';
import type { Place, State, Task } from './types';

const MOVING: readonly State[] = ['waiting', 'downloading', 'storing'];

/** Knows which downloads became complete in the place while it watched; each is told once. */
export class FinishWatch {
  private readonly states = new Map<number, State>();
  private readonly moving = new Set<number>();
  /** The newest number on the first look; null before it. */
  private newest: number | null = null;

  constructor(private readonly place: () => Place | null) {}

  /** The numbers of those in the place that will become complete by themselves. */
  get awaited(): ReadonlySet<number> {
    return this.moving;
  }

  /** Those of `tasks` that are complete in the place now and were not before. */
  look(tasks: readonly Task[]): Task[] {
    const done = tasks.filter((task) => {
      const isNews = this.isNews(task);
      this.note(task);
      return isNews && isIn(task, this.place());
    });
    this.newest ??= Math.max(0, ...this.states.keys());
    return done;
  }

  private isNews(task: Task): boolean {
    if (task.state !== 'ok') return false;
    const before = this.states.get(task.odr_id);
    if (before !== undefined) return before !== 'ok';
    // Unknown on the first look: it was there already. Unknown and newer: it came and went between two looks.
    return this.newest !== null && task.odr_id > this.newest;
  }

  private note(task: Task): void {
    this.states.set(task.odr_id, task.state);
    if (MOVING.includes(task.state) && isIn(task, this.place())) this.moving.add(task.odr_id);
    else this.moving.delete(task.odr_id);
  }
}
