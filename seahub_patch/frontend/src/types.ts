/** The JSON of the routes, see the project's architecture page; times are ISO-8601, sizes bytes. */

export type State =
  | 'unknown'
  | 'waiting'
  | 'downloading'
  | 'ok'
  | 'error'
  | 'storing'
  | 'paused'
  | 'cancelled';

export type Verb = 'pause' | 'resume' | 'cancel' | 'retry';

/** What a link needs beside its address. The server tells the kinds, never what was entered. */
export type ExtraKind = 'password' | 'headers' | 'cookies' | 'referer' | 'user_agent';

export type ReasonArgs = Record<string, string | number>;

export interface Task {
  odr_id: number;
  repo_id: string;
  repo_name: string;
  path: string;
  url: string;
  name: string;
  size: number;
  completed: number;
  progress: number | null;
  speed: number;
  eta: number | null;
  status: number;
  state: State;
  comment: string;
  reason: string;
  reason_args: ReasonArgs;
  /** What the file must come to, `sha-256=…`; empty where anything will do. */
  checksum: string;
  priority: number;
  attempts: number;
  owner: string;
  timestamp: string | null;
  started_at: string | null;
  finished_at: string | null;
  stored_path: string;
  extras: ExtraKind[];
  /** They were forgotten when it ended, and are asked for again before it can begin anew. */
  extras_wiped: boolean;
}

export interface TaskPage {
  data: Task[];
  total_count: number;
  page: number;
  per_page: number;
  has_next_page: boolean;
}

export interface TaskQuery {
  page?: number;
  per_page?: number;
  status?: State[];
  repo_id?: string;
  q?: string;
  sort?: string;
}

export interface ServiceConfig {
  enabled: boolean;
  running: boolean;
  /** A translated sentence; empty when all is well. */
  message: string;
  can_add: boolean;
  schemes: string[];
  max_size: number;
  max_urls: number;
  max_link_length: number;
  tasks_per_user: number;
  adds_per_hour: number;
  /** Whether links can be given a password and the like at all. */
  extras: boolean;
  /** The names of headers that links may be given. */
  headers: string[];
  cookies: boolean;
  /** Reason codes and their English sentences with {placeholders}. */
  reasons?: Record<string, string>;
}

export interface StateCount {
  tasks: number;
  size: number;
  completed: number;
}

export interface Stats {
  by_status: Partial<Record<State, StateCount>>;
  recent: Task[];
}

export interface ExtraFields {
  username?: string;
  password?: string;
  headers?: Record<string, string>;
  referer?: string;
  user_agent?: string;
}

export interface AddRequest extends ExtraFields {
  repo_id: string;
  path: string;
  urls: string[];
  name?: string;
  checksum?: string;
  priority?: number;
}

export interface RefusedLink {
  url: string;
  error_msg: string;
}

export interface AddReply {
  data: Task[];
  failed: RefusedLink[];
}

/** The folder that downloads go to. */
export interface Place {
  repoId: string;
  repoName: string;
  path: string;
}
