import type { MouseEvent, ReactNode } from 'react';
import { gettext } from '../i18n';
import { displayName } from '../places';
import type { Task, Verb } from '../types';
import { CloseIcon, PauseIcon, ResumeIcon, RetryIcon } from './icons';

export type RowAction = Verb | 'remove';
export type OnAction = (task: Task, action: RowAction, button: HTMLElement) => void;

export interface RowActionsProps {
  task: Task;
  isPending: boolean;
  onAction: OnAction;
}

/**
 * Two places at most: to go on (pause, resume, retry) and to end (cancel, remove). What one place offers changes with
 * the state, the button stays the same one, so the keyboard's focus is never lost.
 */
export function RowActions({ task, isPending, onAction }: RowActionsProps) {
  const name = displayName(task);
  const first = goOn(task, name);
  const second = end(task, name);
  const button = (place: string, { action, label, icon }: Offer) => (
    <button
      key={place}
      type="button"
      className="od-action"
      title={label}
      aria-label={label}
      aria-disabled={isPending || undefined}
      onClick={(event: MouseEvent<HTMLButtonElement>) => {
        // A second click of a double click would hit what the place offers next.
        if (!isPending && event.detail < 2) onAction(task, action, event.currentTarget);
      }}
    >
      {icon}
    </button>
  );
  return (
    <div className="od-actions">
      {first ? button('go-on', first) : <span key="nothing" />}
      {button('end', second)}
    </div>
  );
}

interface Offer {
  action: RowAction;
  label: string;
  icon: ReactNode;
}

function goOn({ state }: Task, name: string): Offer | null {
  switch (state) {
    case 'waiting':
    case 'downloading':
      return { action: 'pause', label: gettext('Pause {name}', { name }), icon: <PauseIcon /> };
    case 'paused':
      return { action: 'resume', label: gettext('Resume {name}', { name }), icon: <ResumeIcon /> };
    case 'error':
    case 'cancelled':
      return { action: 'retry', label: gettext('Try {name} again', { name }), icon: <RetryIcon /> };
    default:
      return null;
  }
}

function end({ state }: Task, name: string): Offer {
  if (state === 'waiting' || state === 'downloading' || state === 'paused') {
    return { action: 'cancel', label: gettext('Cancel {name}', { name }), icon: <CloseIcon /> };
  }
  return { action: 'remove', label: gettext('Remove {name} from the list', { name }), icon: <CloseIcon /> };
}
