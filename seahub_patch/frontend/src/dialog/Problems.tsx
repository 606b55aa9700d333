import { ngettext } from '../i18n';
import type { Line } from '../links';

const SHOWN = 5;

/** Under the box: which lines cannot be taken, each with the reason. */
export function Problems({ id, problems }: { id: string; problems: readonly Line[] }) {
  const more = problems.length - SHOWN;
  return (
    <div id={id} role="status" className="od-problems">
      {problems.length > 0 && (
        <ul role="list">
          {problems.slice(0, SHOWN).map((line) => (
            <li key={line.index}>
              <bdi className="od-line" title={line.text}>
                {line.text}
              </bdi>
              <span className={line.isHarmless ? 'od-hint' : 'od-refused'}>{line.problem}</span>
            </li>
          ))}
        </ul>
      )}
      {more > 0 && <p>{ngettext('and {count} more line', 'and {count} more lines', more)}</p>}
    </div>
  );
}
