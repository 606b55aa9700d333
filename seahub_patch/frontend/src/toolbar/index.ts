import type { Api } from '../api';
import type { PageConfig } from '../config';
import type { OpenDialog } from '../dialog/open';
import { makeOnFinished, placeOf } from '../library';
import { makeButton, placeButton } from './button';
import { findSpot } from './find';
import { placeItem } from './menu';
import { makeUploadCheck } from './permission';
import './toolbar.css';
import { watch } from './watch';

/** Keeps the button "Offline download" in the library's toolbar, whatever Seahub draws. Returns what ends it. */
export function installToolbar(
  open: OpenDialog,
  api: Pick<Api, 'serviceConfig'>,
  config: Pick<PageConfig, 'siteRoot'>,
): () => void {
  const mayUpload = makeUploadCheck();
  const onFinished = makeOnFinished(config.siteRoot);
  const here = () => {
    const place = placeOf(window.location, config.siteRoot);
    return place && mayUpload(place.repoId) ? place : null;
  };
  // Read at the click: Seahub changes folder and library without loading a page.
  const openHere = () => {
    const place = here();
    if (place) open({ place, onFinished });
  };
  const button = makeButton(openHere);
  const sync = () => {
    const place = here();
    placeButton(button, place && findSpot(document));
    if (place) placeItem(document, openHere);
  };
  let end = () => {};
  let ended = false;
  void mayDownload(api).then((may) => {
    if (may && !ended) end = watch(sync);
  });
  return () => {
    ended = true;
    end();
    button.remove();
  };
}

/** Without an answer the button is shown: the dialog says what is wrong. */
async function mayDownload(api: Pick<Api, 'serviceConfig'>): Promise<boolean> {
  try {
    const service = await api.serviceConfig();
    return service.enabled && service.can_add;
  } catch {
    return true;
  }
}
