import { useEffect, useState } from 'react';
import { refusal } from '../refusal';

export interface Answer<T> {
  /** The last one that came; it stays while another one is awaited. */
  value: T | null;
  /** A sentence; empty when all is well. */
  error: string;
  isBusy: boolean;
  again(): void;
}

/** Asks again when `question` is another one; an answer to an earlier question is not heard. */
export function useAnswer<T>(question: string, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [attempt, setAttempt] = useState(0);
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState('');
  const [answered, setAnswered] = useState('');
  const asked = `${attempt} ${question}`;

  useEffect(() => {
    const controller = new AbortController();
    const heard = (act: () => void) => {
      if (controller.signal.aborted) return;
      act();
      setAnswered(asked);
    };
    ask(controller.signal).then(
      (found) =>
        heard(() => {
          setValue(found);
          setError('');
        }),
      (failure: unknown) => heard(() => setError(refusal(failure))),
    );
    return () => controller.abort();
    // `ask` is another function at each drawing; what it asks for is in `asked`.
  }, [asked]);

  return { value, error, isBusy: answered !== asked, again: () => setAttempt(attempt + 1) };
}
