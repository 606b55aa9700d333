import type { ReactNode } from 'react';
import type { Api } from '../api';
import type { PageConfig } from '../config';
import type { Place, Task } from '../types';

export interface PanelProps {
  api: Api;
  config: Pick<PageConfig, 'siteRoot'>;
  /** Where new downloads go; null while none is chosen: then nothing can be added. */
  place: Place | null;
  /** What chooses the place, instead of the words "Saves to …". */
  picker?: ReactNode;
  /** Links to begin with, one a line; nothing is added by itself. */
  links?: string;
  /**
   * A download into `place` is there now (each once, none of those that were there when the list was first seen).
   * False: the page does not show it, so the panel offers "Show file".
   */
  onFinished?: (task: Task) => boolean | void;
}

/** The text box and the list: the inside of the dialog and of the page of its own. */
export function Panel(_props: PanelProps) {
  return null;
}
