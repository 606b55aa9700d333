import { describe, expect, it, vi } from 'vitest';
import { gettext, interpolate, language, loadCatalog, ngettext, reasonText, setLanguage } from './i18n';

const REASONS = { not_found: 'There is no such file ({status}).' };
const TASK = { reason: 'not_found', reason_args: { status: 404 }, comment: 'There is no such file (404).' };

describe('a text', () => {
  it('stays English where there is no other', () => {
    setLanguage('de', {});
    expect(gettext('Download')).toBe('Download');
  });

  it('is said in the language of the page', () => {
    setLanguage('de', { 'Saved as {name}': 'Gespeichert als {name}' });
    expect(gettext('Saved as {name}', { name: 'a.zip' })).toBe('Gespeichert als a.zip');
  });

  it('takes values as they are, also those that look like a placeholder', () => {
    expect(interpolate('{a} and {b}', { a: '{b}', b: '$1' })).toBe('{b} and $1');
  });

  it('keeps a placeholder that nobody fills', () => {
    expect(interpolate('{constructor} {a}', { a: 1 })).toBe('{constructor} 1');
  });
});

describe('a number of things', () => {
  it('has the right form in English', () => {
    expect([1, 2].map((count) => ngettext('{count} file', '{count} files', count))).toEqual(['1 file', '2 files']);
  });

  it.each([
    ['ru', ['{count} файл', '{count} файла', '{count} файлов'], ['1 файл', '3 файла', '5 файлов', '21 файл']],
    ['zh-cn', ['{count} 个文件'], ['1 个文件', '3 个文件', '5 个文件', '21 个文件']],
    ['fr', ['{count} fichier', '{count} fichiers'], ['1 fichier', '3 fichiers', '5 fichiers', '21 fichiers']],
  ])('has the right form in %s', (lang, forms, expected) => {
    setLanguage(lang, { '{count} file': forms });
    expect([1, 3, 5, 21].map((count) => ngettext('{count} file', '{count} files', count))).toEqual(expected);
  });

  it('is written as the reader writes numbers', () => {
    setLanguage('de', { '{count} file': ['{count} Datei', '{count} Dateien'] });
    expect(ngettext('{count} file', '{count} files', 1234)).toBe('1.234 Dateien');
  });
});

describe('a reason', () => {
  it('is said in the language of the page', () => {
    setLanguage('de', { [REASONS.not_found]: 'Die Datei gibt es nicht ({status}).' });
    expect(reasonText(TASK, REASONS)).toBe('Die Datei gibt es nicht (404).');
  });

  it.each([
    ['it is not translated', {}, REASONS, TASK],
    ['nobody knows it', { x: 'y' }, {}, TASK],
    ['a value is missing', { [REASONS.not_found]: 'Fehlt ({status})' }, REASONS, { ...TASK, reason_args: {} }],
    ['it is called like something of JavaScript', {}, REASONS, { ...TASK, reason: 'constructor' }],
  ])('is the English sentence when %s', (_, catalog, reasons, task) => {
    setLanguage('de', catalog as Record<string, string>);
    expect(reasonText(task, reasons)).toBe(TASK.comment);
  });
});

describe('the catalogue', () => {
  it('comes from the server', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ catalog: { Close: 'Schließen' } }));
    await loadCatalog({ lang: 'de', catalogUrl: '/catalog/de.json' });
    expect(gettext('Close')).toBe('Schließen');
    expect(language()).toBe('de');
  });

  it.each([
    ['fails', () => Promise.reject(new TypeError('failed'))],
    ['answers with an error', () => Promise.resolve(new Response('', { status: 500 }))],
    ['answers with something else', () => Promise.resolve(new Response('<html>'))],
  ])('may be missing when the server %s', async (_, fetch) => {
    vi.stubGlobal('fetch', fetch);
    await loadCatalog({ lang: 'fr', catalogUrl: '/catalog/fr.json' });
    expect(gettext('Close')).toBe('Close');
  });

  it.each(['sr@latin', '', 'xx-nonsense-language'])('of a language that nobody knows (%j) ends nothing', (lang) => {
    setLanguage(lang, {});
    expect(ngettext('{count} file', '{count} files', 2)).toBe('2 files');
  });
});
