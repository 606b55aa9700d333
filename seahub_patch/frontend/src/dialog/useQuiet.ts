import { useEffect, useState } from 'react';

/** Milliseconds without a keystroke after which somebody is taken to have finished a line. */
const PAUSE = 600;

/** Whether `value` has been the same for a while. */
export function useQuiet(value: string): boolean {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled === value;
}
