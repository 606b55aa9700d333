import { duration, percent, size, speed, when } from './format';
import { gettext, reasonText } from './i18n';
import { baseName, displayName, isIn, placeLabel } from './places';
import { levelOf, levelWords } from './priorities';
import type { Place, Task } from './types';

type Reasons = Record<string, string>;

const DOT = ' · ';

/** Everything about the task in one line. */
export function describe(task: Task, place: Place | null, reasons: Reasons = {}): string {
  return join(stateWords(task, reasons), elsewhere(task, place));
}

function stateWords(task: Task, reasons: Reasons): string {
  const reason = reasonText(task, reasons);
  switch (task.state) {
    case 'waiting':
      return join(gettext('Waiting'), amount(task), priority(task), reason);
    case 'downloading':
      return downloading(task);
    case 'storing':
      return join(gettext('Saving to the library…'), reason);
    case 'paused':
      return join(gettext('Paused'), amount(task), priority(task));
    case 'ok':
      return join(saved(task), task.size > 0 && size(task.size), when(task.finished_at), reason);
    case 'error':
      return reason || gettext('It failed, and nobody knows why. Please try again.');
    case 'cancelled':
      return join(gettext('Cancelled'), when(task.finished_at), reason);
    default:
      return gettext('Its state is not known to this version; nothing will touch it.');
  }
}

function downloading(task: Task): string {
  if (task.completed === 0 && task.speed === 0) return join(gettext('Connecting…'), task.size > 0 && size(task.size));
  return join(
    amount(task),
    task.speed > 0 ? speed(task.speed) : gettext('no data at the moment'),
    task.eta !== null && gettext('{time} left', { time: duration(task.eta) }),
  );
}

/** "412 MB of 658 MB", "412 MB" when nobody knows of how much, nothing before the first byte. */
function amount(task: Task): string {
  if (task.completed <= 0) return '';
  if (task.size <= 0) return size(task.completed);
  return gettext('{completed} of {size}', { completed: size(task.completed), size: size(task.size) });
}

/** Nothing for the usual one. */
function priority(task: Task): string {
  const level = levelOf(task.priority);
  return level === 'normal' ? '' : levelWords(level);
}

function saved(task: Task): string {
  const name = baseName(task.stored_path);
  return name && name !== displayName(task) ? gettext('Saved as {name}', { name }) : gettext('Saved');
}

function elsewhere(task: Task, place: Place | null): string {
  if (isIn(task, place)) return '';
  return gettext('in {place}', { place: placeLabel(task.repo_name, task.path) });
}

/** What a progress bar shows: a number, null for "it moves, nobody knows how far", undefined for no bar. */
export function barValue(task: Task): number | null | undefined {
  if (task.state === 'storing') return 100;
  if (task.state === 'downloading') return task.progress;
  if (task.completed > 0 && (task.state === 'paused' || task.state === 'waiting')) return task.progress ?? undefined;
  return undefined;
}

/** What stands beside the name: a percentage, or nothing. */
export function share(task: Task): string {
  const value = barValue(task);
  return typeof value === 'number' ? percent(value) : '';
}

/** What is said aloud when the state changed; empty for what nobody needs to hear. */
export function news(task: Task): string {
  const name = displayName(task);
  switch (task.state) {
    case 'downloading':
      return gettext('{name} is being downloaded.', { name });
    case 'ok':
      return gettext('{name} is in the library.', { name });
    case 'error':
      return gettext('{name} failed.', { name });
    case 'paused':
      return gettext('{name} is paused.', { name });
    case 'cancelled':
      return gettext('{name} is cancelled.', { name });
    default:
      return '';
  }
}

function join(...parts: (string | false)[]): string {
  return parts.filter(Boolean).join(DOT);
}
