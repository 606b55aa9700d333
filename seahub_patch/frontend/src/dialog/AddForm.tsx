import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { Feed } from '../feed';
import { number } from '../format';
import { gettext, ngettext } from '../i18n';
import { USUAL_RULES } from '../links';
import { withoutLogins } from '../logins';
import type { Place, ServiceConfig } from '../types';
import { NO_WISHES, countOf, enteredSince, problemsOf, wishesFor, type Wishes } from '../wishes';
import { LinkBox } from './LinkBox';
import { Options } from './Options';
import { SavesTo } from './SavesTo';
import { ServiceNotice } from './ServiceNotice';
import { useAdding } from './useAdding';
import { useLinks } from './useLinks';
import { useWrongBox } from './useWrongBox';

export interface AddFormProps {
  feed: Feed;
  service: ServiceConfig | null;
  /** Undefined: it will be known soon. */
  place: Place | null | undefined;
  picker?: ReactNode;
  links?: string;
  onDraft?: (links: string) => void;
}

/** What opened by itself, because something had to be seen, closes with the links. */
type Opened = 'no' | 'by hand' | 'for a moment';

export function AddForm({ feed, service, place, picker, links: initial = '', onDraft }: AddFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const [wishes, setWishes] = useState(NO_WISHES);
  const [opened, setOpened] = useState<Opened>('no');
  const [isWanted, setWanted] = useState(false);
  const isOpen = opened !== 'no';
  const change = (some: Partial<Wishes>) => {
    setWishes((now) => ({ ...now, ...some }));
    adding.heed(Object.keys(some));
  };
  const links = useLinks(initial, service, {
    login: wishes,
    onLogin: (login) => {
      change(login);
      show();
    },
  });
  const show = () => setOpened((now) => (now === 'no' ? 'for a moment' : now));
  const adding = useAdding(feed, links, show);
  const focusWrongBox = useWrongBox(form);
  const entered = { ...wishes, ...links.login };
  const wished = wishesFor(entered, links.good);
  const problems = problemsOf(wished, links.good);

  useEffect(() => {
    onDraft?.(withoutLogins(links.text));
  }, [links.text, onDraft]);

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (Object.keys(problems).length > 0) {
      show();
      focusWrongBox();
      return;
    }
    if (place === undefined) {
      setWanted(true);
      return;
    }
    const before = document.activeElement;
    const outcome = await adding.add(place, wished);
    // Whoever has gone on meanwhile stays where they are, and keeps what they have entered.
    if (before === document.activeElement || document.activeElement === document.body) box.current?.focus();
    if (outcome === 'none') focusWrongBox();
    if (outcome !== 'all') return;
    setWishes((now) => enteredSince(entered, now));
    setOpened((now) => (now === 'for a moment' && !document.activeElement?.closest('.od-options') ? 'no' : now));
  };
  useEffect(() => {
    if (!isWanted || place === undefined) return;
    setWanted(false);
    void submit();
  }, [isWanted, place]);
  if (service && !(service.enabled && service.can_add)) return <ServiceNotice service={service} />;
  return (
    <form className="od-form" ref={form} onSubmit={(event) => void submit(event)} autoComplete="off" noValidate>
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
          wishes={wishes}
          problems={{ ...adding.fields, ...problems }}
          service={service}
          links={links.good.length}
          onChange={change}
        />
      )}
      {adding.problem && (
        <div className="od-refused" role="alert">
          {adding.problem}
        </div>
      )}
      <div className="od-submit-row">
        {picker ?? <SavesTo place={place ?? null} />}
        <MoreButton isOpen={isOpen} count={countOf(wished)} onClick={() => setOpened(isOpen ? 'no' : 'by hand')} />
        <button type="submit" className="btn btn-primary od-primary" aria-busy={adding.isSending || isWanted}>
          {adding.isSending || isWanted ? gettext('Adding…') : submitLabel(links.good.length)}
        </button>
      </div>
    </form>
  );
}

interface MoreButtonProps {
  isOpen: boolean;
  /** How many options are set: closed, they count all the same. */
  count: number;
  onClick: () => void;
}

function MoreButton({ isOpen, count, onClick }: MoreButtonProps) {
  return (
    <button type="button" className="od-quiet od-more" aria-expanded={isOpen} onClick={onClick}>
      {!isOpen && count > 0 ? gettext('More options ({count})', { count: number(count) }) : gettext('More options')}
      <span className="od-chevron" aria-hidden="true" />
    </button>
  );
}

function submitLabel(count: number): string {
  return count > 1 ? ngettext('Download {count} file', 'Download {count} files', count) : gettext('Download');
}
