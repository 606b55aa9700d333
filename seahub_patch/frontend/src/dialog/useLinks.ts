import { useCallback, useLayoutEffect, useMemo, useState } from 'react';
import type { Login } from '../extras';
import { USUAL_RULES, goodLinks, readLinks, type Line, type LinkRules } from '../links';
import { liftLogin } from '../logins';
import type { ServiceConfig } from '../types';
import { useQuiet } from './useQuiet';

export interface Links {
  text: string;
  /** Those that can be sent. */
  good: string[];
  /** One that stands in a link that is still being typed; null mostly. */
  login: Login | null;
  /** Those to complain about now. */
  problems: Line[];
  type: (text: string, caretLine: number) => void;
  /** Complain about everything, also about the line that is being typed. */
  judge: () => void;
  /** Take the accepted links out of the box; each refused one stays with its sentence. */
  settle: (accepted: readonly string[], refused: ReadonlyMap<string, string>) => void;
}

export interface Logins {
  /** What the form has already. */
  login: Login;
  /** This stood in a link, from where it is gone. */
  onLogin: (login: Login) => void;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/** The text of the box, what it means, and what the server said about its lines. */
export function useLinks(initial: string, service: ServiceConfig | null, { login, onLogin }: Logins): Links {
  const [text, setText] = useState(initial);
  const [typing, setTyping] = useState<number | null>(null);
  const [refused, setRefused] = useState(NOTHING);
  const rules: LinkRules = service ?? USUAL_RULES;
  const lifted = rules.extras ? liftLogin(text, login) : { text, login: null };
  const lines = useMemo(() => readLinks(lifted.text, rules), [lifted.text, rules]);
  const isQuiet = useQuiet(text);
  const isBeingTyped = typing !== null && !isQuiet;

  useLayoutEffect(() => {
    if (!lifted.login || isBeingTyped) return;
    setText(lifted.text);
    onLogin(lifted.login);
  }, [lifted.text, isBeingTyped]);

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
  return { text, good: goodLinks(lines), login: lifted.login, problems, type, judge: () => setTyping(null), settle };
}
