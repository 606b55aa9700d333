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
