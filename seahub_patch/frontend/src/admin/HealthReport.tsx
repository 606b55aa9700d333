import type { Api } from '../api';
import { gettext } from '../i18n';
import { fetchHealth } from './routes';
import type { Check } from './types';
import { useAnswer } from './useAnswer';

/** Whether the service is well, and what is not. */
export function HealthReport({ api }: { api: Api }) {
  const { value, error, isBusy, again } = useAnswer('', (signal) => fetchHealth(api, signal));
  return (
    <>
      <div className="od-filters">
        <p className="od-verdict" role="status">
          {value ? <Verdict isHealthy={value.healthy} /> : !error && gettext('Loading…')}
        </p>
        <span className="od-filter-actions">
          <button type="button" className="btn btn-secondary od-plain" aria-disabled={isBusy} onClick={isBusy ? undefined : again}>
            {gettext('Check again')}
          </button>
        </span>
      </div>
      {error && (
        <p className="od-refused od-admin-error" role="alert">
          {error}
        </p>
      )}
      {value && <Checks checks={value.checks} isBusy={isBusy} />}
    </>
  );
}

function Verdict({ isHealthy }: { isHealthy: boolean }) {
  return isHealthy ? (
    <span className="od-mark od-mark-ok">{gettext('All is well.')}</span>
  ) : (
    <span className="od-mark od-mark-error">{gettext('Something is wrong; please see below.')}</span>
  );
}

function Checks({ checks, isBusy }: { checks: readonly Check[]; isBusy: boolean }) {
  const columns = [gettext('Check'), gettext('Result'), gettext('Details')];
  return (
    <table className="od-log od-log-checks" role="table" aria-label={gettext('Health')} aria-busy={isBusy}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((title) => (
            <th key={title} scope="col" role="columnheader">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {checks.map(({ name, title, ok, detail }) => (
          <tr key={name} role="row">
            <th scope="row" role="rowheader" data-label={columns[0]}>
              {title}
            </th>
            <td role="cell" data-label={columns[1]}>
              <span className={`od-mark od-mark-${ok ? 'ok' : 'error'}`}>{ok ? gettext('OK') : gettext('not OK')}</span>
            </td>
            <td role="cell" data-label={columns[2]}>
              <div className="od-log-cell">{detail}</div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
