// Before the page is painted, so that nobody is blinded: the theme that was chosen, else the system's.
'use strict';
(() => {
  const KEY = 'offline-download-host-theme';
  const system = window.matchMedia('(prefers-color-scheme: dark)');

  const remembered = () => {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const remember = (theme) => {
    try {
      window.localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing keeps the theme for this page only.
    }
  };
  const apply = (theme) => {
    document.body.dataset.bsTheme = theme;
    document.documentElement.style.colorScheme = theme;
    document.getElementById('theme-toggle')?.setAttribute('aria-pressed', String(theme === 'dark'));
  };
  const wanted = () => remembered() ?? (system.matches ? 'dark' : 'light');

  apply(wanted());
  system.addEventListener('change', () => apply(wanted()));
  document.addEventListener('DOMContentLoaded', () => {
    apply(wanted());
    document.getElementById('theme-toggle')?.addEventListener('click', () => {
      const theme = document.body.dataset.bsTheme === 'dark' ? 'light' : 'dark';
      remember(theme);
      apply(theme);
    });
  });
})();
