// The library page without loading it anew: a folder that is opened, the way back, and what new files ask for with
// a popstate event as Seahub understands it. What is shown always comes from the server's own page.
'use strict';
(() => {
  const folder = () => document.getElementById('folder');
  const addressOf = (path) =>
    folder().dataset.address.replace(/\/$/, '') + path.split('/').map(encodeURIComponent).join('/');
  let last = 0;

  // --- times in words, in the page's language

  const UNITS = [
    ['year', 31536000],
    ['month', 2592000],
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
  ];
  const language = document.documentElement.lang;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const absolute = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

  const inWords = (time) => {
    const seconds = Math.min(0, (time - Date.now()) / 1000);
    const [unit, size] = UNITS.find(([, length]) => -seconds >= length) ?? ['second', 1];
    return unit === 'second' ? relative.format(0, 'second') : relative.format(Math.ceil(seconds / size), unit);
  };
  const sayTimes = () => {
    for (const element of document.querySelectorAll('#folder time')) {
      const time = new Date(element.dateTime);
      element.title = absolute.format(time);
      element.textContent = inWords(time.getTime());
    }
  };

  // --- what is shown

  const complain = (text) => {
    const place = document.getElementById('folder-error');
    place.textContent = text;
    place.classList.toggle('d-none', !text);
  };

  const read = async (address) => {
    const answer = await fetch(address, { credentials: 'same-origin', cache: 'no-store' });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const found = page.getElementById('folder');
    if (!found) throw new Error(page.querySelector('[role="alert"]')?.textContent || folder().dataset.failed);
    return { title: page.title, found };
  };

  const replace = (found, title) => {
    const old = folder();
    const list = document.getElementById('folder-list');
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    if (found.dataset.path === old.dataset.path) list.replaceWith(found.querySelector('#folder-list'));
    else {
      old.replaceWith(found);
      document.title = title;
    }
    sayTimes();
    if (focused) [...document.querySelectorAll('#folder a')].find((a) => a.getAttribute('href') === focused)?.focus();
  };

  /** True when the folder is on the page; the answer to an older question is dropped. */
  const show = async (path) => {
    const turn = ++last;
    try {
      const { title, found } = await read(addressOf(path));
      if (turn !== last) return false;
      replace(document.adoptNode(found), title);
      return true;
    } catch (error) {
      if (turn === last) complain(error instanceof TypeError ? folder().dataset.failed : error.message);
      return false;
    }
  };

  const goTo = async (path) => {
    if (!(await show(path))) return;
    window.history.pushState({ path }, '', addressOf(path));
    document.querySelector('#main-panel').focus({ preventScroll: true });
  };

  document.addEventListener('click', (event) => {
    const link = event.target.closest('#folder a[data-path]');
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain) return;
    event.preventDefault();
    void goTo(link.dataset.path);
  });

  window.history.replaceState({ path: folder().dataset.path }, '');
  window.addEventListener('popstate', (event) => {
    if (typeof event.state?.path === 'string') void show(event.state.path);
  });

  // --- a new folder

  const dialog = document.getElementById('new-folder');
  const input = dialog.querySelector('input');
  const error = document.getElementById('new-folder-error');
  const config = JSON.parse(document.getElementById('offline-download-config')?.textContent ?? '{}');

  const refuse = (text) => {
    error.textContent = text;
    input.classList.toggle('is-invalid', Boolean(text));
    input.setAttribute('aria-invalid', String(Boolean(text)));
    if (text) input.focus();
  };

  const make = async (path) => {
    const answer = await fetch(`${folder().dataset.api}?p=${encodeURIComponent(path)}`, {
      method: 'POST',
      headers: { 'X-CSRFToken': config.csrfToken ?? '' },
      body: new URLSearchParams({ operation: 'mkdir' }),
    });
    return answer.ok ? '' : ((await answer.json()).error_msg ?? folder().dataset.failed);
  };

  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-opens="new-folder"]')) {
      input.value = '';
      refuse('');
      dialog.showModal();
    } else if (event.target.closest('[data-closes]') || event.target === dialog) dialog.close();
  });

  dialog.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const { path: here, invalid, failed } = folder().dataset;
    const problem = input.value.includes('/')
      ? invalid
      : await make(`${here.replace(/\/$/, '')}/${input.value}`).catch(() => failed);
    refuse(problem);
    if (problem) return;
    dialog.close();
    void show(here);
  });

  sayTimes();
  window.setInterval(sayTimes, 60000);
})();
