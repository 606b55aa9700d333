import { useRef, type MouseEvent, type ReactNode } from 'react';
import { gettext } from '../i18n';
import { displayName } from '../places';
import type { Task, Verb } from '../types';
import { CloseIcon, PauseIcon, ResumeIcon, RetryIcon } from './icons';
import { PriorityMenu } from './PriorityMenu';
import { useHeir } from './useHeir';

export type RowAction = Verb | 'remove';
export type OnAction = (task: Task, action: RowAction, button: HTMLElement) => void;

export interface RowActionsProps {
  task: Task;
  isPending: boolean;
  /** Whether what retry asks for is open; undefined where it asks for nothing. */
  isAsking?: boolean;
  onAction: OnAction;
  onPriority: (task: Task, priority: number) => void;
}

/**
 * Three places at most: its place among the others, to go on (pause, resume, retry) and to end (cancel, remove). What
 * one place offers changes with the state, the button stays the same one, so the keyboard's focus is never lost.
 */
export function RowActions({ task, isPending, isAsking, onAction, onPriority }: RowActionsProps) {
  const name = displayName(task);
  const common = { task, isPending, onAction };
  const first = goOn(task, name);
  return (
    <div className="od-actions">
      {isInLine(task) && <PriorityMenu task={task} isPending={isPending} onPriority={onPriority} />}
      {first && <ActionButton {...common} {...first} place="go-on" isExpanded={first.action === 'retry' ? isAsking : undefined} />}
      <ActionButton {...common} {...end(task, name)} place="end" />
    </div>
  );
}

interface ActionButtonProps extends Offer, Pick<RowActionsProps, 'task' | 'isPending' | 'onAction'> {
  place: 'go-on' | 'end';
  isExpanded?: boolean;
}

function ActionButton({ task, isPending, action, label, icon, place, isExpanded, onAction }: ActionButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useHeir(button, '.od-row');
  return (
    <button
      ref={button}
      type="button"
      className={`od-action od-${place}`}
      title={label}
      aria-label={label}
      aria-disabled={isPending || undefined}
      aria-expanded={isExpanded}
      onClick={(event: MouseEvent<HTMLButtonElement>) => {
        // A second click of a double click would hit what the place offers next.
        if (!isPending && event.detail < 2) onAction(task, action, event.currentTarget);
      }}
    >
      {icon}
    </button>
  );
}

/** Whether its place among one's own tasks makes any difference. */
function isInLine({ state }: Task): boolean {
  return state === 'waiting' || state === 'paused';
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
