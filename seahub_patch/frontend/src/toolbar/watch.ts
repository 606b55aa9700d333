// What Seahub draws itself into, and where its menus hang; the page around them does not change.
const ROOTS = '#wrapper, #modal-wrapper';

/**
 * Calls `sync` now and at most once a frame after elements came or went. What `sync` itself changes does not count.
 * Returns what ends it.
 */
export function watch(sync: () => void): () => void {
  let frame = 0;
  const observer = new MutationObserver(() => {
    frame ||= requestAnimationFrame(run);
  });
  const run = () => {
    frame = 0;
    sync();
    observer.takeRecords();
  };
  const roots = document.querySelectorAll(ROOTS);
  for (const root of roots.length ? roots : [document.body]) {
    observer.observe(root, { childList: true, subtree: true });
  }
  run();
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
  };
}
