import { useEffect, useId, useState } from 'react';
import type { Login, Sentences } from '../extras';
import { gettext } from '../i18n';
import { Field } from './Field';
import { EyeIcon } from './icons';

export interface LoginFieldsProps {
  login: Login;
  problems: Sentences<keyof Login>;
  /** What concerns both of them. */
  note?: string;
  trouble?: string;
  onChange: (change: Partial<Login>) => void;
}

export function LoginFields({ login, problems, note = '', trouble = '', onChange }: LoginFieldsProps) {
  const id = useId();
  return (
    <>
      <Field
        label={gettext('User name')}
        value={login.username}
        problem={problems.username}
        describedBy={id}
        onChange={(username) => onChange({ username })}
      />
      <PasswordField
        password={login.password}
        problem={problems.password}
        describedBy={id}
        onChange={(password) => onChange({ password })}
      />
      <div id={id} className={`od-note ${trouble ? 'od-refused' : 'od-hint'}`} role="status">
        {trouble || note}
      </div>
    </>
  );
}

interface PasswordFieldProps {
  password: string;
  problem?: string;
  describedBy: string;
  onChange: (password: string) => void;
}

function PasswordField({ password, problem, describedBy, onChange }: PasswordFieldProps) {
  const [isShown, setShown] = useState(false);
  // Whoever let one be seen has not said so of the next one.
  useEffect(() => {
    if (!password) setShown(false);
  }, [password]);
  const label = isShown ? gettext('Hide the password') : gettext('Show the password');
  return (
    <Field
      label={gettext('Password')}
      type={isShown && password ? 'text' : 'password'}
      value={password}
      problem={problem}
      describedBy={describedBy}
      className="od-with-button"
      onChange={onChange}
    >
      <button type="button" className="od-action od-eye" title={label} aria-label={label} onClick={() => setShown(!isShown)}>
        <EyeIcon isCrossed={isShown} />
      </button>
    </Field>
  );
}
