import { gettext } from '../i18n';
import { placeLabel } from '../places';
import type { Place } from '../types';

/** The sentence is one for translators; only the place in it stands out. */
export function SavesTo({ place }: { place: Place | null }) {
  if (!place) return <span className="od-saves-to" />;
  const label = placeLabel(place.repoName, place.path);
  const [before, after] = gettext('Saves to {place}').split('{place}');
  return (
    <span className="od-saves-to" title={label}>
      {before}
      <strong>
        <bdi>{label}</bdi>
      </strong>
      {after}
    </span>
  );
}
