import type { Api } from '../api';

type Kind = 'mine' | 'shared' | 'group' | 'public';

/** A library that downloads may go to. */
export interface Library {
  repoId: string;
  name: string;
  kind: Kind;
}

export interface Listing {
  /** Names of the folders in it. */
  folders: string[];
  writable: boolean;
}

interface Repo {
  repo_id: string;
  repo_name: string;
  permission: string;
  encrypted: boolean;
  type: Kind;
}

interface DirReply {
  user_perm?: string | null;
  dirent_list: { type: string; name: string }[];
}

// Whatever else there is, a custom permission for example, only the server knows.
const READ_ONLY = ['', 'r', 'preview'];

/** Own and writable shared libraries, each once, by name; encrypted ones cannot be written to by a service. */
export async function fetchLibraries(api: Api, signal?: AbortSignal): Promise<Library[]> {
  const { repos } = await api.get<{ repos: Repo[] }>('api/v2.1/repos/', {}, signal);
  const known = new Map<string, Library>();
  for (const repo of repos) {
    if (repo.encrypted || !isWritable(repo.permission) || known.has(repo.repo_id)) continue;
    known.set(repo.repo_id, { repoId: repo.repo_id, name: repo.repo_name, kind: repo.type });
  }
  return [...known.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** Rejects with ApiError 404 when there is no such folder. */
export async function fetchListing(api: Api, repoId: string, path: string, signal?: AbortSignal): Promise<Listing> {
  const route = `api/v2.1/repos/${encodeURIComponent(repoId)}/dir/`;
  const reply = await api.get<DirReply>(route, { p: path, t: 'd' }, signal);
  const folders = reply.dirent_list.filter((entry) => entry.type === 'dir').map((entry) => entry.name);
  return { folders: folders.sort((one, other) => one.localeCompare(other)), writable: isWritable(reply.user_perm) };
}

function isWritable(permission: string | null | undefined): boolean {
  return !READ_ONLY.includes(permission ?? '');
}
