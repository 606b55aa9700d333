import { gettext, ngettext } from './i18n';
import { number } from './format';
import { hasLogin } from './logins';
import type { ServiceConfig } from './types';

export type LinkRules = Pick<ServiceConfig, 'schemes' | 'max_urls' | 'max_link_length' | 'extras'>;

/** What holds until the server has said what it takes. */
export const USUAL_RULES: LinkRules = {
  schemes: ['http', 'https'],
  max_urls: 100,
  max_link_length: 4096,
  extras: true,
};

export interface Line {
  /** Where it stands in the box, from 0. */
  index: number;
  text: string;
  /** A sentence; empty when the link is good. */
  problem: string;
  /** The problem costs nothing: everything that is meant will be added. */
  isHarmless?: boolean;
}

// Invisible characters, those that turn the direction of writing, and the backslash.
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\\]/;
const SCHEME = /^([a-z][a-z0-9+.-]{0,29}):/i;

/** All lines that hold something. Nothing is decided here that the server does not decide again. */
export function readLinks(box: string, rules: LinkRules): Line[] {
  const seen = new Set<string>();
  let good = 0;
  return split(box).map(({ index, text }) => {
    let problem = problemOf(text, rules);
    if (!problem && seen.has(text)) {
      return { index, text, problem: gettext('This link is in the box twice; it is taken once.'), isHarmless: true };
    }
    seen.add(text);
    if (!problem) {
      good += 1;
      if (good > rules.max_urls) problem = tooMany(rules.max_urls);
    }
    return { index, text, problem };
  });
}

export function goodLinks(lines: readonly Line[]): string[] {
  return lines.filter((line) => !line.problem).map((line) => line.text);
}

function split(box: string): { index: number; text: string }[] {
  return box
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ index, text: line.trim() }))
    .filter((line) => line.text);
}

function problemOf(text: string, rules: LinkRules): string {
  if (text.length > rules.max_link_length) {
    return gettext('The link is too long: {length} characters, at most {limit} are allowed.', {
      length: number(text.length),
      limit: number(rules.max_link_length),
    });
  }
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (!scheme || FORBIDDEN.test(text)) return notALink();
  if (!rules.schemes.includes(scheme)) {
    // "example.com:8080/file" has no scheme at all.
    if (scheme.includes('.') || !text.includes('//')) return scheme === 'magnet' ? unsupported(scheme, rules) : notALink();
    return unsupported(scheme, rules);
  }
  return hasLogin(text) ? strayLogin(rules) : hasHost(text, scheme);
}

/** One that could be taken out of the link is not there any more. */
function strayLogin({ extras }: LinkRules): string {
  if (!extras) return gettext('The link has a user name or password in it; please give a link without them.');
  return gettext('This link has another user name or password than the one below; please add it by itself.');
}

function hasHost(text: string, scheme: string): string {
  const authority = text.slice(scheme.length + 1).match(/^\/\/([^/?#]*)/)?.[1] ?? '';
  if (!authority || /\s/.test(authority)) return notALink();
  try {
    return new URL(`http://${authority}`).hostname ? '' : notALink();
  } catch {
    return notALink();
  }
}

function notALink(): string {
  return gettext('This is not a link that can be downloaded; it should look like https://example.com/file.zip.');
}

function unsupported(scheme: string, rules: LinkRules): string {
  return gettext('Links that begin with {scheme}: are not supported; supported are {schemes}.', {
    scheme,
    schemes: rules.schemes.join(', '),
  });
}

function tooMany(limit: number): string {
  return ngettext(
    'Only {count} link can be added at once; add this one afterwards.',
    'Only {count} links can be added at once; add this one afterwards.',
    limit,
  );
}
