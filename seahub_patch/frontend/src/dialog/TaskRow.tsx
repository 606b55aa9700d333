import { memo, useRef, useState, type RefObject } from 'react';
import { askedFor, headerNames } from '../extras';
import { gettext } from '../i18n';
import { displayName, fileLink } from '../places';
import type { ExtraKind, Place, ServiceConfig, Task } from '../types';
import { barValue, describe, share } from '../words';
import { KeyIcon, StateIcon } from './icons';
import { ProgressBar } from './ProgressBar';
import { RetryForm, type OnRetry } from './RetryForm';
import { RowActions, type OnAction } from './RowActions';
import { useHeir } from './useHeir';

export interface TaskRowProps {
  task: Task;
  place: Place | null;
  siteRoot: string;
  service: ServiceConfig | null;
  isPending: boolean;
  /** Why the last action was refused; empty when it was not. */
  refused: string;
  /** The page behind does not show the file yet. */
  isUnseen: boolean;
  onAction: OnAction;
  onPriority: (task: Task, priority: number) => void;
  onRetry: OnRetry;
}

const NOTHING: readonly ExtraKind[] = [];

/** Drawn again only when its own task changed. */
export const TaskRow = memo(function TaskRow(props: TaskRowProps) {
  const { task, place, service, refused } = props;
  const row = useRef<HTMLLIElement>(null);
  const asking = useAsking(task, row);
  useHeir(row, 'section');
  const kinds = service?.extras ? askedFor(task) : NOTHING;
  const bar = barValue(task);
  const words = describe(task, place, service?.reasons);
  const onAction: OnAction = (of, action, button) =>
    action === 'retry' && kinds.length > 0 ? asking.toggle() : props.onAction(of, action, button);
  return (
    <li className={`od-row od-is-${task.state}`} data-task={task.odr_id} ref={row} tabIndex={-1}>
      <span className="od-state">
        <StateIcon state={task.state} />
      </span>
      <div className="od-headline">
        <TaskName {...props} />
        <KeyMark task={task} />
        <span className="od-share" aria-hidden="true">
          {share(task)}
        </span>
      </div>
      {bar !== undefined && <ProgressBar value={bar} label={displayName(task)} words={words} />}
      <div className="od-words">
        {words}
        {props.isUnseen && <ShowFile {...props} />}
      </div>
      {refused && (
        <div className="od-refused" role="alert">
          {refused}
        </div>
      )}
      <RowActions
        task={task}
        isPending={props.isPending}
        isAsking={kinds.length > 0 ? asking.isOpen : undefined}
        onAction={onAction}
        onPriority={props.onPriority}
      />
      {asking.isOpen && kinds.length > 0 && (
        <RetryForm
          task={task}
          kinds={kinds}
          names={headerNames(service)}
          onRetry={props.onRetry}
          onClose={asking.close}
        />
      )}
    </li>
  );
});

/** Whether the row asks for what was forgotten: after this end of its task, not after the next. */
function useAsking({ state, finished_at: finishedAt }: Task, row: RefObject<HTMLElement | null>) {
  const end = `${state} ${finishedAt}`;
  const [openFor, setOpenFor] = useState('');
  const isOpen = openFor === end;
  const close = () => {
    setOpenFor('');
    row.current?.querySelector<HTMLElement>('.od-go-on')?.focus();
  };
  return { isOpen, toggle: () => setOpenFor(isOpen ? '' : end), close };
}

function KeyMark({ task: { extras, state } }: { task: Task }) {
  const isSecret = extras.some((kind) => kind === 'password' || kind === 'headers' || kind === 'cookies');
  if (!isSecret || state === 'ok') return null;
  const label = extras.includes('password') ? gettext('With a user name and password') : gettext('With headers of its own');
  return (
    <span className="od-key" role="img" title={label} aria-label={label}>
      <KeyIcon />
    </span>
  );
}

function TaskName({ task, siteRoot }: TaskRowProps) {
  const name = displayName(task);
  if (task.state !== 'ok' || !task.stored_path) {
    return (
      <span className="od-name" title={task.url}>
        <bdi>{name}</bdi>
      </span>
    );
  }
  return (
    <a className="od-name" href={fileLink(siteRoot, task)} target="_blank" rel="noopener" title={task.url}>
      <bdi>{name}</bdi>
    </a>
  );
}

function ShowFile({ task, siteRoot }: TaskRowProps) {
  return (
    <>
      {' · '}
      <a href={fileLink(siteRoot, task)} target="_blank" rel="noopener">
        {gettext('Show file')}
      </a>
    </>
  );
}
