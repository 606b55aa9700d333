import { useEffect, useState } from 'react';
import type { Api } from '../api';
import { gettext, ngettext } from '../i18n';
import { LogFilters } from './LogFilters';
import { LogTable } from './LogTable';
import { Pager } from './Pager';
import { exportAddress, fetchLog } from './routes';
import type { Filters, LogQuery } from './types';
import { useAnswer } from './useAnswer';

const ALL: LogQuery = { page: 1, per_page: 25, owner: '', status: '', q: '' };

/** Everybody's tasks, newest first. */
export function Log({ api }: { api: Api }) {
  const [query, setQuery] = useState(ALL);
  const { value, error, isBusy, again } = useAnswer(JSON.stringify(query), (signal) => fetchLog(api, query, signal));
  const reasons = useReasons(api);
  const filter = (change: Partial<Filters>) => setQuery((old) => ({ ...old, ...change, page: 1 }));
  const tasks = value?.offline_download_log_list ?? [];
  return (
    <>
      <LogFilters filters={query} tasks={tasks} onChange={filter}>
        <button type="button" className="btn btn-secondary od-plain" onClick={again}>
          {gettext('Refresh')}
        </button>
        <a className="btn btn-secondary od-plain" href={exportAddress(api, query)} download>
          {gettext('Export as CSV')}
        </a>
      </LogFilters>
      {error && (
        <p className="od-refused od-admin-error" role="alert">
          {error}
        </p>
      )}
      <p className="od-admin-note" role="status">
        {value ? ngettext('{count} download', '{count} downloads', value.total_count) : !error && gettext('Loading…')}
      </p>
      {tasks.length > 0 && (
        <LogTable tasks={tasks} reasons={reasons} isBusy={isBusy} onOwner={(owner) => filter({ owner })} />
      )}
      {value && (
        <Pager
          page={query.page}
          perPage={query.per_page}
          total={value.total_count}
          onPage={(page) => setQuery({ ...query, page })}
          onPerPage={(per_page) => setQuery({ ...query, per_page, page: 1 })}
        />
      )}
    </>
  );
}

/** In what words failures are said; without them the English ones stand in each task. */
function useReasons(api: Api): Record<string, string> {
  const [reasons, setReasons] = useState<Record<string, string>>({});
  useEffect(() => {
    const controller = new AbortController();
    api.serviceConfig(controller.signal).then(
      (service) => setReasons(service.reasons ?? {}),
      () => undefined,
    );
    return () => controller.abort();
  }, [api]);
  return reasons;
}
