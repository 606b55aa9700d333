/**
 * Where the button belongs in the toolbar of a library page, by what Seahub 11 to 14 have in common and where they
 * differ. Texts are translated there, so only classes and roles count.
 */
export interface Spot {
  /** The button stands behind this element. */
  beside: Element;
  /** The classes of Seahub that make the button look like its neighbours. */
  look: string;
}

// 11 and 12 to 14; other pages have toolbars of the same name.
const BARS = '.cur-view-toolbar .dir-operation, .lib-cur-view-path .dir-operation';

/** Null where no folder is shown, where it cannot be written to, or while it is being loaded. */
export function findSpot(root: ParentNode): Spot | null {
  for (const bar of root.querySelectorAll(BARS)) {
    const spot = bar.classList.contains('dir-operation-no-dropdown') ? null : besideButton(bar) ?? besideMenu(bar);
    if (spot) return spot;
  }
  return null;
}

/** 11: a button "Upload" of its own, which knows its menu. */
function besideButton(bar: Element): Spot | null {
  const upload = bar.querySelector(':scope > button.operation-item[aria-controls="upload-menu"]');
  return upload && { beside: upload, look: 'btn btn-secondary operation-item' };
}

/** 12 to 14, and 11 on a phone: a menu behind a "+". */
function besideMenu(bar: Element): Spot | null {
  for (const menu of bar.querySelectorAll(':scope > .dropdown')) {
    const look = lookOf(menu);
    if (look) return { beside: menu, look };
  }
  return null;
}

function lookOf(menu: Element): string | null {
  // The tags have a toolbar like a folder's.
  const toggle = menu.querySelector(':scope > [role="button"], :scope > .mobile-toolbar-icon');
  if (!toggle || toggle.classList.contains('all-tags-operation-toggle')) return null;
  if (toggle.classList.contains('mobile-toolbar-icon')) return 'mobile-toolbar-icon';
  // In 14 a `path-item` is a part of the path: its width would be worked out with the others.
  if (toggle.classList.contains('more-dropdown-toggle')) return 'path-dropdown-item';
  return toggle.classList.contains('path-item') ? 'path-item' : null;
}
