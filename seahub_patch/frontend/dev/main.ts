import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { Api } from '../src/api';
import { makeOpenDialog } from '../src/dialog/open';
import { Panel } from '../src/dialog/Panel';
import { setLanguage } from '../src/i18n';
import '../src/styles.css';
import { FakeServer } from '../src/testing/fakeServer';
import { PLACE, makeTask } from '../src/testing/tasks';
import type { Task } from '../src/types';
import { hundredTasks, manyTasks, sketchTasks } from './samples';

const wishes = new URLSearchParams(location.search);
const what = wishes.get('case') ?? '';
document.body.dataset.bsTheme = wishes.get('theme') ?? 'light';
if (what === 'bare') document.querySelector('style')?.remove();

// Words of other languages are longer: where do they not fit?
if (wishes.has('long')) {
  const longer = (text: string) => text.replace(/(?<!\{)\b[a-z]{4,}\b(?!\})/gi, (word) => word + word.slice(0, word.length / 2));
  setLanguage('de', new Proxy({}, { get: (_, text: string) => longer(text) }));
}

const tasks = { empty: [], many: manyTasks(), hundred: hundredTasks() }[what] ?? sketchTasks();
const server = new FakeServer(tasks, {
  running: what !== 'stopped',
});
server.delay = 30;
server.down = what === 'down';
window.fetch = server.fetch;
Object.assign(window, { server });

const api = new Api({ siteRoot: '/', csrfToken: '' });
const open = makeOpenDialog(api, { siteRoot: '/' });
document.querySelector('#open')?.addEventListener('click', () => {
  open({ place: PLACE, links: wishes.get('links') ?? undefined, onFinished: () => false });
});

// A hundred rows that all move at every look: what the frames of the page must bear.
if (what === 'hundred') {
  const root = document.body.appendChild(document.createElement('div'));
  createRoot(root).render(createElement(Panel, { api, config: { siteRoot: '/' }, place: PLACE, perPage: 100 }));
}

if (wishes.has('move')) setInterval(() => (server.tasks = server.tasks.map(moved)), 1000);

function moved(task: Task): Task {
  if (task.state !== 'downloading') return task;
  const completed = Math.min(task.size || Infinity, task.completed + task.speed);
  if (completed === task.size) return makeTask(task.odr_id, 'storing', { ...task, state: 'storing', completed });
  const eta = task.size ? Math.ceil((task.size - completed) / task.speed) : null;
  return { ...task, completed, eta, progress: task.size ? Math.floor((completed * 100) / task.size) : null };
}
