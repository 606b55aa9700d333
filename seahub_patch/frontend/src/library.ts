import type { Place, Task } from './types';
import { findSpot } from './toolbar/find';

const ROUTE = /^library\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([^/]+)(\/.*)?$/;

// On the same address Seahub shows other things than a folder: views, tags, the trash, the history, the chat.
const OTHER_VIEWS = ['view', 'tag', 'trash', 'history', 'chat'];

/** The folder that an address of Seahub's library page shows; null for every other address. */
export function placeOf(location: Pick<Location, 'pathname' | 'search'>, siteRoot: string): Place | null {
  if (!location.pathname.startsWith(siteRoot)) return null;
  const match = ROUTE.exec(location.pathname.slice(siteRoot.length));
  const query = new URLSearchParams(location.search);
  if (!match || OTHER_VIEWS.some((view) => query.has(view))) return null;
  const folders = (match[3] ?? '').split('/').filter(Boolean).map(decode);
  return { repoId: match[1]!, repoName: decode(match[2]!), path: `/${folders.join('/')}` };
}

/** A name as people wrote it; what is no proper encoding is taken as it stands. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Makes Seahub read the folder on screen again; the address stays. 11 to 13 go by the event's state, 14 by the address.
 * The state must not have a `key`: Seahub would take that for the root.
 */
export function refreshFolder(path: string): void {
  window.dispatchEvent(new PopStateEvent('popstate', { state: { path } }));
}

/**
 * What to do when a download is there: true when its folder is on screen and was read again. Several that are there
 * at once cost one reading.
 */
export function makeOnFinished(siteRoot: string, where: Location = window.location): (task: Task) => boolean {
  let timer = 0;
  return (task) => {
    const place = placeOf(where, siteRoot);
    if (!place || !holds(place, task) || !isFolderShown()) return false;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => refreshFolder(place.path), 0);
    return true;
  };
}

function holds(place: Place, task: Pick<Task, 'repo_id' | 'path'>): boolean {
  return place.repoId === task.repo_id && place.path.normalize('NFC') === task.path.normalize('NFC');
}

/** Seahub puts another toolbar in the place of the folder's while something is selected or a file is open. */
function isFolderShown(): boolean {
  return findSpot(document) !== null;
}
