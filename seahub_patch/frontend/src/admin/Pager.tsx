import { useId } from 'react';
import { number } from '../format';
import { gettext } from '../i18n';

const SIZES = [25, 50, 100];

interface Props {
  page: number;
  perPage: number;
  total: number;
  onPage: (page: number) => void;
  onPerPage: (perPage: number) => void;
}

export function Pager({ page, perPage, total, onPage, onPerPage }: Props) {
  const id = useId();
  const last = Math.max(1, Math.ceil(total / perPage));
  return (
    <nav className="od-admin-pager" aria-label={gettext('Pages')}>
      <button
        type="button"
        className="btn btn-secondary od-plain"
        aria-label={gettext('Previous page')}
        disabled={page <= 1}
        onClick={() => onPage(page - 1)}
      >
        ‹
      </button>
      <span aria-current="page">{gettext('Page {page} of {last}', { page: number(page), last: number(last) })}</span>
      <button
        type="button"
        className="btn btn-secondary od-plain"
        aria-label={gettext('Next page')}
        disabled={page >= last}
        onClick={() => onPage(page + 1)}
      >
        ›
      </button>
      <label className="od-sr-only" htmlFor={id}>
        {gettext('Downloads on a page')}
      </label>
      <select
        id={id}
        className="form-control od-field"
        value={perPage}
        onChange={(event) => onPerPage(Number(event.target.value))}
      >
        {SIZES.map((size) => (
          <option key={size} value={size}>
            {gettext('{count} / page', { count: size })}
          </option>
        ))}
      </select>
    </nav>
  );
}
