import type { ReactNode } from 'react';
import type { Api } from '../api';
import type { PageConfig } from '../config';
import type { Place, Task } from '../types';
import { AddForm } from './AddForm';
import { LiveRegion } from './LiveRegion';
import { TaskList } from './TaskList';
import { useFeed } from './useFeed';

export interface PanelProps {
  api: Api;
  config: Pick<PageConfig, 'siteRoot'>;
  /** Where new downloads go; null while none is chosen: then nothing can be added. Undefined: it will be known soon. */
  place: Place | null | undefined;
  /** What chooses the place, instead of the words "Saves to …". */
  picker?: ReactNode;
  /** Links to begin with, one a line; nothing is added by itself. */
  links?: string;
  /** What is in the box now, so that closing loses nothing. */
  onDraft?: (links: string) => void;
  /**
   * A download into `place` is there now (each once, none of those that were there when the list was first seen).
   * False: the page does not show it, so the panel offers "Show file".
   */
  onFinished?: (task: Task) => boolean | void;
  perPage?: number;
}

/** The text box and the list: the inside of the dialog and of the page of its own. */
export function Panel(props: PanelProps) {
  const place = props.place ?? null;
  const [feed, state] = useFeed(props.api, place, props.onFinished, props.perPage);
  return (
    <div className="od-root od-panel">
      <AddForm
        feed={feed}
        service={state.service}
        place={props.place}
        picker={props.picker}
        links={props.links}
        onDraft={props.onDraft}
      />
      <TaskList feed={feed} state={state} place={place} siteRoot={props.config.siteRoot} />
      <LiveRegion announcement={state.announcement} />
    </div>
  );
}
