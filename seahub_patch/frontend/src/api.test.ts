import { describe, expect, it, vi } from 'vitest';
import { Api, ApiError } from './api';
import { FakeServer } from './testing/fakeServer';
import { LIBRARY, makeTask } from './testing/tasks';

const config = { siteRoot: '/', csrfToken: 'token' };

function connect(tasks = [makeTask(1)]): [Api, FakeServer] {
  const server = new FakeServer(tasks);
  vi.stubGlobal('fetch', server.fetch);
  return [new Api(config), server];
}

function answer(response: Response): Api {
  vi.stubGlobal('fetch', async () => response);
  return new Api(config);
}

const errorOf = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error as ApiError);

describe('a question', () => {
  it('leaves out what is not asked for', async () => {
    const [api, server] = connect();
    await api.tasks({ page: 2, per_page: 20, status: ['waiting', 'paused'], repo_id: '', q: 'ü &?', sort: undefined });
    expect(server.requests[0]?.query).toEqual({ page: '2', per_page: '20', status: 'waiting,paused', q: 'ü &?' });
  });

  it('goes below the root of the site', () => {
    expect(new Api({ ...config, siteRoot: '/seafile/' }).url('api/x', { a: 1 })).toBe('/seafile/api/x?a=1');
  });

  it('with the tag of what is known is answered by nothing new', async () => {
    const [api, server] = connect();
    const first = await api.tasks({});
    expect(first?.value.data).toHaveLength(1);
    expect(await api.tasks({}, first?.etag)).toBeNull();
    server.change(1, { state: 'paused' });
    expect((await api.tasks({}, first?.etag))?.value.data[0]?.state).toBe('paused');
  });
});

describe('a change', () => {
  it('proves that it comes from this page', async () => {
    const [api, server] = connect();
    await api.act(1, 'pause');
    await api.remove(1);
    await api.cleanUp(['ok']);
    expect(server.requests.map(({ headers }) => headers['X-CSRFToken'])).toEqual(['token', 'token', 'token']);
  });

  it('adds one link as one and several as several', async () => {
    const [api, server] = connect();
    const place = { repo_id: LIBRARY, path: '/' };
    await api.add({ ...place, urls: ['https://a.example/'], name: 'a.zip' });
    const reply = await api.add({ ...place, urls: ['https://b.example/', 'https://c.example/'] });
    expect(server.asked('PUT', 'add').map(({ body }) => body)).toEqual([
      { ...place, url: 'https://a.example/', name: 'a.zip' },
      { ...place, urls: ['https://b.example/', 'https://c.example/'] },
    ]);
    expect(reply.data).toHaveLength(2);
  });
});

describe('a failure', () => {
  it('has the sentence of the server', async () => {
    const [api, server] = connect();
    server.overrides.set('PUT add', { status: 443, body: { error_msg: 'Out of quota.' } });
    const error = await errorOf(api.add({ repo_id: LIBRARY, path: '/', urls: ['https://a.example/'] }));
    expect([error?.status, error?.message]).toEqual([443, 'Out of quota.']);
  });

  it('says how long to wait', async () => {
    const [api, server] = connect();
    server.overrides.set('GET config', { status: 429, headers: { 'Retry-After': '60' } });
    expect((await errorOf(api.serviceConfig()))?.retryAfter).toBe(60);
  });

  it('has no status when nobody answered', async () => {
    const [api, server] = connect();
    server.down = true;
    expect((await errorOf(api.stats()))?.status).toBe(0);
  });

  it.each([
    ['a web page', new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['half an answer', new Response('{"data": [', { headers: { 'Content-Type': 'text/html; charset=utf-8' } })],
  ])('is %s instead of an answer', async (_, response) => {
    expect((await errorOf(answer(response).stats()))?.status).toBe(502);
  });

  it('of the login is also a way to the login page', async () => {
    const response = new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
    Object.defineProperty(response, 'redirected', { value: true });
    expect((await errorOf(answer(response).stats()))?.loginExpired).toBe(true);
  });
});
