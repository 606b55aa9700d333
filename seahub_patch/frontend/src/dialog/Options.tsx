import { useId } from 'react';
import { EXTRA_KINDS, hasSecrets, headerNames, type Sentences } from '../extras';
import { number } from '../format';
import { gettext } from '../i18n';
import { LEVELS, levelLabel, type Level } from '../priorities';
import type { ServiceConfig } from '../types';
import type { WishField, Wishes } from '../wishes';
import { ExtraInputs } from './ExtraInputs';
import { Field } from './Field';

export interface OptionsProps {
  wishes: Wishes;
  problems: Sentences<WishField | 'servers'>;
  service: ServiceConfig | null;
  /** How many links they are for. */
  links: number;
  onChange: (change: Partial<Wishes>) => void;
}

export function Options({ wishes, problems, service, links, onChange }: OptionsProps) {
  const isForMany = links > 1;
  return (
    <div className="od-options">
      <Field
        label={gettext('Save under the name')}
        value={wishes.name}
        problem={problems.name}
        hint={gettext('Without one it is called as the server calls it.')}
        impossible={isForMany ? gettext('Only a single link can be given a name.') : ''}
        maxLength={255}
        onChange={(name) => onChange({ name })}
      />
      <PrioritySelect level={wishes.level} problem={problems.level} onChange={(level) => onChange({ level })} />
      <Field
        label={gettext('Checksum')}
        value={wishes.checksum}
        problem={problems.checksum}
        hint={gettext('The file is stored only if it matches (SHA-256, SHA-512, SHA-1 or MD5).')}
        impossible={isForMany ? gettext('Only a single link can be given a checksum.') : ''}
        maxLength={200}
        className="od-wide"
        onChange={(checksum) => onChange({ checksum })}
      />
      {service?.extras && (
        <ExtraInputs
          extras={wishes}
          problems={problems}
          kinds={EXTRA_KINDS}
          names={headerNames(service)}
          note={note(wishes, links)}
          trouble={problems.servers}
          onChange={onChange}
        />
      )}
    </div>
  );
}

function note(wishes: Wishes, links: number): string {
  if (links > 1 && hasSecrets(wishes)) {
    return gettext('User name, password and headers are used for all {count} links.', { count: number(links) });
  }
  return gettext('For links that ask for them. They are kept encrypted until the download ends, then forgotten.');
}

interface PrioritySelectProps {
  level: Level;
  problem?: string;
  onChange: (level: Level) => void;
}

function PrioritySelect({ level, problem = '', onChange }: PrioritySelectProps) {
  const id = useId();
  return (
    <div className="od-option">
      <label className="od-label" htmlFor={id}>
        {gettext('Priority')}
      </label>
      <select
        id={id}
        className="form-control"
        value={level}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value as Level)}
      >
        {LEVELS.map((value) => (
          <option key={value} value={value}>
            {levelLabel(value)}
          </option>
        ))}
      </select>
      <div id={`${id}-hint`} className={problem ? 'od-refused' : 'od-hint'} role="status">
        {problem || gettext('Among your own downloads.')}
      </div>
    </div>
  );
}
