import { Api } from '../src/api';
import { makeOpenDialog } from '../src/dialog/open';
import '../src/styles.css';
import { FakeServer } from '../src/testing/fakeServer';
import { PLACE } from '../src/testing/tasks';
import { manyTasks, sketchTasks } from './samples';

const wishes = new URLSearchParams(location.search);
const what = wishes.get('case') ?? '';
document.body.dataset.bsTheme = wishes.get('theme') ?? 'light';
if (what === 'bare') document.querySelector('style')?.remove();

const server = new FakeServer(what === 'empty' ? [] : what === 'many' ? manyTasks() : sketchTasks(), {
  running: what !== 'stopped',
});
server.delay = 30;
server.down = what === 'down';
window.fetch = server.fetch;
Object.assign(window, { server });

const open = makeOpenDialog(new Api({ siteRoot: '/', csrfToken: '' }), { siteRoot: '/' });
document.querySelector('#open')?.addEventListener('click', () => {
  open({ place: PLACE, links: wishes.get('links') ?? undefined, onFinished: () => false });
});

if (wishes.has('move')) {
  setInterval(() => {
    for (const task of server.tasks) {
      if (task.state !== 'downloading') continue;
      const completed = Math.min(task.size || Infinity, task.completed + task.speed);
      if (completed === task.size) server.change(task.odr_id, { state: 'storing', completed, speed: 0, eta: null });
      else server.change(task.odr_id, { completed, eta: task.size ? Math.ceil((task.size - completed) / task.speed) : null });
    }
  }, 1000);
}
