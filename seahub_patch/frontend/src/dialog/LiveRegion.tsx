import type { ListState } from '../state';

/** Read aloud when it changes: states, never progress. */
export function LiveRegion({ announcement }: Pick<ListState, 'announcement'>) {
  return (
    <div className="od-sr-only" role="status" aria-live="polite">
      <span key={announcement.number}>{announcement.text}</span>
    </div>
  );
}
