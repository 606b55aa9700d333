export interface ProgressBarProps {
  /** 0 to 100; null: it moves, nobody knows how far. */
  value: number | null;
  label: string;
  words: string;
}

export function ProgressBar({ value, label, words }: ProgressBarProps) {
  return (
    <div
      className={value === null ? 'od-bar od-bar-endless' : 'od-bar'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value ?? undefined}
      aria-valuetext={words}
    >
      <div className="od-bar-fill" style={value === null ? undefined : { transform: `scaleX(${value / 100})` }} />
    </div>
  );
}
