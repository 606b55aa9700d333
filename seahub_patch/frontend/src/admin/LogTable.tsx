import type { ReactNode } from 'react';
import { size, when } from '../format';
import { gettext, reasonText } from '../i18n';
import { displayName } from '../places';
import { plain } from '../plain';
import { stateName } from './states';
import type { LoggedTask } from './types';

interface Props {
  tasks: readonly LoggedTask[];
  reasons: Record<string, string>;
  isBusy: boolean;
  onOwner: (owner: string) => void;
}

// The roles say what the elements are anyway: on narrow screens, where each row is a card, browsers forget it.
export function LogTable({ tasks, reasons, isBusy, onOwner }: Props) {
  const columns = [
    gettext('Owner'),
    gettext('Library / Folder'),
    gettext('File / Link'),
    gettext('Size'),
    gettext('State'),
    gettext('Added / Started / Finished'),
  ];
  return (
    <table className="od-log" role="table" aria-label={gettext('Downloads')} aria-busy={isBusy}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((title) => (
            <th key={title} scope="col" role="columnheader">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {tasks.map((task) => (
          <tr key={task.odr_id} role="row" className={task.removed ? 'od-log-removed' : undefined}>
            {cells(task, reasons, onOwner).map((content, index) => (
              <td key={index} role="cell" data-label={columns[index]}>
                <div className="od-log-cell">{content}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function cells(task: LoggedTask, reasons: Props['reasons'], onOwner: Props['onOwner']): ReactNode[] {
  const owner = plain(task.owner_name || task.owner);
  return [
    <>
      <button
        type="button"
        className="od-quiet od-link"
        title={gettext('Show only the downloads of {name}', { name: owner })}
        onClick={() => onOwner(task.owner)}
      >
        {owner}
      </button>
      <span className="od-log-line">{plain(task.owner_contact_email)}</span>
    </>,
    <>
      {plain(task.repo_name || task.repo_id)}
      <span className="od-log-line">{plain(task.path)}</span>
    </>,
    <>
      {displayName(task)}
      <span className="od-log-line od-hint">{plain(task.url)}</span>
    </>,
    amount(task),
    <StateCell task={task} reason={reasonText(task, reasons)} />,
    [task.timestamp, task.started_at, task.finished_at].map((time, index) => (
      <Time key={index} time={time} />
    )),
  ];
}

function amount({ size: whole, completed, state }: LoggedTask): string {
  const isPartial = state !== 'ok' && completed > 0 && completed !== whole;
  if (isPartial && whole > 0) {
    return gettext('{completed} of {size}', { completed: size(completed), size: size(whole) });
  }
  const known = whole || completed;
  return known > 0 || state === 'ok' ? size(known) : '–';
}

function StateCell({ task, reason }: { task: LoggedTask; reason: string }) {
  return (
    <>
      <span className={`od-mark od-mark-${task.state}`}>{stateName(task.state)}</span>
      {task.removed && <span className="od-log-line od-hint">{gettext('removed from the list')}</span>}
      {reason && <span className="od-log-line">{reason}</span>}
    </>
  );
}

function Time({ time }: { time: string | null }) {
  if (!time) return <span className="od-log-line">–</span>;
  return (
    <time className="od-log-line" dateTime={time} title={time}>
      {when(time)}
    </time>
  );
}
