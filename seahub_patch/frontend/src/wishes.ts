import { problemOfChecksum } from './checksums';
import { NO_EXTRAS, fieldsOf, hasSecrets, problemsOfExtras, type Extras, type Sentences } from './extras';
import { gettext } from './i18n';
import { problemOfName } from './names';
import { PRIORITIES, type Level } from './priorities';
import type { AddRequest } from './types';

/** All that may be said of links beside where they go: what "More options" holds. */
export interface Wishes extends Extras {
  name: string;
  checksum: string;
  level: Level;
}

export type WishField = keyof Wishes;

export const NO_WISHES: Wishes = { ...NO_EXTRAS, name: '', checksum: '', level: 'normal' };

const USUAL_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443', 'ftp:': '21' };

/** A name and a checksum are for a single link, everything else is for all of them. */
export function wishesFor(wishes: Wishes, links: readonly string[]): Wishes {
  return links.length > 1 ? { ...wishes, name: '', checksum: '' } : wishes;
}

/** What was entered after `sent` had left; of the rest nothing is kept. */
export function enteredSince(sent: Wishes, now: Wishes): Wishes {
  const later = Object.entries(now).filter(([field, value]) => value !== sent[field as WishField]);
  return { ...NO_WISHES, ...Object.fromEntries(later) };
}

export function requestOf(wishes: Wishes): Omit<AddRequest, 'repo_id' | 'path' | 'urls'> {
  const { name, checksum, level } = wishes;
  return {
    ...(name.trim() && { name: name.trim() }),
    ...(checksum.trim() && { checksum: checksum.trim() }),
    ...(level !== 'normal' && { priority: PRIORITIES[level] }),
    ...fieldsOf(wishes),
  };
}

/** How many things were wished for. */
export function countOf(wishes: Wishes): number {
  const { headers, username, password, ...others } = requestOf(wishes);
  return Object.keys(others).length + Object.keys(headers ?? {}).length + (username || password ? 1 : 0);
}

/** Sentences by field; `servers`: what is wrong with the links together. */
export function problemsOf(wishes: Wishes, links: readonly string[]): Sentences<WishField | 'servers'> {
  const said = {
    name: problemOfName(wishes.name),
    checksum: problemOfChecksum(wishes.checksum),
    servers:
      hasSecrets(wishes) && servers(links).size > 1
        ? gettext('A user name, a password and headers can be given for links to one server only.')
        : '',
    ...problemsOfExtras(wishes),
  };
  return Object.fromEntries(Object.entries(said).filter(([, sentence]) => sentence));
}

function servers(links: readonly string[]): Set<string> {
  return new Set(links.map(serverOf));
}

/** The same for all links of one server: http and https of a name, on the usual ports, are one. */
function serverOf(link: string): string {
  const { protocol, hostname, port } = new URL(link);
  const number = port || USUAL_PORTS[protocol];
  return `${hostname.replace(/\.$/, '')}:${number === '80' ? '443' : number}`;
}
