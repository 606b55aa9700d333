import { gettext } from './i18n';
import type { ExtraFields, ExtraKind, ServiceConfig, Task } from './types';

export interface Header {
  name: string;
  value: string;
}

export interface Login {
  username: string;
  password: string;
}

/**
 * What a link may need beside its address, called as the routes call it. It lives in a form while that is on the
 * screen and is kept nowhere else.
 */
export interface Extras extends Login {
  headers: readonly Header[];
  referer: string;
  user_agent: string;
}

export type ExtraField = keyof Extras;

export type Sentences<Field extends string> = Partial<Record<Field, string>>;

export const NO_EXTRAS: Extras = { username: '', password: '', headers: [], referer: '', user_agent: '' };

/** The reasons of servers that want to know who asks. */
const LOGIN_REASONS = ['login_wanted', 'login_refused'];

/** The one header that says nothing about a person. */
const HARMLESS = 'Accept-Language';

/** Their order is that of the form. */
export const EXTRA_KINDS: readonly ExtraKind[] = ['password', 'headers', 'cookies', 'referer', 'user_agent'];

/** Without the empty ones. */
export function fieldsOf({ username, password, headers, referer, user_agent }: Extras): ExtraFields {
  const given = headers.filter(({ name, value }) => name && value.trim());
  const lines = Object.fromEntries(given.map(({ name, value }) => [name, value.trim()]));
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(given.length > 0 && { headers: lines }),
    ...(referer.trim() && { referer: referer.trim() }),
    ...(user_agent.trim() && { user_agent: user_agent.trim() }),
  };
}

/** Sentences by field; the server, which knows more rules, has the last word. */
export function problemsOfExtras({ referer }: Extras): Sentences<ExtraField> {
  if (!referer.trim() || /^https?:\/\/[^\s/]+\S*$/i.test(referer.trim())) return {};
  return { referer: gettext('The referer should be the address of a page, like https://example.com/page.') };
}

/** Whether anything of it must reach no other server than the link's own. */
export function hasSecrets(extras: Extras): boolean {
  const { username, password, headers } = fieldsOf(extras);
  return Boolean(username || password || Object.keys(headers ?? {}).some((name) => name !== HARMLESS));
}

/** The names that a header may have. */
export function headerNames(service: ServiceConfig | null): readonly string[] {
  const names = service?.headers ?? [];
  return service?.cookies && !names.includes('Cookie') ? [...names, 'Cookie'] : names;
}

/** What is asked for before it can begin anew; empty where nothing is. */
export function askedFor({ state, extras, extras_wiped: isWiped, reason }: Task): readonly ExtraKind[] {
  if (state !== 'error' && state !== 'cancelled') return [];
  const isWanted = (kind: ExtraKind) =>
    (isWiped && extras.includes(kind)) || (kind === 'password' && LOGIN_REASONS.includes(reason));
  return EXTRA_KINDS.filter(isWanted);
}
