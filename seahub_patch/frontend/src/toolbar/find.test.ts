import { describe, expect, test } from 'vitest';
import { findSpot } from './find';
import { show } from './fixtures';

describe('the place of the button', () => {
  test.each([
    ['11', 'BUTTON', 'Upload', 'btn btn-secondary operation-item'],
    ['11-phone', 'DIV', '', 'mobile-toolbar-icon'],
    ['12', 'DIV', '', 'path-item'],
    ['13', 'DIV', '', 'path-item'],
    ['14', 'DIV', '', 'path-dropdown-item'],
    ['14-phone', 'DIV', '', 'path-dropdown-item'],
    ['14-menu-plus', 'DIV', '', 'path-dropdown-item'],
  ])('is behind Upload or the menu that has it in %s', (name, tag, text, look) => {
    show(name);
    const spot = findSpot(document)!;
    expect(spot.look).toBe(look);
    expect(spot.beside.tagName).toBe(tag);
    expect(spot.beside.parentElement!.className).toBe('dir-operation');
    if (text) expect(spot.beside.textContent).toBe(text);
    else expect(spot.beside.className).toBe('dropdown');
  });

  test.each([
    '11-create-only',
    '11-read-only',
    '11-selected',
    '11-file',
    '12-tags',
    '14-loading',
    '14-selected',
    '14-trash',
    '14-libraries',
  ])('is not there in %s', (name) => {
    show(name);
    expect(findSpot(document)).toBeNull();
  });

  test('never makes the button a part of the path in 14, whose widths are worked out together', () => {
    show('14-phone');
    expect(findSpot(document)!.look).not.toContain('path-item');
  });
});
