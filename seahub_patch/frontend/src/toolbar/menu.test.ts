import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Api } from '../api';
import { installToolbar } from '.';
import { nextFrame, redraw, show } from './fixtures';
import { ITEM_CLASS } from './menu';

const open = vi.fn();
let end = () => {};

afterEach(() => {
  end();
  open.mockClear();
});

async function install(name: string): Promise<void> {
  show(name);
  const api = { serviceConfig: () => Promise.resolve({ enabled: true, can_add: true }) } as unknown as Api;
  end = installToolbar(open, api, { siteRoot: '/' });
  await nextFrame();
}

const items = () => [...document.querySelectorAll<HTMLElement>(`.${ITEM_CLASS}`)];
const menu = () => document.querySelector<HTMLElement>('.dropdown-menu.show')!;

describe('the item in a menu of 14', () => {
  test.each(['14-menu-plus', '14-menu-new'])('stands once behind Upload Folder in %s', async (name) => {
    await install(name);
    const labels = [...menu().children].map((item) => item.querySelector('.dropdown-item-label')?.textContent ?? '');
    expect(labels[labels.indexOf('Upload Folder') + 1]).toBe('Offline download');
    menu().append(document.createElement('i'));
    await nextFrame();
    expect(items()).toHaveLength(1);
  });

  test.each(['14-menu-other', '14', '12', '11'])('is in no other menu: %s', async (name) => {
    await install(name);
    expect(items()).toHaveLength(0);
  });

  test('is like its neighbours to keyboards and screen readers', async () => {
    await install('14-menu-plus');
    const [item] = items();
    expect(item!.getAttribute('role')).toBe('menuitem');
    expect(item!.tabIndex).toBe((item!.previousElementSibling as HTMLElement).tabIndex);
    expect([...menu().querySelectorAll('[role="menuitem"]')]).toContain(item);
  });

  test('goes with its menu and comes back when it is opened again', async () => {
    await install('14-menu-plus');
    redraw('14');
    await nextFrame();
    expect(items()).toHaveLength(0);
    redraw('14-menu-new');
    await nextFrame();
    expect(items()).toHaveLength(1);
  });

  test('closes the menu by Escape, then opens the dialog', async () => {
    await install('14-menu-plus');
    const order: string[] = [];
    menu().addEventListener('keydown', (event) => {
      order.push(event.key);
      document.getElementById('modal-wrapper')!.replaceChildren();
    });
    open.mockImplementation(() => order.push('dialog'));
    const outside = vi.fn();
    document.body.addEventListener('click', outside, { capture: true });
    await userEvent.click(items()[0]!);
    await nextFrame();
    document.body.removeEventListener('click', outside, { capture: true });
    expect(order).toEqual(['Escape', 'dialog']);
    expect(outside).toHaveBeenCalledTimes(1);
    expect(open.mock.calls[0]![0].place.path).toBe('/reports/2026 #1');
  });

  test('clicks outside when Escape did not close the menu', async () => {
    await install('14-menu-plus');
    const clicked: EventTarget[] = [];
    const note = (event: Event) => clicked.push(event.target!);
    document.addEventListener('click', note);
    const [item] = items();
    await userEvent.click(item!);
    await new Promise((resolve) => setTimeout(resolve, 0));
    document.removeEventListener('click', note);
    expect(clicked).toEqual([item, document.body]);
  });
});
