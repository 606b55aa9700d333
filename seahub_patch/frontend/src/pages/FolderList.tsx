import { Fragment, useEffect, useRef } from 'react';
import { gettext, ngettext } from '../i18n';
import type { Choice } from './memory';
import type { Folder } from './useFolder';

interface Props {
  folder: Folder;
  choice: Choice;
  onDone: () => void;
}

/** One folder at a time: its way from the library down, and what is in it. Where one is, is what is chosen. */
export function FolderList({ folder, choice, onDone }: Props) {
  const current = useRef<HTMLSpanElement>(null);
  const start = useRef(choice.path);
  const { listing, libraries, choose } = folder;
  const parts = choice.path.split('/').filter(Boolean);
  const library = libraries?.find(({ repoId }) => repoId === choice.repoId)?.name ?? '';
  const names = [library, ...parts];

  // The button that led here is gone; without this the keyboard would begin at the top of the page again.
  useEffect(() => {
    if (start.current !== choice.path) current.current?.focus();
    start.current = choice.path;
  }, [choice.path]);

  const goTo = (depth: number) => choose({ ...choice, path: `/${parts.slice(0, depth).join('/')}` });
  const enter = (name: string) => choose({ ...choice, path: `/${[...parts, name].join('/')}` });
  return (
    <div className="od-folders">
      <div className="od-folders-way">
        <nav aria-label={gettext('Folder')}>
          {names.map((name, depth) => (
            <Fragment key={depth}>
              {depth > 0 && <span aria-hidden="true"> / </span>}
              {depth < names.length - 1 ? (
                <button type="button" className="od-quiet od-link" onClick={() => goTo(depth)}>
                  {name}
                </button>
              ) : (
                <span ref={current} tabIndex={-1} aria-current="true">
                  {name}
                </span>
              )}
            </Fragment>
          ))}
        </nav>
        <button type="button" className="btn btn-secondary od-plain" onClick={onDone}>
          {gettext('Use this folder')}
        </button>
      </div>
      <p className="od-sr-only" role="status">
        {listing && ngettext('{count} folder', '{count} folders', listing.folders.length)}
      </p>
      <Content listing={listing} hasFailed={folder.error !== ''} onEnter={enter} />
    </div>
  );
}

interface ContentProps {
  listing: Folder['listing'];
  hasFailed: boolean;
  onEnter: (name: string) => void;
}

function Content({ listing, hasFailed, onEnter }: ContentProps) {
  if (!listing) return hasFailed ? null : <p className="od-folders-note">{gettext('Loading…')}</p>;
  if (listing.folders.length === 0) {
    return <p className="od-folders-note">{gettext('There are no folders in it.')}</p>;
  }
  return (
    <ul className="od-folders-list">
      {listing.folders.map((name) => (
        <li key={name}>
          <button type="button" className="od-folder" title={name} onClick={() => onEnter(name)}>
            <span className="od-folder-icon" aria-hidden="true" />
            <span className="od-folder-name">{name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
