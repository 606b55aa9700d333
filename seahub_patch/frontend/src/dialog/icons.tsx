import type { ReactNode } from 'react';
import type { Level } from '../priorities';
import type { State } from '../types';

/** All are drawn on a field of 20 × 20 in the colour of the text around them, and say nothing aloud. */
function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      className="od-icon"
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const STATES: Record<State, ReactNode> = {
  unknown: <path d="M7.5 7.6a2.5 2.5 0 1 1 3.6 2.3c-.7.4-1.1.9-1.1 1.7M10 14.4v.1" />,
  waiting: (
    <>
      <circle cx="10" cy="10" r="6.8" />
      <path d="M10 6.2V10l2.5 1.6" />
    </>
  ),
  downloading: <path d="M10 3.5v10M5.8 9.4l4.2 4.2 4.2-4.2M4.5 16.8h11" />,
  storing: <path d="M10 13.4v-10M5.8 7.6 10 3.4l4.2 4.2M3.8 12.4v3.2c0 .7.5 1.2 1.2 1.2h10c.7 0 1.2-.5 1.2-1.2v-3.2" />,
  ok: <path d="m4 10.6 3.9 3.9L16 6" />,
  error: (
    <>
      <circle cx="10" cy="10" r="6.8" />
      <path d="M10 6.4v4.2M10 13.5v.1" />
    </>
  ),
  paused: (
    <>
      <circle cx="10" cy="10" r="6.8" />
      <path d="M8.2 7.6v4.8M11.8 7.6v4.8" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="10" cy="10" r="6.8" />
      <path d="m5.3 14.7 9.4-9.4" />
    </>
  ),
};

export function StateIcon({ state }: { state: State }) {
  return <Icon>{STATES[state] ?? STATES.unknown}</Icon>;
}

export function PauseIcon() {
  return (
    <Icon>
      <path d="M7.2 5v10M12.8 5v10" strokeWidth="2" />
    </Icon>
  );
}

export function ResumeIcon() {
  return (
    <Icon>
      <path d="M6.8 4.9v10.2l8.2-5.1z" />
    </Icon>
  );
}

export function RetryIcon() {
  return (
    <Icon>
      <path d="M15.6 10a5.6 5.6 0 1 1-1.7-4l1.7 1.7M15.6 4v3.7h-3.7" />
    </Icon>
  );
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />
    </Icon>
  );
}

export function ChevronIcon() {
  return (
    <Icon>
      <path d="m6 8 4 4 4-4" />
    </Icon>
  );
}

export function SearchIcon() {
  return (
    <Icon>
      <circle cx="9" cy="9" r="4.6" />
      <path d="m12.6 12.6 3.4 3.4" />
    </Icon>
  );
}

export function WarningIcon() {
  return (
    <Icon>
      <path d="M10 3.6 17 16H3zM10 8.4v3.4M10 13.9v.1" />
    </Icon>
  );
}

export function KeyIcon() {
  return (
    <Icon>
      <circle cx="6.6" cy="10" r="3" />
      <path d="M9.6 10H17M14 10v2.8M17 10v2" />
    </Icon>
  );
}

export function EyeIcon({ isCrossed }: { isCrossed: boolean }) {
  return (
    <Icon>
      <path d="M2.8 10S5.4 5.2 10 5.2 17.2 10 17.2 10 14.6 14.8 10 14.8 2.8 10 2.8 10z" />
      <circle cx="10" cy="10" r="2.1" />
      {isCrossed && <path d="m4.4 15.6 11.2-11.2" />}
    </Icon>
  );
}

export function PlusIcon() {
  return (
    <Icon>
      <path d="M10 5v10M5 10h10" />
    </Icon>
  );
}

const LEVEL_SHAPES: Record<Level, ReactNode> = {
  high: <path d="M10 15.2V5M5.8 9.2 10 5l4.2 4.2" />,
  normal: <path d="M7 15V5.4M4.4 8 7 5.4 9.6 8M13 5v9.6M10.4 12l2.6 2.6 2.6-2.6" />,
  low: <path d="M10 4.8V15M5.8 10.8 10 15l4.2-4.2" />,
};

export function LevelIcon({ level }: { level: Level }) {
  return <Icon>{LEVEL_SHAPES[level]}</Icon>;
}
