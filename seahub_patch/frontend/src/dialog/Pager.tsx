import { number } from '../format';
import { gettext } from '../i18n';
import type { TaskPage } from '../types';

export interface PagerProps {
  page: Pick<TaskPage, 'page' | 'per_page' | 'total_count'>;
  onPage: (page: number) => void;
}

/** Nothing while all fits on one page. */
export function Pager({ page: { page, per_page: perPage, total_count: total }, onPage }: PagerProps) {
  const last = Math.ceil(total / perPage);
  if (last <= 1 && page === 1) return null;
  const first = (page - 1) * perPage + 1;
  const range = gettext('{first}–{last} of {total}', {
    first: number(first),
    last: number(Math.min(total, page * perPage)),
    total: number(total),
  });
  return (
    <nav className="od-pager" aria-label={gettext('Pages')}>
      <button type="button" className="od-quiet" aria-disabled={page <= 1} onClick={() => page > 1 && onPage(page - 1)}>
        {gettext('Newer')}
      </button>
      <span className="od-range">{range}</span>
      <button
        type="button"
        className="od-quiet"
        aria-disabled={page >= last}
        onClick={() => page < last && onPage(page + 1)}
      >
        {gettext('Older')}
      </button>
    </nav>
  );
}
