import { useState } from 'react';
import { ApiError } from '../api';
import type { Sentences } from '../extras';
import type { Feed } from '../feed';
import { gettext } from '../i18n';
import { refusal, refusedField, withoutField } from '../refusal';
import type { AddReply, Place } from '../types';
import { NO_WISHES, requestOf, type WishField, type Wishes } from '../wishes';
import type { Links } from './useLinks';

export interface Adding {
  isSending: boolean;
  /** What concerns all links; empty when nothing does. */
  problem: string;
  /** What the server says about the options. */
  fields: Sentences<WishField>;
  /** The field is being changed: what was said about it is no news any more. */
  heed: (fields: readonly string[]) => void;
  add: (place: Place | null, wishes: Wishes) => Promise<Outcome>;
}

/** Of several links some may have been added. */
export type Outcome = 'all' | 'some' | 'none';

/** Sends what is good in the box and sorts the answer: a link, one of the options, or everything is refused. */
export function useAdding(feed: Feed, links: Links, onRefusedField: () => void): Adding {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  const [fields, setFields] = useState<Sentences<WishField>>({});

  const send = async (place: Place, wishes: Wishes): Promise<Outcome> => {
    const urls = links.good;
    try {
      const reply = await feed.add({ repo_id: place.repoId, path: place.path, urls, ...requestOf(wishes) });
      const refused = refusedLinks(urls, reply);
      links.settle(
        urls.filter((url) => !refused.has(url)),
        refused,
      );
      return refused.size === 0 ? 'all' : 'some';
    } catch (error) {
      told(error, urls);
      return 'none';
    }
  };
  const told = (error: unknown, urls: readonly string[]) => {
    const about = refusedField(error);
    const field = wishField(about?.field);
    if (about && field) {
      setFields({ [field]: about.sentence });
      onRefusedField();
    } else if (urls.length === 1 && concernsLink(error)) {
      links.settle([], new Map([[urls[0]!, withoutField(refusal(error))]]));
    } else setProblem(about?.field === 'urls' ? about.sentence : refusal(error));
  };
  const add = async (place: Place | null, wishes: Wishes): Promise<Outcome> => {
    setFields({});
    setProblem(missing(place, links));
    links.judge();
    if (isSending || !place || links.good.length === 0) return 'none';
    setSending(true);
    try {
      return await send(place, wishes);
    } finally {
      setSending(false);
    }
  };
  const heed = (changed: readonly string[]) =>
    setFields((now) => Object.fromEntries(Object.entries(now).filter(([field]) => !changed.includes(field))));
  return { isSending, problem, fields, heed, add };
}

function wishField(field: string | undefined): WishField | null {
  if (field === 'priority') return 'level';
  return field && Object.hasOwn(NO_WISHES, field) ? (field as WishField) : null;
}

function missing(place: Place | null, links: Links): string {
  if (!links.text.trim()) return gettext('Please paste a link first.');
  return place ? '' : gettext('Please choose a folder first.');
}

/** The server may name a link in another form than it was written in. */
function refusedLinks(urls: readonly string[], { failed }: AddReply): Map<string, string> {
  const said = new Map(failed.map(({ url, error_msg }) => [canonical(url), withoutField(error_msg)]));
  const refused = new Map<string, string>();
  for (const url of urls) {
    const sentence = said.get(canonical(url));
    if (sentence !== undefined) refused.set(url, sentence);
  }
  return refused;
}

function canonical(url: string): string {
  try {
    return new URL(url).href;
  } catch {
    return url;
  }
}

function concernsLink(error: unknown): boolean {
  return refusedField(error)?.field === 'url' || (error instanceof ApiError && error.status === 409);
}
