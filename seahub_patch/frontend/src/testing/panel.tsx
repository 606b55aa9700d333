import { render, type RenderResult } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import { vi } from 'vitest';
import { Api } from '../api';
import { Panel, type PanelProps } from '../dialog/Panel';
import { FakeServer } from './fakeServer';
import { PLACE } from './tasks';
import { settle } from './time';
import type { ServiceConfig, Task } from '../types';

export interface Stage extends RenderResult {
  server: FakeServer;
  user: UserEvent;
}

export interface Scene {
  tasks?: Task[];
  service?: Partial<ServiceConfig>;
  props?: Partial<PanelProps>;
  prepare?: (server: FakeServer) => void;
}

export const api = new Api({ siteRoot: '/', csrfToken: 'token' });

/** Somebody at a keyboard and a mouse, by the false clock. */
export const makeUser = (): UserEvent => userEvent.setup({ advanceTimers: (time) => vi.advanceTimersByTime(time) });

export function makeServer(tasks: Task[] = [], service: Partial<ServiceConfig> = {}): FakeServer {
  const server = new FakeServer(tasks, service);
  vi.stubGlobal('fetch', server.fetch);
  return server;
}

/** The panel as it is when the first answers are there. The clock is a false one: `vi.useFakeTimers()` comes first. */
export async function showPanel({ tasks, service, props, prepare }: Scene = {}): Promise<Stage> {
  const server = makeServer(tasks, service);
  prepare?.(server);
  const user = makeUser();
  const result = render(<Panel api={api} config={{ siteRoot: '/' }} place={PLACE} {...props} />);
  await settle();
  return { ...result, server, user };
}
