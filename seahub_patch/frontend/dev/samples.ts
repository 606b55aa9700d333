import { OTHER_LIBRARY, downloading, failed, finished, makeTask } from '../src/testing/tasks';
import type { Task } from '../src/types';

const MB = 1024 ** 2;
const today = (hour: number, minute: number) => new Date(new Date().setHours(hour, minute, 0, 0)).toISOString();

/** What the sketch shows, and the states that it leaves out. */
export function sketchTasks(): Task[] {
  return [
    downloading(10, 412 * MB, 658 * MB, { name: 'debian-13-netinst.iso', speed: 24.6 * MB, eta: 10 }),
    makeTask(9, 'storing', { name: 'census-2026.csv', size: 88 * MB, completed: 88 * MB }),
    makeTask(8, 'waiting', { name: 'lecture-07.mp4', priority: 75, extras: ['password'] }),
    failed(11, {
      name: 'members-only.zip',
      reason: 'login_refused',
      comment: 'The server does not take the user name and password (401). Please enter them again.',
      extras: ['password', 'headers', 'user_agent'],
      extras_wiped: true,
    }),
    failed(7, { name: 'report-final.pdf' }),
    finished(6, {
      name: 'photos-2025.zip',
      stored_path: '/reports/photos-2025 (1).zip',
      size: 1.2 * 1024 * MB,
      finished_at: today(11, 2),
    }),
    makeTask(5, 'paused', { name: 'openstreetmap-europe-latest.osm.pbf', size: 31_000 * MB, completed: 12_400 * MB }),
    downloading(4, 36 * MB, 0, { name: 'live-stream-recording.webm', speed: 2.1 * MB, repo_id: OTHER_LIBRARY, repo_name: 'Films', path: '/2026/november' }),
    makeTask(3, 'waiting', {
      name: 'satellite-imagery-a-very-long-name-that-cannot-possibly-fit-into-one-line-of-this-dialog-2026-11-25.tar.gz',
      reason: 'server_busy',
      comment: 'The server cannot deliver the file at the moment (HTTP 503).',
      size: 90 * MB,
      completed: 20 * MB,
    }),
    makeTask(2, 'cancelled', { name: 'node-v22.tar.xz', finished_at: today(9, 30) }),
    finished(1, {
      name: 'index.html',
      stored_path: '/reports/index.html',
      size: 14_300,
      comment: 'This is a web page: the site may want a login or has its own download button.',
      reason: 'got_web_page',
      finished_at: today(8, 5),
    }),
  ];
}

export function manyTasks(): Task[] {
  return Array.from({ length: 130 }, (_, index) =>
    index % 3 === 0 ? downloading(index + 1, (index % 100) * MB) : index % 3 === 1 ? finished(index + 1) : failed(index + 1),
  );
}

export function hundredTasks(): Task[] {
  return Array.from({ length: 100 }, (_, index) => downloading(index + 1, index * MB, 5_000 * MB));
}
