/** What the server says about the page that this script is on. */
export interface PageConfig {
  page: 'library' | 'downloads' | 'admin';
  siteRoot: string;
  lang: string;
  csrfToken: string;
  username: string;
  /** Where the translations are; null for English. */
  catalogUrl: string | null;
}

export const CONFIG_ELEMENT = 'offline-download-config';
export const ROOT_ELEMENT = 'offline-download-root';

/** Null where the server put none: then this page is not for us. */
export function readConfig(from: Document = document): PageConfig | null {
  const text = from.getElementById(CONFIG_ELEMENT)?.textContent;
  return text ? (JSON.parse(text) as PageConfig) : null;
}
