import { useState } from 'react';
import type { Api } from '../api';
import type { PageConfig } from '../config';
import { Panel } from '../dialog/Panel';
import { gettext } from '../i18n';
import { FolderPicker } from './FolderPicker';
import './pages.css';
import { useFolder } from './useFolder';

/** The dialog's inside as a page of its own. `?url=`, also several, fills the box; only a person adds. */
export function DownloadsPage({ api, config }: { api: Api; config: PageConfig }) {
  const folder = useFolder(api, config.username);
  const [links] = useState(() => new URLSearchParams(window.location.search).getAll('url').join('\n'));
  return (
    <div className="od-root od-page">
      <h1 className="od-page-title">{gettext('Offline download')}</h1>
      <Panel api={api} config={config} place={folder.place} picker={<FolderPicker folder={folder} />} links={links} />
    </div>
  );
}
