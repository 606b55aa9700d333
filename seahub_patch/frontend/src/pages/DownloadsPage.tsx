import type { Api } from '../api';
import type { PageConfig } from '../config';

export function DownloadsPage(_props: { api: Api; config: PageConfig }) {
  return null;
}
