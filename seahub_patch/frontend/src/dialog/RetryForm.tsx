import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { NO_EXTRAS, fieldsOf, problemsOfExtras, type ExtraField, type Extras, type Sentences } from '../extras';
import { gettext } from '../i18n';
import { refusal, refusedField } from '../refusal';
import type { ExtraFields, ExtraKind, Task } from '../types';
import { ExtraInputs } from './ExtraInputs';
import { useHeir } from './useHeir';
import { useWrongBox } from './useWrongBox';

export type OnRetry = (task: Task, fields: ExtraFields) => Promise<void>;

export interface RetryFormProps {
  task: Task;
  kinds: readonly ExtraKind[];
  names: readonly string[];
  onRetry: OnRetry;
  onClose: () => void;
}

const KIND_OF: Record<string, ExtraKind> = { username: 'password' };

/** Asks in the row for what was forgotten when the download ended. */
export function RetryForm({ task, kinds, names, onRetry, onClose }: RetryFormProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [extras, setExtras] = useState<Extras>(() => ({ ...NO_EXTRAS, headers: emptyHeaders(kinds, names) }));
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  useHeir(form, '.od-row');
  const [fields, setFields] = useState<Sentences<ExtraField>>({});
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('input, select')?.focus({ preventScroll: true });
    form.current?.scrollIntoView?.({ block: 'nearest' });
  }, []);

  const focusWrongBox = useWrongBox(form);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSending) return;
    if (Object.keys(problemsOfExtras(extras)).length > 0) {
      focusWrongBox();
      return;
    }
    setSending(true);
    try {
      await onRetry(task, fieldsOf(extras));
    } catch (error) {
      const about = refusedField(error);
      const isHere = about !== null && kinds.includes(KIND_OF[about.field] ?? (about.field as ExtraKind));
      setFields(isHere ? { [about.field]: about.sentence } : {});
      setProblem(isHere ? '' : refusal(error));
      focusWrongBox();
    }
    setSending(false);
  };
  // Esc closes this and not the dialog around it.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onClose();
  };
  return (
    <form
      className="od-again"
      ref={form}
      aria-labelledby={id}
      autoComplete="off"
      noValidate
      onSubmit={(event) => void submit(event)}
      onKeyDown={onKeyDown}
    >
      <p id={id} className="od-hint">
        {task.extras_wiped
          ? gettext('What you entered was forgotten when the download ended.')
          : gettext('If you have a user name and a password there, please enter them.')}
      </p>
      <div className="od-options">
        <ExtraInputs
          extras={extras}
          problems={{ ...fields, ...problemsOfExtras(extras) }}
          kinds={kinds}
          names={names}
          onChange={(change) => setExtras((now) => ({ ...now, ...change }))}
        />
      </div>
      {problem && (
        <div className="od-refused" role="alert">
          {problem}
        </div>
      )}
      <div className="od-again-buttons">
        <button type="submit" className="btn btn-primary od-primary od-small" aria-busy={isSending}>
          {gettext('Try again')}
        </button>
        <button type="button" className="od-quiet" onClick={onClose}>
          {gettext('Not now')}
        </button>
      </div>
    </form>
  );
}

/** One line is there to write in; which headers it were nobody knows any more. */
function emptyHeaders(kinds: readonly ExtraKind[], names: readonly string[]): Extras['headers'] {
  const wanted = [
    ...(kinds.includes('headers') ? names.filter((name) => name !== 'Cookie').slice(0, 1) : []),
    ...(kinds.includes('cookies') ? names.filter((name) => name === 'Cookie') : []),
  ];
  return wanted.map((name) => ({ name, value: '' }));
}
