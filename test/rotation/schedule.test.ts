import { expect, test } from 'vitest';
import { nextDelayMs } from '../../src/rotation/schedule.js';

test.each([
  // The first: anywhere in the interval, though never at once.
  [300_000, true, 0, 1],
  [300_000, true, 0.5, 150_000],
  [300_000, true, 0.999_999_9, 300_000],
  // Later ones: 10 % around it.
  [300_000, false, 0, 270_000],
  [300_000, false, 0.5, 300_000],
  [300_000, false, 0.75, 315_000],
  [300_000, false, 1, 330_000],
  [1, false, 0, 1],
  // A timer holds no more, and would fire at once.
  [30 * 86_400_000, false, 0.5, 2_147_483_647],
  [2 ** 31 - 1, true, 1, 2_147_483_647],
  [Number.MAX_SAFE_INTEGER, true, 0.5, 2_147_483_647],
])('the next refresh, interval %i ms, spread %o, random %f: after %i ms', (intervalMs, spread, random, expected) => {
  expect(nextDelayMs(intervalMs, spread, random)).toBe(expected);
});
