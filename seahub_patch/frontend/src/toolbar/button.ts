import { gettext } from '../i18n';
import type { Spot } from './find';
import { makeIcon } from './icon';

export const BUTTON_CLASS = 'od-toolbar-button';

/** The one button of this page. It is moved and never made twice, so that the focus finds back to it. */
export function makeButton(onClick: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  const label = document.createElement('span');
  label.className = 'od-toolbar-label';
  label.textContent = gettext('Offline download');
  button.type = 'button';
  button.title = label.textContent;
  button.setAttribute('aria-label', label.textContent);
  button.setAttribute('aria-haspopup', 'dialog');
  button.append(makeIcon(), label);
  button.addEventListener('click', onClick);
  return button;
}

/** Brings the button to its place, or away; changes nothing when all is right. */
export function placeButton(button: HTMLButtonElement, spot: Spot | null): void {
  if (!spot) {
    button.remove();
    return;
  }
  const classes = `${BUTTON_CLASS} ${spot.look}`;
  if (button.className !== classes) button.className = classes;
  if (spot.beside.nextElementSibling !== button) spot.beside.after(button);
}
