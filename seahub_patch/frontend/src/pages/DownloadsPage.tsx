import { useLayoutEffect, useState } from 'react';
import type { Api } from '../api';
import type { PageConfig } from '../config';
import { Panel } from '../dialog/Panel';
import { gettext } from '../i18n';
import { withoutLogins } from '../logins';
import { FolderPicker } from './FolderPicker';
import './pages.css';
import { useFolder } from './useFolder';

/** The dialog's inside as a page of its own. `?url=`, also several, fills the box; only a person adds. */
export function DownloadsPage({ api, config }: { api: Api; config: PageConfig }) {
  const folder = useFolder(api, config.username);
  const [links] = useState(() => new URLSearchParams(window.location.search).getAll('url').join('\n'));
  useLayoutEffect(cleanAddress, []);
  return (
    <div className="od-root od-page">
      <h1 className="od-page-title">{gettext('Offline download')}</h1>
      <Panel api={api} config={config} place={folder.place} picker={<FolderPicker folder={folder} />} links={links} />
    </div>
  );
}

/** The address stays on the screen and in the browser's history: no place for a password. */
function cleanAddress(): void {
  const address = new URL(window.location.href);
  const links = address.searchParams.getAll('url');
  if (links.every((link) => link === withoutLogins(link))) return;
  address.searchParams.delete('url');
  for (const link of links) address.searchParams.append('url', withoutLogins(link));
  window.history.replaceState(window.history.state, '', address);
}
