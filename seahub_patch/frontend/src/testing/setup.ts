import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';
import { setLanguage } from '../i18n';

afterEach(() => {
  cleanup();
  setLanguage('en', {});
});

// jsdom knows the element but not its methods.
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.setAttribute('open', '');
};
HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
  if (!this.open) return;
  this.removeAttribute('open');
  this.dispatchEvent(new Event('close'));
};
