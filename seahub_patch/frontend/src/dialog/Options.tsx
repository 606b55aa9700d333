import { useId } from 'react';
import { gettext } from '../i18n';

/** What may be said of a single link beside where it goes. */
export interface Extras {
  name: string;
  checksum: string;
}

export type Extra = keyof Extras;

export const NO_EXTRAS: Extras = { name: '', checksum: '' };

export interface OptionsProps {
  extras: Extras;
  problems: Partial<Extras>;
  hasOneLink: boolean;
  onChange: (change: Partial<Extras>) => void;
}

export function Options({ extras, problems, hasOneLink, onChange }: OptionsProps) {
  const common = (field: Extra) => ({
    value: extras[field],
    problem: problems[field] ?? '',
    isPossible: hasOneLink,
    onChange: (value: string) => onChange({ [field]: value }),
  });
  return (
    <div className="od-options">
      <Field
        {...common('name')}
        label={gettext('Save under the name')}
        hint={gettext('Without one it is called as the server calls it.')}
        impossible={gettext('Only a single link can be given a name.')}
        maxLength={255}
      />
      <Field
        {...common('checksum')}
        label={gettext('Checksum')}
        hint={gettext('The file is stored only if it matches (SHA-256, SHA-512, SHA-1 or MD5).')}
        impossible={gettext('Only a single link can be given a checksum.')}
        maxLength={200}
      />
    </div>
  );
}

interface FieldProps {
  label: string;
  hint: string;
  /** What is said instead where several links are in the box. */
  impossible: string;
  value: string;
  problem: string;
  isPossible: boolean;
  maxLength: number;
  onChange: (value: string) => void;
}

function Field({ label, hint, impossible, value, problem, isPossible, maxLength, onChange }: FieldProps) {
  const id = useId();
  return (
    <div className="od-option">
      <label className="od-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        type="text"
        className="form-control od-name-box"
        value={isPossible ? value : ''}
        disabled={!isPossible}
        maxLength={maxLength}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-invalid={isPossible && problem !== ''}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <div id={`${id}-hint`} className={isPossible && problem ? 'od-refused' : 'od-hint'} role="status">
        {isPossible ? problem || hint : impossible}
      </div>
    </div>
  );
}
