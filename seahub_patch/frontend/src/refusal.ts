import { ApiError } from './api';
import { gettext } from './i18n';

/** What a person is told when something that they wanted did not happen. */
export function refusal(error: unknown): string {
  const isApi = error instanceof ApiError;
  if (isApi && error.message) return error.message;
  if (isApi && error.status === 0) return gettext('The server does not answer. Please try again.');
  if (isApi && error.loginExpired) return gettext('You are not signed in any more. Please reload the page.');
  return gettext('Something went wrong on the server. Please try again.');
}

/** "checksum invalid. It is too short." -> what it is about and what is said, where it is about a field of a form. */
export function refusedField(error: unknown): { field: string; sentence: string } | null {
  if (!(error instanceof ApiError) || error.status !== 400) return null;
  const field = /^[a-z_]+(?=[ :])/.exec(error.message)?.[0];
  return field ? { field, sentence: withoutField(error.message) } : null;
}

/** What follows the field's name and the word for "invalid", in any language, where anything does. */
export function withoutField(sentence: string): string {
  const rest = sentence.replace(/^[a-z_]+[ :][^.。]*[.。]\s*/, '');
  return rest || gettext('The server cannot take this.');
}
