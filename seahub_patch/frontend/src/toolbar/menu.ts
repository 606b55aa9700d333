import { gettext } from '../i18n';
import { makeIcon } from './icon';

export const ITEM_CLASS = 'od-menu-item';

// 14: the "+" in the toolbar and the "New" above the folder tree. Their menus hang elsewhere in the page.
const OPENERS = ['.dir-operation', '.dir-new-container']
  .map((place) => `${place} .more-dropdown-toggle[aria-expanded="true"]`)
  .join(', ');

const ANCHORS = ['.seafile-multicolor-icon-upload-folder', '.seafile-multicolor-icon-upload-files'];

/** Puts our item behind "Upload Folder" into the menu that is open; it goes when Seahub takes the menu away. */
export function placeItem(root: ParentNode, onChoose: () => void): void {
  if (!root.querySelector(OPENERS)) return;
  for (const menu of root.querySelectorAll<HTMLElement>('.dropdown-menu.show[role="menu"]')) {
    const anchor = findAnchor(menu);
    if (anchor && !menu.querySelector(`.${ITEM_CLASS}`)) anchor.after(makeItem(menu, anchor, onChoose));
  }
}

function findAnchor(menu: HTMLElement): HTMLElement | null {
  for (const icon of ANCHORS) {
    const item = menu.querySelector(icon)?.closest<HTMLElement>('button[role="menuitem"]');
    if (item?.parentElement === menu) return item;
  }
  return null;
}

/** Built like its neighbour: Seahub's own keys (arrows, Enter, Escape) look for the role and find ours among theirs. */
function makeItem(menu: HTMLElement, anchor: HTMLElement, onChoose: () => void): HTMLButtonElement {
  const item = document.createElement('button');
  item.type = 'button';
  item.className = `dropdown-item ${ITEM_CLASS}`;
  item.tabIndex = anchor.tabIndex;
  item.setAttribute('role', 'menuitem');
  const label = span('dropdown-item-label', gettext('Offline download'));
  label.title = label.textContent ?? '';
  const slot = span(anchor.querySelector('.dropdown-item-main-slot > .dropdown-item-icon')?.className ?? '');
  slot.append(makeIcon('seafile-multicolor-icon dropdown-item-icon'));
  const main = span('dropdown-item-main-slot');
  main.append(slot, label);
  item.append(main);
  item.addEventListener('click', () => {
    closeMenu(menu, item);
    onChoose();
  });
  return item;
}

function span(className: string, text = ''): HTMLSpanElement {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}

/** The menu is Seahub's and closes as by hand: Escape gives the focus back to its toggle, a click outside is sure. */
function closeMenu(menu: HTMLElement, item: HTMLElement): void {
  item.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));
  window.setTimeout(() => {
    if (menu.isConnected && menu.classList.contains('show')) {
      document.body.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    }
  }, 0);
}
