import { filled } from './task';
import type { ServiceConfig } from './types';

/** What stands for what an answer does not tell: a service as it usually is, which can do nothing that is new. */
const USUAL: ServiceConfig = {
  enabled: true,
  running: true,
  message: '',
  can_add: true,
  schemes: ['http', 'https'],
  max_size: 0,
  max_urls: 100,
  max_link_length: 4096,
  tasks_per_user: 0,
  adds_per_hour: 0,
  extras: false,
  headers: [],
  cookies: false,
};

/** For the same reason as `readTask`. */
export function readService(raw: unknown): ServiceConfig {
  return filled(USUAL, raw);
}
