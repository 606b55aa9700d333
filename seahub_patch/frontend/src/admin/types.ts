import type { State, Task } from '../types';

/** A task as administrators see it: the link without what may be secret in it. */
export interface LoggedTask extends Task {
  owner_name: string;
  owner_contact_email: string;
  /** Its owner has taken it off the list. */
  removed: boolean;
}

export interface LogReply {
  offline_download_log_list: LoggedTask[];
  total_count: number;
  has_next_page: boolean;
}

export interface Filters {
  /** The internal name of a user; empty for all. */
  owner: string;
  status: State | '';
  q: string;
}

export interface LogQuery extends Filters {
  page: number;
  per_page: number;
}

export interface Check {
  /** A code. */
  name: string;
  /** What people call it. */
  title: string;
  ok: boolean;
  detail: string;
}

export interface Health {
  healthy: boolean;
  checks: Check[];
}
