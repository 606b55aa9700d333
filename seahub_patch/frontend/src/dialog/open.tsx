import type { Api } from '../api';
import type { PageConfig } from '../config';
import type { Place, Task } from '../types';

export interface DialogRequest {
  place: Place;
  links?: string;
  onFinished?: (task: Task) => boolean | void;
}

/** Opens the dialog, or does nothing when it is open already. Focus returns to where it was when it closes. */
export type OpenDialog = (request: DialogRequest) => void;

export function makeOpenDialog(_api: Api, _config: PageConfig): OpenDialog {
  return () => undefined;
}
