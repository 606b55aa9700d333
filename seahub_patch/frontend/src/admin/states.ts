import { gettext } from '../i18n';
import type { State } from '../types';

/** In the order in which a download goes through them. */
export const STATES: readonly State[] = [
  'waiting',
  'downloading',
  'storing',
  'ok',
  'error',
  'paused',
  'cancelled',
  'unknown',
];

export function stateName(state: State): string {
  switch (state) {
    case 'waiting':
      return gettext('Waiting');
    case 'downloading':
      return gettext('Downloading');
    case 'storing':
      return gettext('Saving');
    case 'ok':
      return gettext('Saved');
    case 'error':
      return gettext('Failed');
    case 'paused':
      return gettext('Paused');
    case 'cancelled':
      return gettext('Cancelled');
    default:
      return gettext('Unknown');
  }
}
