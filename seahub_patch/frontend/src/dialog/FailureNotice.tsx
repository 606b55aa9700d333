import { useEffect, useState } from 'react';
import { number } from '../format';
import { gettext } from '../i18n';
import type { Failure } from '../polling';
import { WarningIcon } from './icons';

export interface FailureNoticeProps {
  failure: Failure;
  onTryNow: () => void;
}

/** Says once aloud what is wrong; the seconds that count down are for the eyes. */
export function FailureNotice({ failure, onTryNow }: FailureNoticeProps) {
  const seconds = useSecondsUntil(failure.retryAt);
  return (
    <div className="od-notice od-warning">
      <WarningIcon />
      <span>
        <span role="alert">{what(failure)}</span>{' '}
        <span className="od-countdown">{gettext('Trying again in {seconds} s.', { seconds: number(seconds) })}</span>
      </span>
      <button type="button" className="od-quiet" onClick={onTryNow}>
        {gettext('Try now')}
      </button>
    </div>
  );
}

function what({ kind, message }: Failure): string {
  if (kind === 'login') return gettext('You are not signed in any more. Please reload the page and sign in again.');
  return message || gettext('The server does not answer.');
}

function useSecondsUntil(time: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [time]);
  return Math.max(0, Math.ceil((time - now) / 1000));
}
