import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Api } from '../api';
import { Feed } from '../feed';
import type { ListState } from '../state';
import type { Place, Task } from '../types';

/** The feed of this list: it looks while the list is on the screen and no longer. */
export function useFeed(
  api: Api,
  place: Place | null,
  onFinished: ((task: Task) => boolean | void) | undefined,
  perPage: number | undefined,
): [Feed, ListState] {
  const latest = useRef({ place, onFinished });
  latest.current = { place, onFinished };
  const [feed] = useState(
    () =>
      new Feed(api, {
        place: () => latest.current.place,
        onFinished: (task) => latest.current.onFinished?.(task),
        perPage,
      }),
  );
  useEffect(() => {
    feed.start();
    return feed.stop;
  }, [feed]);
  return [feed, useSyncExternalStore(feed.subscribe, feed.snapshot)];
}
