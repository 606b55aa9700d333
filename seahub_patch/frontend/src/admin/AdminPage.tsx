import type { Api } from '../api';
import type { PageConfig } from '../config';
import { gettext } from '../i18n';
import './admin.css';
import { HealthReport } from './HealthReport';
import { Log } from './Log';
import { Tabs } from './Tabs';

/** What administrators see of everybody's downloads, and of the service. */
export function AdminPage({ api }: { api: Api; config: PageConfig }) {
  return (
    <div className="od-root od-admin">
      <h1 className="od-sr-only">{gettext('Offline download')}</h1>
      <Tabs
        label={gettext('Offline download')}
        tabs={[
          { id: 'log', title: gettext('Log'), content: () => <Log api={api} /> },
          { id: 'health', title: gettext('Health'), content: () => <HealthReport api={api} /> },
        ]}
      />
    </div>
  );
}
