import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';
import { setLanguage } from '../i18n';

// Generous, as all is: the usual second is not much where a machine has other things to do.
configure({ asyncUtilTimeout: 30_000 });

afterEach(() => {
  cleanup();
  setLanguage('en', {});
});

// By this the testing library notices that the clock is not the real one, and moves it instead of waiting.
Object.assign(globalThis, { jest: { advanceTimersByTime: (time: number) => vi.advanceTimersByTime(time) } });

// jsdom knows the element but not its methods. Like a browser, it gives the focus back.
let opener: Element | null = null;
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  opener = document.activeElement;
  this.setAttribute('open', '');
};
HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
  if (!this.open) return;
  this.removeAttribute('open');
  (opener as HTMLElement | null)?.focus();
  this.dispatchEvent(new Event('close'));
};
