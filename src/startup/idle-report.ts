import type { Report } from '../report/types.js';

/** Of what was not started, or has nothing to resolve. */
export function idleReport(): Report {
  return { status: 'idle', generation: 0, requests: { token: 0, vault: 0, unauthorized: 0 }, settings: [] };
}
