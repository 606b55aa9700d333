import { screen } from '@testing-library/dom';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Api } from '../api';
import type { DialogRequest } from '../dialog/open';
import { setLanguage } from '../i18n';
import { installToolbar } from '.';
import { BUTTON_CLASS } from './button';
import { goTo, nextFrame, redraw, show } from './fixtures';

const LIBRARY = '0a1b2c3d-0000-4000-8000-000000000001';
const OTHER = '0a1b2c3d-0000-4000-8000-000000000002';

let open: ReturnType<typeof vi.fn<(request: DialogRequest) => void>>;
let end = () => {};

beforeEach(() => {
  open = vi.fn<(request: DialogRequest) => void>();
});

afterEach(() => {
  end();
  delete window.custom_permission;
});

async function install(can: object = { enabled: true, can_add: true }): Promise<void> {
  const api = { serviceConfig: () => Promise.resolve(can) } as unknown as Api;
  end = installToolbar(open, api, { siteRoot: '/' });
  await nextFrame();
}

const buttons = () => [...document.querySelectorAll(`.${BUTTON_CLASS}`)];
const position = () => [...buttons()[0]!.parentElement!.children].indexOf(buttons()[0]!);

describe('the button', () => {
  test.each([
    ['11', 1],
    ['11-phone', 1],
    ['12', 2],
    ['13', 2],
    ['14', 2],
    ['14-phone', 2],
  ])('is once in the toolbar of %s', async (name, index) => {
    show(name);
    await install();
    expect(buttons()).toHaveLength(1);
    expect(position()).toBe(index);
    expect(screen.getByRole('button', { name: 'Offline download' })).toBe(buttons()[0]);
  });

  test.each(['11-create-only', '11-read-only', '11-selected', '11-file', '12-tags', '14-loading', '14-libraries'])(
    'is not in %s',
    async (name) => {
      show(name);
      await install();
      expect(buttons()).toHaveLength(0);
    },
  );

  test('looks like its neighbours', async () => {
    show('11');
    await install();
    expect(buttons()[0]!.className).toBe(`${BUTTON_CLASS} btn btn-secondary operation-item`);
  });

  test.each(['11', '12', '13', '14'])('is there once again after %s was drawn anew', async (name) => {
    show(name);
    await install();
    redraw(name);
    expect(buttons()).toHaveLength(0);
    await nextFrame();
    expect(buttons()).toHaveLength(1);
  });

  test('goes while files are selected or a folder is loaded, and comes back as the same element', async () => {
    show('14');
    await install();
    const [button] = buttons();
    for (const state of ['14-selected', '14-loading', '14-trash', '14-libraries']) {
      redraw(state);
      await nextFrame();
      expect(buttons()).toHaveLength(0);
      redraw('14');
      await nextFrame();
      expect(buttons()).toEqual([button]);
    }
  });

  test('goes when Seahub takes only the menu out of the toolbar, as in a folder that may only be read', async () => {
    show('13');
    await install();
    document.querySelector('.dir-operation')!.classList.add('dir-operation-no-dropdown');
    document.querySelector('.dir-operation > .dropdown')!.remove();
    await nextFrame();
    expect(buttons()).toHaveLength(0);
  });

  test('is still there once after a hundred changes of the page, for one look a frame', async () => {
    show('14');
    await install();
    const looks = vi.spyOn(document, 'querySelectorAll');
    for (let index = 0; index < 100; index += 1) {
      document.querySelector('tbody')!.append(document.createElement('tr'));
      await Promise.resolve();
    }
    await nextFrame();
    await nextFrame();
    expect(looks.mock.calls.filter(([selector]) => selector.includes('.dir-operation'))).toHaveLength(1);
    expect(buttons()).toHaveLength(1);
  });

  test('does not answer its own changes', async () => {
    show('14');
    await install();
    const frames = vi.spyOn(window, 'requestAnimationFrame');
    redraw('14');
    await nextFrame();
    await nextFrame();
    // One for the toolbar; the waiting itself takes two each time.
    expect(frames).toHaveBeenCalledTimes(1 + 4);
  });

  test('leaves the toolbar alone when all is right', async () => {
    show('14');
    await install();
    const changed = vi.fn();
    const observer = new MutationObserver(changed);
    observer.observe(document.querySelector('.dir-operation')!, { childList: true, subtree: true, attributes: true });
    document.querySelector('tbody')!.append(document.createElement('tr'));
    await nextFrame();
    observer.disconnect();
    expect(changed).not.toHaveBeenCalled();
  });

  test('opens the dialog for the folder that is on screen at the click', async () => {
    show('14');
    await install();
    await userEvent.click(buttons()[0]!);
    goTo(`/library/${OTHER}/B%C3%BCcher/%3Cimg%20src%3Dx%3E/100%25`);
    await userEvent.click(buttons()[0]!);
    expect(open.mock.calls.map(([request]) => request.place)).toEqual([
      { repoId: LIBRARY, repoName: 'My library', path: '/reports/2026 #1' },
      { repoId: OTHER, repoName: 'Bücher', path: '/<img src=x>/100%' },
    ]);
  });

  test('speaks the language of the page, as text', async () => {
    setLanguage('de', { 'Offline download': '<b>Herunterladen</b>' });
    show('14');
    await install();
    expect(buttons()[0]!.querySelector('b')).toBeNull();
    expect(buttons()[0]!.textContent).toBe('<b>Herunterladen</b>');
  });

  test.each([{ enabled: false, can_add: true }, { enabled: true, can_add: false }])(
    'is not shown to those who may not download anything: %j',
    async (answer) => {
      show('14');
      await install(answer);
      redraw('14');
      await nextFrame();
      expect(buttons()).toHaveLength(0);
    },
  );

  test('is shown when nobody answers whether one may: the dialog says what is wrong', async () => {
    show('14');
    const api = { serviceConfig: () => Promise.reject(new Error('offline')) } as unknown as Api;
    end = installToolbar(open, api, { siteRoot: '/' });
    await nextFrame();
    expect(buttons()).toHaveLength(1);
  });
});

describe('a custom permission', () => {
  test('to read only hides the button, though Seahub shows its menu', async () => {
    window.custom_permission = { permission: { upload: false } };
    show('14');
    await install();
    expect(buttons()).toHaveLength(0);
  });

  test('to upload shows it', async () => {
    window.custom_permission = { permission: { upload: true } };
    show('14');
    await install();
    expect(buttons()).toHaveLength(1);
  });

  test('of a library says nothing about the next one, where Seahub leaves it', async () => {
    window.custom_permission = { permission: { upload: false } };
    show('14');
    await install();
    redraw('14');
    goTo(`/library/${OTHER}/B/`);
    await nextFrame();
    expect(buttons()).toHaveLength(1);
  });
});
