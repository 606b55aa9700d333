/** A folder as the browser remembers it; it may be gone meanwhile. */
export interface Choice {
  repoId: string;
  path: string;
}

const key = (username: string) => `offline-download.folder.${username}`;

export function recall(username: string): Choice | null {
  try {
    const choice = JSON.parse(window.localStorage.getItem(key(username)) ?? 'null') as Partial<Choice> | null;
    const isWhole = typeof choice?.repoId === 'string' && typeof choice.path === 'string';
    return isWhole && choice.path!.startsWith('/') ? { repoId: choice.repoId!, path: choice.path! } : null;
  } catch {
    return null;
  }
}

export function remember(username: string, { repoId, path }: Choice): void {
  try {
    window.localStorage.setItem(key(username), JSON.stringify({ repoId, path }));
  } catch {
    // A browser that keeps nothing costs a choice the next time.
  }
}
