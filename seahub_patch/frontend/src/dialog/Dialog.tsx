import { useCallback, useEffect, useLayoutEffect, useRef, type MouseEvent } from 'react';
import { gettext } from '../i18n';
import { CloseIcon } from './icons';
import { Panel, type PanelProps } from './Panel';

export interface DialogProps extends PanelProps {
  onClosed: () => void;
}

/** The browser's own modal dialog: it keeps the focus inside, closes with Esc and gives the focus back. */
export function Dialog({ onClosed, ...panel }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = useCallback(() => dialog.current?.close(), []);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    // On a phone this would bring up the keyboard before anybody has seen the list.
    if (!window.matchMedia?.('(pointer: coarse)').matches) dialog.current?.querySelector('textarea')?.focus();
  }, []);
  useEffect(() => keepEventsInside(dialog.current!), []);
  return (
    <dialog
      ref={dialog}
      className="od-root od-dialog"
      aria-labelledby="od-title"
      onClose={onClosed}
      onMouseDown={(event: MouseEvent) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div className="od-sheet">
        <header className="od-header">
          <h2 id="od-title">{gettext('Offline download')}</h2>
          <button type="button" className="od-action" aria-label={gettext('Close')} title={gettext('Close')} onClick={close}>
            <CloseIcon />
          </button>
        </header>
        <Panel {...panel} />
      </div>
    </dialog>
  );
}

/** The page behind listens for pasted and dropped files and for its own shortcuts. */
function keepEventsInside(dialog: HTMLDialogElement): () => void {
  const names = ['keydown', 'keyup', 'paste', 'copy', 'cut', 'dragenter', 'dragover', 'drop'];
  // React listens further out, on the element that the dialog is in: from there on nothing goes further.
  const edge = dialog.parentElement!;
  const stop = (event: Event) => event.stopPropagation();
  for (const name of names) edge.addEventListener(name, stop);
  return () => {
    for (const name of names) edge.removeEventListener(name, stop);
  };
}
