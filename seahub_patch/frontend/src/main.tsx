import { createRoot } from 'react-dom/client';
import { AdminPage } from './admin/AdminPage';
import { Api } from './api';
import { ROOT_ELEMENT, readConfig } from './config';
import { makeOpenDialog } from './dialog/open';
import { loadCatalog } from './i18n';
import { DownloadsPage } from './pages/DownloadsPage';
import './styles.css';
import { installToolbar } from './toolbar';

async function start(): Promise<void> {
  const config = readConfig();
  if (!config) return;
  await loadCatalog(config);
  const api = new Api(config);
  if (config.page === 'library') {
    installToolbar(makeOpenDialog(api, config), api, config);
    return;
  }
  const root = document.getElementById(ROOT_ELEMENT);
  if (!root) return;
  const Page = config.page === 'admin' ? AdminPage : DownloadsPage;
  createRoot(root).render(<Page api={api} config={config} />);
}

void start();
