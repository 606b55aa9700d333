import { plain } from './plain';
import type { Place, Task } from './types';

/** "/reports/2026/a b.zip" -> "/reports/2026/a%20b.zip" */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

export function fileLink(siteRoot: string, task: Pick<Task, 'repo_id' | 'stored_path'>): string {
  return `${siteRoot}lib/${encodeURIComponent(task.repo_id)}/file${encodePath(task.stored_path)}`;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** "lib1 / reports / 2026" */
export function placeLabel(repoName: string, path: string): string {
  return plain([repoName, ...path.split('/')].filter(Boolean).join(' / '));
}

export function isIn(task: Pick<Task, 'repo_id' | 'path'>, place: Place | null): boolean {
  // The server keeps paths in Unicode's composed form; an address may hold them as they were typed.
  return place !== null && task.repo_id === place.repoId && task.path === place.path.normalize('NFC');
}

/** The best name there is for it: its own, the last part of its link, or the link's server. */
export function displayName(task: Pick<Task, 'name' | 'url' | 'stored_path'>): string {
  return plain(task.name || baseName(task.stored_path) || lastPart(task.url));
}

function lastPart(url: string): string {
  const rest = url.replace(/^[a-z]+:\/\//i, '').replace(/[?#].*$/, '');
  const parts = rest.split('/').filter(Boolean);
  return decode(parts[parts.length - 1] ?? url);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
