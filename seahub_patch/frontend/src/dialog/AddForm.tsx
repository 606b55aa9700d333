import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { problemOfChecksum } from '../checksums';
import type { Feed } from '../feed';
import { gettext, ngettext } from '../i18n';
import { USUAL_RULES } from '../links';
import { problemOfName } from '../names';
import type { Place, ServiceConfig } from '../types';
import { LinkBox } from './LinkBox';
import { NO_EXTRAS, Options, type Extras } from './Options';
import { SavesTo } from './SavesTo';
import { ServiceNotice } from './ServiceNotice';
import { useAdding } from './useAdding';
import { useLinks } from './useLinks';

export interface AddFormProps {
  feed: Feed;
  service: ServiceConfig | null;
  place: Place | null;
  picker?: ReactNode;
  links?: string;
  onDraft?: (links: string) => void;
}

export function AddForm({ feed, service, place, picker, links: initial = '', onDraft }: AddFormProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const links = useLinks(initial, service);
  const adding = useAdding(feed, links);
  const [extras, setExtras] = useState(NO_EXTRAS);
  const [isOpen, setOpen] = useState(false);
  const hasOneLink = links.good.length <= 1;
  const problems = {
    name: problemOfName(extras.name) || adding.extraProblems.name,
    checksum: problemOfChecksum(extras.checksum) || adding.extraProblems.checksum,
  };

  useEffect(() => {
    onDraft?.(links.text);
  }, [links.text, onDraft]);

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    const wished = isOpen && hasOneLink ? trimmed(extras) : NO_EXTRAS;
    if (problemOfName(wished.name) || problemOfChecksum(wished.checksum)) return;
    if (await adding.add(place, wished)) setExtras(NO_EXTRAS);
    box.current?.focus();
  };
  if (service && !(service.enabled && service.can_add)) return <ServiceNotice service={service} />;
  return (
    <form className="od-form" onSubmit={(event) => void submit(event)} noValidate>
      {service && <ServiceNotice service={service} />}
      <LinkBox
        box={box}
        text={links.text}
        schemes={(service ?? USUAL_RULES).schemes}
        problems={links.problems}
        onText={links.type}
        onSubmit={() => void submit()}
      />
      {isOpen && (
        <Options
          extras={extras}
          problems={problems}
          hasOneLink={hasOneLink}
          onChange={(change) => setExtras({ ...extras, ...change })}
        />
      )}
      {adding.problem && (
        <div className="od-refused" role="alert">
          {adding.problem}
        </div>
      )}
      <div className="od-submit-row">
        {picker ?? <SavesTo place={place} />}
        <button type="button" className="od-quiet od-more" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {gettext('More options')}
          <span className="od-chevron" aria-hidden="true" />
        </button>
        <button type="submit" className="btn btn-primary od-primary" aria-busy={adding.isSending}>
          {adding.isSending ? gettext('Adding…') : submitLabel(links.good.length)}
        </button>
      </div>
    </form>
  );
}

function trimmed({ name, checksum }: Extras): Extras {
  return { name: name.trim(), checksum: checksum.trim() };
}

function submitLabel(count: number): string {
  return count > 1 ? ngettext('Download {count} file', 'Download {count} files', count) : gettext('Download');
}
