import { useEffect, useId, useState, type ReactNode } from 'react';
import { gettext } from '../i18n';
import type { State } from '../types';
import { STATES, stateName } from './states';
import type { Filters, LoggedTask } from './types';

/** Milliseconds without a key before what was typed is looked for. */
const PAUSE = 300;

interface Props {
  filters: Filters;
  /** Whose owners are offered. */
  tasks: readonly LoggedTask[];
  onChange: (change: Partial<Filters>) => void;
  children: ReactNode;
}

export function LogFilters({ filters, tasks, onChange, children }: Props) {
  const id = useId();
  const owners = new Map(tasks.map((task) => [task.owner, `${task.owner_name} ${task.owner_contact_email}`]));
  return (
    <form className="od-filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <span className="od-filter">
        <label htmlFor={`${id}-state`}>{gettext('State')}</label>
        <select
          id={`${id}-state`}
          className="form-control od-field"
          value={filters.status}
          onChange={(event) => onChange({ status: event.target.value as State | '' })}
        >
          <option value="">{gettext('All')}</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {stateName(state)}
            </option>
          ))}
        </select>
      </span>
      <span className="od-filter">
        <label htmlFor={`${id}-owner`}>{gettext('Owner')}</label>
        <TypedFilter id={`${id}-owner`} list={`${id}-owners`} value={filters.owner} onType={(owner) => onChange({ owner })} />
        <datalist id={`${id}-owners`}>
          {[...owners].map(([owner, label]) => (
            <option key={owner} value={owner} label={label} />
          ))}
        </datalist>
      </span>
      <span className="od-filter">
        <label htmlFor={`${id}-search`}>{gettext('Search')}</label>
        <TypedFilter
          id={`${id}-search`}
          placeholder={gettext('File, folder or link')}
          value={filters.q}
          onType={(q) => onChange({ q })}
        />
      </span>
      <span className="od-filter-actions">{children}</span>
    </form>
  );
}

interface TypedProps {
  id: string;
  value: string;
  onType: (value: string) => void;
  placeholder?: string;
  list?: string;
}

/** Looks for what was typed once the typing stops. */
function TypedFilter({ value, onType, ...attributes }: TypedProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onType(text.trim()), PAUSE);
    return () => clearTimeout(timer);
    // Only typing counts; the two others change with it.
  }, [text]);
  return (
    <input
      type="search"
      className="form-control od-field"
      autoComplete="off"
      maxLength={255}
      value={text}
      onChange={(event) => setText(event.target.value)}
      {...attributes}
    />
  );
}
