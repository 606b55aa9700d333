import { act, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, makeServer, makeUser } from '../testing/panel';
import { PLACE, downloading, finished, makeTask } from '../testing/tasks';
import { pass, settle } from '../testing/time';
import type { FakeServer } from '../testing/fakeServer';
import type { Task } from '../types';
import { makeOpenDialog, type DialogRequest, type OpenDialog } from './open';

let server: FakeServer;
let open: OpenDialog;
let opener: HTMLButtonElement;

const dialog = () => document.querySelector<HTMLDialogElement>('dialog');
const box = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: /^Links/ });

async function show(request: Partial<DialogRequest> = {}): Promise<void> {
  act(() => open({ place: PLACE, ...request }));
  await settle();
}

async function close(): Promise<void> {
  act(() => dialog()?.close());
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  server = makeServer([makeTask(1)]);
  open = makeOpenDialog(api, { siteRoot: '/' });
  opener = document.body.appendChild(document.createElement('button'));
  opener.focus();
});

afterEach(async () => {
  await close();
  opener.remove();
  vi.useRealTimers();
});

describe('the dialog', () => {
  it('is modal, has a name, and begins in the box', async () => {
    const showModal = vi.spyOn(HTMLDialogElement.prototype, 'showModal');
    await show();
    expect(showModal).toHaveBeenCalledOnce();
    expect(screen.getByRole('dialog', { name: 'Offline download' })).toBe(dialog());
    expect(document.activeElement).toBe(box());
  });

  it('can be used before the server has answered', async () => {
    server.delay = 5_000;
    act(() => open({ place: PLACE }));
    expect(box()).toBeTruthy();
    expect(screen.getByText('Loading…')).toBeTruthy();
  });

  it('is there once, however often it is opened', async () => {
    await show();
    await show();
    expect(document.querySelectorAll('dialog')).toHaveLength(1);
  });

  it('closes with its button, leaves nothing behind and gives the focus back', async () => {
    await show();
    await makeUser().click(screen.getByRole('button', { name: 'Close' }));
    await settle();
    expect(dialog()).toBeNull();
    expect(document.body.children).toHaveLength(1);
    expect(document.activeElement).toBe(opener);
  });

  it('asks every 3 seconds while it is open, by one timer, and never again once it is closed', async () => {
    await show();
    await pass(6_000);
    expect(server.asked('GET', 'tasks')).toHaveLength(3);
    await close();
    expect(vi.getTimerCount()).toBe(0);
    await pass(120_000);
    expect(server.asked('GET', 'tasks')).toHaveLength(3);
  });

  it('can be opened again, in another folder', async () => {
    await show();
    await close();
    await show({ place: { ...PLACE, path: '/films' } });
    expect(screen.getByText('lib1 / films')).toBeTruthy();
  });

  it('keeps links that were not added until the next time', async () => {
    await show();
    await makeUser().type(box(), 'https://a.example/');
    await close();
    await show();
    expect(box().value).toBe('https://a.example/');
  });

  it('closes with a click beside it, not with one inside', async () => {
    const user = makeUser();
    await show();
    await user.click(screen.getByRole('heading', { name: 'Offline download' }));
    expect(dialog()).not.toBeNull();
    await user.click(dialog()!);
    await settle();
    expect(dialog()).toBeNull();
  });

  it.each(['keydown', 'paste', 'drop'])('keeps %s from the page behind', async (name) => {
    const heard = vi.fn();
    document.addEventListener(name, heard);
    await show();
    box().dispatchEvent(new Event(name, { bubbles: true }));
    document.removeEventListener(name, heard);
    expect(heard).not.toHaveBeenCalled();
  });

  it('tells the page once when a download of its folder is there, and never on opening', async () => {
    const told: Task[] = [];
    server.tasks = [downloading(2, 5), finished(1)];
    await show({ onFinished: (task) => void told.push(task) });
    expect(told).toEqual([]);
    server.change(2, { state: 'ok' });
    await pass(13_000);
    expect(told.map((task) => task.odr_id)).toEqual([2]);
  });
});
