import { useMemo, useRef } from 'react';
import type { Feed } from '../feed';
import { gettext } from '../i18n';
import type { ListState } from '../state';
import type { ExtraFields, Place, Task } from '../types';
import { EmptyList } from './EmptyList';
import { FailureNotice } from './FailureNotice';
import { ListBar } from './ListBar';
import { Pager } from './Pager';
import type { RowAction } from './RowActions';
import { TaskRow } from './TaskRow';

export interface TaskListProps {
  feed: Feed;
  state: ListState;
  place: Place | null;
  siteRoot: string;
}

export function TaskList({ feed, state, place, siteRoot }: TaskListProps) {
  const section = useRef<HTMLElement>(null);
  const actions = useActions(feed, section);
  const { page, service } = state;
  return (
    <section className="od-list" aria-labelledby="od-downloads" ref={section} tabIndex={-1}>
      <ListBar feed={feed} state={state} place={place} />
      <div
        className={state.stale && page ? 'od-scroll od-is-stale' : 'od-scroll'}
        role="tabpanel"
        id="od-tabpanel"
        aria-labelledby={`od-tab-${state.choice.tab}`}
        aria-busy={state.stale}
      >
        {page && page.data.length > 0 && (
          <ul className="od-rows" role="list">
            {page.data.map((task) => (
              <TaskRow
                key={task.odr_id}
                task={task}
                place={place}
                siteRoot={siteRoot}
                service={service}
                isPending={state.pending.has(task.odr_id)}
                refused={state.refusals.get(task.odr_id) ?? ''}
                isUnseen={state.unseen.has(task.odr_id)}
                {...actions}
              />
            ))}
          </ul>
        )}
        {page && page.data.length === 0 && !state.stale && <EmptyList feed={feed} choice={state.choice} />}
        {!page && !state.failure && <p className="od-loading">{gettext('Loading…')}</p>}
      </div>
      {/* Below the rows: it must not move them away from under somebody's finger. */}
      {state.failure && <FailureNotice failure={state.failure} onTryNow={feed.now} />}
      {page && <Pager page={page} onPage={(number) => feed.choose({ page: number })} />}
    </section>
  );
}

/** Stable over all drawings, so that rows stay as they are; keeps the keyboard's focus in the list. */
function useActions(feed: Feed, section: React.RefObject<HTMLElement | null>) {
  return useMemo(() => {
    const remove = async (task: Task, button: HTMLElement) => {
      const row = button.closest('li');
      const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
      await feed.remove(task);
      if (row?.isConnected) return;
      (neighbour?.querySelector<HTMLElement>('.od-end') ?? section.current)?.focus();
    };
    return {
      onAction: (task: Task, action: RowAction, button: HTMLElement) =>
        void (action === 'remove' ? remove(task, button) : feed.act(task, action)),
      onPriority: (task: Task, priority: number) => void feed.prioritise(task, priority),
      onRetry: (task: Task, fields: ExtraFields) => feed.retry(task, fields),
    };
  }, [feed, section]);
}
