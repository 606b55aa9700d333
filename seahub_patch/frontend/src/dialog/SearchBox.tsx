import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { gettext } from '../i18n';

/** Milliseconds without a keystroke before it searches. */
const PAUSE = 300;

export interface SearchBoxProps {
  text: string;
  onText: (text: string) => void;
}

export function SearchBox({ text, onText }: SearchBoxProps) {
  const [typed, setTyped] = useState(text);
  const latest = useRef(onText);
  latest.current = onText;
  useEffect(() => setTyped((current) => (current.trim() === text ? current : text)), [text]);
  useEffect(() => {
    if (typed.trim() === text) return undefined;
    const timer = setTimeout(() => latest.current(typed.trim()), PAUSE);
    return () => clearTimeout(timer);
  }, [typed, text]);
  // The first Esc clears the search, only the next one closes the dialog.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !typed) return;
    event.preventDefault();
    setTyped('');
  };
  return (
    <input
      type="search"
      className="form-control od-search"
      placeholder={gettext('Search')}
      aria-label={gettext('Search names, folders and links')}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={onKeyDown}
    />
  );
}
