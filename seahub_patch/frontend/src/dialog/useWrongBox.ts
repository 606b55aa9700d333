import { useEffect, useState, type RefObject } from 'react';

/** Takes the keyboard, once everything is drawn, to the first of the options that something is wrong with. */
export function useWrongBox(form: RefObject<HTMLFormElement | null>): () => void {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (times > 0) form.current?.querySelector<HTMLElement>('.od-options [aria-invalid="true"]')?.focus();
  }, [form, times]);
  return () => setTimes((now) => now + 1);
}
