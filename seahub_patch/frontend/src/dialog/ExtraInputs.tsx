import type { ExtraField, Extras, Sentences } from '../extras';
import { gettext } from '../i18n';
import type { ExtraKind } from '../types';
import { Field } from './Field';
import { HeaderRows } from './HeaderRows';
import { LoginFields } from './LoginFields';

export interface ExtraInputsProps {
  extras: Extras;
  problems: Sentences<ExtraField>;
  /** What can be entered. */
  kinds: readonly ExtraKind[];
  /** The names that headers may have. */
  names: readonly string[];
  /** What is said of user name and password. */
  note?: string;
  /** What is wrong with all of it together; said instead. */
  trouble?: string;
  onChange: (change: Partial<Extras>) => void;
}

/** The boxes for what a link needs beside its address. */
export function ExtraInputs({ extras, problems, kinds, names, note, trouble, onChange }: ExtraInputsProps) {
  const has = (...some: ExtraKind[]) => some.some((kind) => kinds.includes(kind));
  return (
    <>
      {has('password') && (
        <LoginFields login={extras} problems={problems} note={note} trouble={trouble} onChange={onChange} />
      )}
      {has('headers', 'cookies') && names.length > 0 && (
        <HeaderRows
          headers={extras.headers}
          names={names}
          problem={problems.headers}
          onChange={(headers) => onChange({ headers })}
        />
      )}
      {has('referer') && (
        <Field
          label={gettext('Referer')}
          value={extras.referer}
          problem={problems.referer}
          placeholder="https://example.com/page"
          onChange={(referer) => onChange({ referer })}
        />
      )}
      {has('user_agent') && (
        <Field
          label={gettext('User agent')}
          value={extras.user_agent}
          problem={problems.user_agent}
          placeholder="Mozilla/5.0 …"
          onChange={(agent) => onChange({ user_agent: agent })}
        />
      )}
    </>
  );
}
