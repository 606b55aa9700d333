import { useId, useRef, useState } from 'react';
import { gettext } from '../i18n';
import { placeLabel } from '../places';
import { FolderList } from './FolderList';
import { LibrarySelect } from './LibrarySelect';
import type { Folder } from './useFolder';

/** Where downloads go: a library, and a folder in it behind a button. */
export function FolderPicker({ folder }: { folder: Folder }) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const { libraries, choice, listing, error } = folder;
  const close = () => {
    setOpen(false);
    toggle.current?.focus();
  };
  if (libraries?.length === 0) {
    return <p className="od-picker-note">{gettext('You have no library that downloads could go to.')}</p>;
  }
  return (
    <div className="od-picker">
      <div className="od-picker-line">
        <label htmlFor={`${id}-library`}>{gettext('Saves to')}</label>
        <LibrarySelect id={`${id}-library`} folder={folder} />
        {choice && (
          <button
            ref={toggle}
            type="button"
            className="od-quiet od-more od-picker-toggle"
            aria-expanded={isOpen}
            aria-controls={`${id}-folders`}
            onClick={() => setOpen(!isOpen)}
          >
            <FolderName path={choice.path} />
            <span className="od-chevron" aria-hidden="true" />
          </button>
        )}
      </div>
      <div id={`${id}-folders`} hidden={!isOpen || !choice}>
        {isOpen && choice && <FolderList folder={folder} choice={choice} onDone={close} />}
      </div>
      {listing?.writable === false && (
        <p className="od-picker-note" role="alert">
          {gettext('You may not add files to this folder. Please choose another one.')}
        </p>
      )}
      {error && (
        <p className="od-picker-note" role="alert">
          {error}{' '}
          <button type="button" className="od-quiet od-link" onClick={folder.retry}>
            {gettext('Try again')}
          </button>
        </p>
      )}
    </div>
  );
}

function FolderName({ path }: { path: string }) {
  if (path === '/') return <>{gettext('Choose a folder')}</>;
  return (
    <>
      <span className="od-sr-only">{gettext('Folder')} </span>
      <bdi className="od-picker-path">{placeLabel('', path)}</bdi>
    </>
  );
}
