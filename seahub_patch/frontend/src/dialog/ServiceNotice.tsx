import { gettext } from '../i18n';
import type { ServiceConfig } from '../types';
import { WarningIcon } from './icons';

/** What stands in the way of downloads as a whole; nothing when nothing does. */
export function ServiceNotice({ service }: { service: ServiceConfig }) {
  const text = sentence(service);
  if (!text) return null;
  return (
    <div className="od-notice od-warning" role="status">
      <WarningIcon />
      <span>{text}</span>
    </div>
  );
}

function sentence({ enabled, can_add: canAdd, running, message }: ServiceConfig): string {
  if (!enabled) return gettext('The offline download is switched off on this server.');
  if (!canAdd) return gettext('You may not add downloads here. Your administrator can change that.');
  if (running) return '';
  return message || gettext('The download service is not running; your links will start when it is back.');
}
