import { useId, useLayoutEffect, useRef, type KeyboardEvent, type RefObject } from 'react';
import { gettext } from '../i18n';
import type { Line } from '../links';
import { Problems } from './Problems';

export interface LinkBoxProps {
  box: RefObject<HTMLTextAreaElement | null>;
  text: string;
  schemes: readonly string[];
  /** Those to tell now, not those that are still being typed. */
  problems: readonly Line[];
  onText: (text: string, line: number) => void;
  onSubmit: () => void;
}

/** It grows with its lines, which do not wrap, up to where it begins to scroll. */
const LEAST_LINES = 2;
const MOST_LINES = 8;

/**
 * Enter makes a new line as in any text, Ctrl+Enter adds what is there. What is taken out of the text as it is written (a password)
 * leaves the caret where it stands in it.
 */
export function LinkBox({ box, text, schemes, problems, onText, onSubmit }: LinkBoxProps) {
  const id = useId();
  // Characters behind the caret.
  const behind = useRef<number | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || behind.current === null) return;
    const caret = Math.max(0, text.length - behind.current);
    if (element === document.activeElement && element.selectionEnd !== caret) element.setSelectionRange(caret, caret);
  }, [box, text]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onSubmit();
  };
  return (
    <div className="od-links">
      <label className="od-label" htmlFor={id}>
        {gettext('Links')}{' '}
        <span className="od-hint">{gettext('– one a line: {schemes}', { schemes: schemes.join(', ') })}</span>
      </label>
      <textarea
        id={id}
        ref={box}
        className="form-control od-box"
        rows={Math.min(Math.max(text.split('\n').length, LEAST_LINES), MOST_LINES)}
        value={text}
        placeholder="https://example.com/file.zip"
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        aria-invalid={problems.some((line) => !line.isHarmless)}
        aria-describedby={`${id}-problems`}
        onSelect={({ currentTarget: { value, selectionEnd } }) => (behind.current = value.length - selectionEnd)}
        onChange={({ target }) => {
          behind.current = target.value.length - target.selectionEnd;
          onText(target.value, caretLine(target));
        }}
        onKeyDown={onKeyDown}
      />
      <Problems id={`${id}-problems`} problems={problems} />
    </div>
  );
}

function caretLine(box: HTMLTextAreaElement): number {
  return box.value.slice(0, box.selectionStart).split('\n').length - 1;
}
