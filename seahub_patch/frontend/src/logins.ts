import type { Login } from './extras';

const WITH_LOGIN = /^(\s*[a-z][a-z0-9+.-]*:\/\/)([^/?#\s]*)@(.*)$/i;

export interface Lifted {
  text: string;
  /** What stood in the links; null where nothing did. */
  login: Login | null;
}

/**
 * Takes `user:password@` out of the lines of a box. A form has one user name and one password: a line with others
 * than these, the known ones or those of the first such line, stays as it is. A user name alone is completed by the known
 * password.
 */
export function liftLogin(box: string, known: Login): Lifted {
  const lines = box
    .split('\n')
    .map(split)
    .map((line) => ({ ...line, login: line.login && completed(line.login, known) }));
  const isAlone = lines.filter(({ text }) => text.trim()).length === 1;
  const first = lines.find(({ login }) => login)?.login ?? null;
  if (!first) return { text: box, login: null };
  const chosen = isAlone || (!known.username && !known.password) ? first : known;
  const text = lines.map((line) => (line.login && isSame(line.login, chosen) ? line.bare : line.text)).join('\n');
  return { text, login: text === box ? null : chosen };
}

/** The lines as anybody may keep them. */
export function withoutLogins(box: string): string {
  return box
    .split('\n')
    .map((line) => split(line).bare)
    .join('\n');
}

export function hasLogin(link: string): boolean {
  return WITH_LOGIN.test(link);
}

function split(text: string): { text: string; bare: string; login: Login | null } {
  const [, scheme, info, rest] = WITH_LOGIN.exec(text) ?? [];
  if (scheme === undefined || info === undefined || rest === undefined) return { text, bare: text, login: null };
  const colon = info.includes(':') ? info.indexOf(':') : info.length;
  const login = { username: decode(info.slice(0, colon)), password: decode(info.slice(colon + 1)) };
  return { text, bare: scheme + rest, login };
}

function completed(login: Login, known: Login): Login {
  const isOther = login.username && known.username && login.username !== known.username;
  if (login.password || isOther) return login;
  return { username: login.username || known.username, password: known.password };
}

function isSame(one: Login, other: Login): boolean {
  return one.username === other.username && one.password === other.password;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
