import { createRoot } from 'react-dom/client';
import type { Api } from '../api';
import type { PageConfig } from '../config';
import type { Place, Task } from '../types';
import { Dialog } from './Dialog';

export interface DialogRequest {
  place: Place;
  links?: string;
  onFinished?: (task: Task) => boolean | void;
}

/** Opens the dialog, or does nothing when it is open already. Focus returns to where it was when it closes. */
export type OpenDialog = (request: DialogRequest) => void;

export function makeOpenDialog(api: Api, config: Pick<PageConfig, 'siteRoot'>): OpenDialog {
  let isOpen = false;
  // Links that were not added yet survive a closed dialog.
  let draft = '';
  const keep = (links: string) => {
    draft = links;
  };
  return ({ place, links, onFinished }) => {
    if (isOpen) return;
    isOpen = true;
    const container = document.body.appendChild(document.createElement('div'));
    const root = createRoot(container);
    const onClosed = () => {
      isOpen = false;
      root.unmount();
      container.remove();
    };
    root.render(
      <Dialog
        api={api}
        config={config}
        place={place}
        links={links ?? draft}
        onDraft={keep}
        onFinished={onFinished}
        onClosed={onClosed}
      />,
    );
  };
}
