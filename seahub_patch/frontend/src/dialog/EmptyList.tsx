import type { Feed } from '../feed';
import { gettext } from '../i18n';
import type { Choice } from '../state';

export function EmptyList({ feed, choice }: { feed: Feed; choice: Choice }) {
  return (
    <div className="od-empty">
      <p>{sentence(choice)}</p>
      {choice.text && (
        <button type="button" className="od-quiet" onClick={() => feed.choose({ text: '' })}>
          {gettext('Clear the search')}
        </button>
      )}
    </div>
  );
}

function sentence({ text, tab, repoId }: Choice): string {
  if (text) return gettext('No download matches “{text}”.', { text });
  if (tab === 'active') return gettext('Nothing is being downloaded at the moment.');
  if (tab === 'failed') return gettext('Nothing failed. All is well.');
  if (repoId) return gettext('Nothing was downloaded into this library yet.');
  return gettext('Nothing here yet. Paste a link, close the laptop, find the file in your library.');
}
