import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../../tests/browser/toolbar');

/** A page with the toolbar of a Seahub family, at the address that Seahub would show it at. */
export function show(name: string): void {
  const page = new DOMParser().parseFromString(readFileSync(join(FOLDER, `${name}.html`), 'utf8'), 'text/html');
  document.body.replaceChildren(...page.body.childNodes);
  goTo(page.querySelector<HTMLMetaElement>('meta[name="address"]')!.content);
}

/** What Seahub does when it draws another state of the same page: the elements inside its root are new ones. */
export function redraw(name: string): void {
  const [wrapper, modal] = [document.getElementById('wrapper')!, document.getElementById('modal-wrapper')!];
  const before = [...document.body.childNodes];
  show(name);
  wrapper.replaceChildren(...document.getElementById('wrapper')!.childNodes);
  modal.replaceChildren(...document.getElementById('modal-wrapper')!.childNodes);
  document.body.replaceChildren(...before);
}

export function goTo(address: string): void {
  window.history.replaceState(null, '', address);
}

/** Until what was scheduled for the next frame is done. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}
