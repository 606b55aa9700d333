import { useState } from 'react';
import { ApiError } from '../api';
import type { Feed } from '../feed';
import { gettext } from '../i18n';
import { refusal } from '../refusal';
import type { AddReply, Place } from '../types';
import type { Extra, Extras } from './Options';
import type { Links } from './useLinks';

export interface Adding {
  isSending: boolean;
  /** What concerns all links; empty when nothing does. */
  problem: string;
  /** What the server says about the options of a link. */
  extraProblems: Partial<Extras>;
  /** True when at least one link was added. */
  add: (place: Place | null, extras: Extras) => Promise<boolean>;
}

const EXTRAS: readonly Extra[] = ['name', 'checksum'];

/** Sends what is good in the box and sorts the answer: a link, one of its options, or everything is refused. */
export function useAdding(feed: Feed, links: Links): Adding {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  const [extraProblems, setExtraProblems] = useState<Partial<Extras>>({});

  const send = async (place: Place, { name, checksum }: Extras): Promise<boolean> => {
    const urls = links.good;
    try {
      const extras = { ...(name && { name }), ...(checksum && { checksum }) };
      const request = { repo_id: place.repoId, path: place.path, urls, ...extras };
      const reply = await feed.add(request);
      const refused = refusedLinks(urls, reply);
      links.settle(
        urls.filter((url) => !refused.has(url)),
        refused,
      );
      return reply.data.length > 0;
    } catch (error) {
      const said = refusal(error);
      const extra = EXTRAS.find((field) => concerns(error, field));
      if (extra) setExtraProblems({ [extra]: withoutField(said) });
      else if (urls.length === 1 && concernsLink(error)) links.settle([], new Map([[urls[0]!, withoutField(said)]]));
      else setProblem(said);
      return false;
    }
  };
  const add = async (place: Place | null, extras: Extras): Promise<boolean> => {
    setExtraProblems({});
    setProblem(missing(place, links));
    links.judge();
    if (isSending || !place || links.good.length === 0) return false;
    setSending(true);
    try {
      return await send(place, extras);
    } finally {
      setSending(false);
    }
  };
  return { isSending, problem, extraProblems, add };
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

function concerns(error: unknown, field: 'url' | Extra): boolean {
  return error instanceof ApiError && error.status === 400 && error.message.startsWith(`${field} `);
}

function concernsLink(error: unknown): boolean {
  return concerns(error, 'url') || (error instanceof ApiError && error.status === 409);
}

/** "url invalid. The link is too long." -> what follows the field's name, where anything does. */
function withoutField(sentence: string): string {
  const rest = sentence.replace(/^(url|name|checksum) invalid\.\s*/, '');
  return rest || gettext('The server cannot take this.');
}
