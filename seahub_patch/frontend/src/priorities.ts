import { gettext } from './i18n';

export type Level = 'high' | 'normal' | 'low';

/** The routes know 0 to 100 and begin with the highest; people choose one of three. */
export const PRIORITIES: Record<Level, number> = { high: 75, normal: 50, low: 25 };

export const LEVELS = Object.keys(PRIORITIES) as Level[];

/** Other programs may have given any number. */
export function levelOf(priority: number): Level {
  if (priority === PRIORITIES.normal) return 'normal';
  return priority > PRIORITIES.normal ? 'high' : 'low';
}

export function levelWords(level: Level): string {
  if (level === 'high') return gettext('high priority');
  return level === 'low' ? gettext('low priority') : gettext('normal priority');
}

export function levelLabel(level: Level): string {
  if (level === 'high') return gettext('High');
  return level === 'low' ? gettext('Low') : gettext('Normal');
}
