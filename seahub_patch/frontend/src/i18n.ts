import type { PageConfig } from './config';
import { plain } from './plain';
import type { Task } from './types';

/** Django's JSONCatalog: one text, or one a plural form. */
export type Catalog = Record<string, string | string[]>;

type Values = Record<string, string | number>;

// In the order in which gettext's plural forms stand.
const CATEGORIES = ['zero', 'one', 'two', 'few', 'many', 'other'];

let catalog: Catalog = {};
let forms = new Intl.PluralRules('en');
let tag = 'en';

/** The reader's language as Intl takes it. */
export function language(): string {
  return tag;
}

export function setLanguage(lang: string, texts: Catalog): void {
  catalog = texts;
  tag = Intl.PluralRules.supportedLocalesOf(wellFormed(lang))[0] ?? 'en';
  forms = new Intl.PluralRules(tag);
}

/** English stays when the catalogue does not come: better than no page. */
export async function loadCatalog(config: Pick<PageConfig, 'lang' | 'catalogUrl'>): Promise<void> {
  setLanguage(config.lang, {});
  if (!config.catalogUrl) return;
  try {
    const response = await fetch(config.catalogUrl, { credentials: 'same-origin' });
    if (!response.ok) return;
    const { catalog: texts } = (await response.json()) as { catalog?: Catalog };
    setLanguage(config.lang, texts ?? {});
  } catch {
    // Said above.
  }
}

export function gettext(text: string, values?: Values): string {
  const found = catalog[text];
  const translated = (Array.isArray(found) ? found[0] : found) || text;
  return values ? interpolate(translated, values) : translated;
}

/** `{count}` is there without being given, as the reader's language writes the number. */
export function ngettext(one: string, many: string, count: number, values?: Values): string {
  const found = catalog[one];
  const form = Array.isArray(found) ? found[pluralIndex(count, found.length)] : found;
  const translated = form || (count === 1 ? one : many);
  return interpolate(translated, { count: new Intl.NumberFormat(tag).format(count), ...values });
}

/** Names in braces are replaced; what is not given stays as it is. */
export function interpolate(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (all, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : all,
  );
}

/** Why the task is where it is, in the reader's language where we know how to say it. */
export function reasonText(
  task: Pick<Task, 'reason' | 'reason_args' | 'comment'>,
  reasons: Record<string, string> = {},
): string {
  return plain(sentence(task, reasons));
}

function sentence(
  task: Pick<Task, 'reason' | 'reason_args' | 'comment'>,
  reasons: Record<string, string>,
): string {
  const template = Object.hasOwn(reasons, task.reason) ? reasons[task.reason]! : '';
  const translated = template && catalog[template];
  if (typeof translated !== 'string' || !translated) return task.comment;
  const names = [...translated.matchAll(/\{(\w+)/g)].map((match) => match[1]!);
  const args = task.reason_args ?? {};
  return names.every((name) => Object.hasOwn(args, name)) ? interpolate(translated, args) : task.comment;
}

function pluralIndex(count: number, length: number): number {
  const known = forms.resolvedOptions().pluralCategories as string[];
  const ordered = CATEGORIES.filter((category) => known.includes(category));
  return Math.min(ordered.indexOf(forms.select(count)), length - 1);
}

// Django's "zh-cn" is fine for Intl; a name that is not ("sr@latin") must not end the script.
function wellFormed(lang: string): string[] {
  try {
    return Intl.getCanonicalLocales(lang.replace('_', '-'));
  } catch {
    return [];
  }
}
