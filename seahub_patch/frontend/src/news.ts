import { ngettext } from './i18n';
import type { State, Task } from './types';
import { news } from './words';

const ONE_BY_ONE = 3;

/** Remembers states and says aloud what changed; never progress, and nothing on the first sight of a task. */
export class Newsreader {
  private readonly states = new Map<number, State>();

  look(tasks: readonly Task[]): string {
    const sentences = new Map<number, string>();
    for (const task of tasks) {
      const before = this.states.get(task.odr_id);
      this.states.set(task.odr_id, task.state);
      const sentence = before !== undefined && before !== task.state ? news(task) : '';
      if (sentence) sentences.set(task.odr_id, sentence);
    }
    if (sentences.size <= ONE_BY_ONE) return [...sentences.values()].join(' ');
    return ngettext('{count} download changed.', '{count} downloads changed.', sentences.size);
  }
}
