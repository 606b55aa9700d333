import { useCallback, useMemo, useState } from 'react';
import { USUAL_RULES, goodLinks, readLinks, type Line, type LinkRules } from '../links';
import type { ServiceConfig } from '../types';
import { useQuiet } from './useQuiet';

export interface Links {
  text: string;
  /** Those that can be sent. */
  good: string[];
  /** Those to complain about now. */
  problems: Line[];
  type: (text: string, caretLine: number) => void;
  /** Complain about everything, also about the line that is being typed. */
  judge: () => void;
  /** Take the accepted links out of the box; each refused one stays with its sentence. */
  settle: (accepted: readonly string[], refused: ReadonlyMap<string, string>) => void;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/** The text of the box, what it means, and what the server said about its lines. */
export function useLinks(initial: string, service: ServiceConfig | null): Links {
  const [text, setText] = useState(initial);
  const [typing, setTyping] = useState<number | null>(null);
  const [refused, setRefused] = useState(NOTHING);
  const rules: LinkRules = service ?? USUAL_RULES;
  const lines = useMemo(() => readLinks(text, rules), [text, rules]);
  const isQuiet = useQuiet(text);

  const problems = lines
    .map((line) => ({ ...line, problem: line.problem || (refused.get(line.text) ?? '') }))
    .filter((line) => line.problem && (isQuiet || line.index !== typing));

  const type = (value: string, caretLine: number) => {
    // Several characters at once were pasted: nobody is in the middle of them.
    setTyping(Math.abs(value.length - text.length) > 1 ? null : caretLine);
    setText(value);
  };
  const settle = useCallback((accepted: readonly string[], refusals: ReadonlyMap<string, string>) => {
    const gone = new Set(accepted);
    setRefused(refusals);
    setTyping(null);
    // The box may have been written in while the answer was on its way.
    setText((now) => now.split('\n').filter((line) => line.trim() && !gone.has(line.trim())).join('\n'));
  }, []);
  return { text, good: goodLinks(lines), problems, type, judge: () => setTyping(null), settle };
}
