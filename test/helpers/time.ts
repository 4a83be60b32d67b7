// Stands in for src/support/clock.ts: time passes when it is told to, and where somebody sleeps.
import type { Clock } from '../../src/support/clock.js';

export const time = { nowMs: 0, monotonicMs: 0 };

export function pass(ms: number): void {
  time.nowMs += ms;
  time.monotonicMs += ms;
}

export const LAST_DATE_MS = 8.64e15;

export const systemClock: Clock = {
  now: () => time.nowMs,
  monotonic: () => time.monotonicMs,
  sleep: (ms) => {
    pass(ms);
    return new Promise((resolve) => setImmediate(resolve));
  },
};
