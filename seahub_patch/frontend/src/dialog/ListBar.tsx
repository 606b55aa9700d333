import { useState } from 'react';
import type { Feed } from '../feed';
import { gettext } from '../i18n';
import { refusal } from '../refusal';
import type { ListState } from '../state';
import type { Place, State } from '../types';
import { SearchBox } from './SearchBox';
import { Tabs } from './Tabs';

export interface ListBarProps {
  feed: Feed;
  state: ListState;
  place: Place | null;
}

/** Above the list: which tasks it shows, and what clears it. */
export function ListBar({ feed, state, place }: ListBarProps) {
  const { choice } = state;
  return (
    <div className="od-list-bar">
      <h2 id="od-downloads">{gettext('Downloads')}</h2>
      <Tabs state={state} onTab={(tab) => feed.choose({ tab })} />
      <div className="od-list-tools">
        {place && (
          <label className="od-check">
            <input
              type="checkbox"
              checked={choice.repoId !== ''}
              onChange={(event) => feed.choose({ repoId: event.target.checked ? place.repoId : '' })}
            />
            {gettext('This library only')}
          </label>
        )}
        <SearchBox text={choice.text} onText={(text) => feed.choose({ text })} />
        <ClearButton feed={feed} state={state} />
      </div>
    </div>
  );
}

/** It clears whole states, whatever is searched for, so it is not offered while the list shows only a part of them. */
function ClearButton({ feed, state }: { feed: Feed; state: ListState }) {
  const [problem, setProblem] = useState('');
  const { tab, text, repoId } = state.choice;
  const states: State[] = tab === 'failed' ? ['error'] : ['ok', 'cancelled'];
  const count = states.reduce((sum, name) => sum + (state.stats?.by_status[name]?.tasks ?? 0), 0);
  const isPartial = text !== '' || repoId !== '' || tab === 'active';
  const clear = () => {
    setProblem('');
    feed.cleanUp(states).catch((error: unknown) => setProblem(refusal(error)));
  };
  return (
    <span className="od-clear">
      <button type="button" className="od-quiet" disabled={isPartial || count === 0} onClick={clear}>
        {tab === 'failed' ? gettext('Clear failed') : gettext('Clear finished')}
      </button>
      {problem && (
        <span className="od-refused" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
