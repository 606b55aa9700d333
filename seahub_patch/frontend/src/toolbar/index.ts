import type { Api } from '../api';
import type { PageConfig } from '../config';
import type { OpenDialog } from '../dialog/open';

export function installToolbar(_open: OpenDialog, _api: Api, _config: PageConfig): void {}
