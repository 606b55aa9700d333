import { gettext } from './i18n';

const FORBIDDEN = /[/\\:*?"<>|\u0000-\u001f\u007f-\u009f]/;

/** A sentence when no file can be called so; the server, which knows more rules, has the last word. */
export function problemOfName(name: string): string {
  const text = name.trim();
  if (FORBIDDEN.test(text)) return gettext('A name cannot hold any of these: / \\ : * ? " < > |');
  if (/\.$/.test(text)) return gettext('A name cannot end with a full stop.');
  return '';
}
