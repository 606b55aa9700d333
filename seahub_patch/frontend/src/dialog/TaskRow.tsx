import { memo } from 'react';
import { gettext } from '../i18n';
import { displayName, fileLink } from '../places';
import type { Place, Task } from '../types';
import { barValue, describe, share } from '../words';
import { StateIcon } from './icons';
import { ProgressBar } from './ProgressBar';
import { RowActions, type OnAction } from './RowActions';

export interface TaskRowProps {
  task: Task;
  place: Place | null;
  siteRoot: string;
  reasons: Record<string, string>;
  isPending: boolean;
  /** Why the last action was refused; empty when it was not. */
  refused: string;
  /** The page behind does not show the file yet. */
  isUnseen: boolean;
  onAction: OnAction;
}

/** Drawn again only when its own task changed. */
export const TaskRow = memo(function TaskRow(props: TaskRowProps) {
  const { task, place, reasons, refused } = props;
  const bar = barValue(task);
  const words = describe(task, place, reasons);
  return (
    <li className={`od-row od-is-${task.state}`} data-task={task.odr_id}>
      <span className="od-state">
        <StateIcon state={task.state} />
      </span>
      <div className="od-headline">
        <TaskName {...props} />
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
      <RowActions task={task} isPending={props.isPending} onAction={props.onAction} />
    </li>
  );
});

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
