import { useId } from 'react';
import { gettext } from '../i18n';

export interface OptionsProps {
  name: string;
  problem: string;
  hasOneLink: boolean;
  onName: (name: string) => void;
}

export function Options({ name, problem, hasOneLink, onName }: OptionsProps) {
  const id = useId();
  const hint = hasOneLink
    ? problem || gettext('Without one it is called as the server calls it.')
    : gettext('Only a single link can be given a name.');
  return (
    <div className="od-options">
      <label className="od-label" htmlFor={id}>
        {gettext('Save under the name')}
      </label>
      <input
        id={id}
        type="text"
        className="form-control od-name-box"
        value={hasOneLink ? name : ''}
        disabled={!hasOneLink}
        maxLength={255}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={hasOneLink && problem !== ''}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onName(event.target.value)}
      />
      <div id={`${id}-hint`} className={hasOneLink && problem ? 'od-refused' : 'od-hint'} role="status">
        {hint}
      </div>
    </div>
  );
}
