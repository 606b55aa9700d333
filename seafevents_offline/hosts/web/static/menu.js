// Menus behind [data-menu="id of a template"], hung into the body as Seahub does; arrows, Home, End, Escape and Tab
// work as in every menu.
'use strict';
(() => {
  let open = null;

  const items = () => [...open.menu.querySelectorAll('.dropdown-item')];

  const close = (giveFocusBack) => {
    if (!open) return;
    const { toggle, holder } = open;
    open = null;
    holder.remove();
    toggle.setAttribute('aria-expanded', 'false');
    if (giveFocusBack) toggle.focus();
  };

  const place = (menu, toggle) => {
    const spot = toggle.getBoundingClientRect();
    const left = Math.min(spot.left, document.documentElement.clientWidth - menu.offsetWidth - 8);
    menu.style.left = `${Math.max(8, left) + window.scrollX}px`;
    menu.style.top = `${spot.bottom + window.scrollY + 2}px`;
  };

  const show = (toggle) => {
    close(false);
    const holder = document.createElement('div');
    const menu = document.createElement('div');
    menu.className = 'dropdown-menu show';
    menu.setAttribute('role', 'menu');
    menu.setAttribute('aria-label', toggle.getAttribute('aria-label') ?? '');
    menu.append(document.getElementById(toggle.dataset.menu).content.cloneNode(true));
    holder.append(menu);
    document.body.append(holder);
    place(menu, toggle);
    toggle.setAttribute('aria-expanded', 'true');
    open = { toggle, holder, menu };
    for (const item of items()) item.tabIndex = -1;
    items()[0]?.focus();
  };

  const move = (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };

  document.addEventListener('click', (event) => {
    const toggle = event.target.closest('[data-menu]');
    if (toggle && toggle !== open?.toggle) show(toggle);
    else if (open) close(Boolean(toggle) || open.menu.contains(event.target));
  });

  document.addEventListener('keydown', (event) => {
    const toggle = event.target.closest?.('[data-menu]');
    if (open?.menu.contains(event.target)) {
      if (event.key === 'Escape') close(true);
      else if (event.key === 'Tab') close(false);
      else move(event);
    } else if (toggle && toggle.tagName !== 'BUTTON' && ['Enter', ' '].includes(event.key)) {
      event.preventDefault();
      toggle.click();
    } else if (toggle && event.key === 'ArrowDown') {
      event.preventDefault();
      show(toggle);
    }
  });

  window.addEventListener('resize', () => close(false));
})();
