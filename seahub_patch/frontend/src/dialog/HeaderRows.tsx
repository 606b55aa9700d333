import { useId, useLayoutEffect, useRef } from 'react';
import type { Header } from '../extras';
import { gettext } from '../i18n';
import { CloseIcon, PlusIcon } from './icons';

export interface HeaderRowsProps {
  headers: readonly Header[];
  /** Those that there are to choose from, each once. */
  names: readonly string[];
  problem?: string;
  onChange: (headers: readonly Header[]) => void;
}

/** Name and value, a row each. Nobody types a name. */
export function HeaderRows({ headers, names, problem = '', onChange }: HeaderRowsProps) {
  const id = useId();
  const group = useRef<HTMLDivElement>(null);
  const used = headers.map(({ name }) => name);
  const free = names.filter((name) => !used.includes(name));
  const change = (index: number, header: Partial<Header>) =>
    onChange(headers.map((old, at) => (at === index ? { ...old, ...header } : old)));
  const count = useRef(headers.length);
  useLayoutEffect(() => {
    const rows = group.current?.querySelectorAll<HTMLElement>('.od-header-row select');
    if (headers.length > count.current) rows?.[headers.length - 1]?.focus();
    count.current = headers.length;
  }, [headers.length]);
  const add = () => onChange([...headers, { name: free[0]!, value: '' }]);
  const remove = (index: number) => {
    onChange(headers.filter((_, at) => at !== index));
    group.current?.querySelector<HTMLElement>('.od-add-header')?.focus();
  };
  return (
    <div className="od-option od-headers" role="group" aria-labelledby={id} aria-describedby={`${id}-hint`} ref={group}>
      <span id={id} className="od-label">
        {gettext('Headers')}
      </span>
      {headers.map((header, index) => (
        <div className="od-header-row" key={index}>
          <select
            className="form-control"
            aria-label={gettext('Name of the header')}
            value={header.name}
            onChange={(event) => change(index, { name: event.target.value })}
          >
            {names
              .filter((name) => name === header.name || free.includes(name))
              .map((name) => (
                <option key={name}>{name}</option>
              ))}
          </select>
          <input
            type="text"
            className="form-control"
            aria-label={gettext('Value of {name}', { name: header.name })}
            aria-invalid={problem !== ''}
            value={header.value}
            spellCheck={false}
            autoCapitalize="off"
            autoCorrect="off"
            autoComplete="off"
            onChange={(event) => change(index, { value: event.target.value })}
          />
          <button
            type="button"
            className="od-action"
            title={gettext('Remove {name}', { name: header.name })}
            aria-label={gettext('Remove {name}', { name: header.name })}
            onClick={() => remove(index)}
          >
            <CloseIcon />
          </button>
        </div>
      ))}
      <button type="button" className="od-quiet od-add-header" aria-disabled={free.length === 0} onClick={() => free.length > 0 && add()}>
        <PlusIcon />
        {gettext('Add a header')}
      </button>
      <div id={`${id}-hint`} className="od-refused" role="status">
        {problem}
      </div>
    </div>
  );
}
