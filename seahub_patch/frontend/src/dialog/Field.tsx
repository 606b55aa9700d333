import { useId, type ReactNode } from 'react';

export interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What is said under it while nothing is wrong. */
  hint?: string;
  problem?: string;
  /** Why nothing can be entered at the moment; empty when something can. */
  impossible?: string;
  placeholder?: string;
  maxLength?: number;
  type?: 'text' | 'password';
  /** The element that says more about it, where that is another one than its own hint. */
  describedBy?: string;
  className?: string;
  /** What stands at the end of the box. */
  children?: ReactNode;
}

/** A box with its name above it and one sentence below: what it is for, or what is wrong with it. */
export function Field({ label, hint = '', problem = '', impossible = '', className = '', ...props }: FieldProps) {
  const id = useId();
  const isWrong = !impossible && problem !== '';
  return (
    <div className={`od-option ${className}`}>
      <label className="od-label" htmlFor={id}>
        {label}
      </label>
      <div className="od-box-line">
        <input
          id={id}
          type={props.type ?? 'text'}
          className="form-control"
          value={impossible ? '' : props.value}
          disabled={impossible !== ''}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          // Browsers offer to keep a password all the same unless it is called a new one.
          autoComplete={props.type === 'password' ? 'new-password' : 'off'}
          aria-invalid={isWrong}
          aria-describedby={props.describedBy ? `${id}-hint ${props.describedBy}` : `${id}-hint`}
          onChange={(event) => props.onChange(event.target.value)}
        />
        {props.children}
      </div>
      <div id={`${id}-hint`} className={isWrong ? 'od-refused' : 'od-hint'} role="status">
        {impossible || problem || hint}
      </div>
    </div>
  );
}
