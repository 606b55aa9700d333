import { useRef } from 'react';
import { gettext } from '../i18n';
import { displayName } from '../places';
import { LEVELS, PRIORITIES, levelLabel, levelOf, levelWords } from '../priorities';
import type { Task } from '../types';
import { LevelIcon } from './icons';
import { useHeir } from './useHeir';

export interface PriorityMenuProps {
  task: Task;
  isPending: boolean;
  onPriority: (task: Task, priority: number) => void;
}

/** The browser's own menu behind an icon: a finger, a keyboard and a screen reader know it already. */
export function PriorityMenu({ task, isPending, onPriority }: PriorityMenuProps) {
  const menu = useRef<HTMLSpanElement>(null);
  useHeir(menu, '.od-row');
  const level = levelOf(task.priority);
  const name = displayName(task);
  return (
    <span
      className="od-action od-priority"
      ref={menu}
      title={gettext('Priority of {name}: {priority}', { name, priority: levelWords(level) })}
    >
      <LevelIcon level={level} />
      <select
        aria-label={gettext('Priority of {name}', { name })}
        aria-disabled={isPending || undefined}
        value={level}
        onChange={({ target }) => onPriority(task, PRIORITIES[target.value as keyof typeof PRIORITIES])}
      >
        {LEVELS.map((value) => (
          <option key={value} value={value}>
            {levelLabel(value)}
          </option>
        ))}
      </select>
    </span>
  );
}
