import { expect, test } from 'vitest';
import { ageMs } from '../../src/support/moment.js';

test.each([
  // The machine slept; the wall clock was put back; neither.
  [{ wallMs: 9000, monotonicMs: 20 }, 8000],
  [{ wallMs: 500, monotonicMs: 70 }, 60],
  [{ wallMs: 1040, monotonicMs: 50 }, 40],
])('age at %o is %i ms', (now, expected) => {
  const clock = { now: () => now.wallMs, monotonic: () => now.monotonicMs };
  expect(ageMs({ wallMs: 1000, monotonicMs: 10 }, clock)).toBe(expected);
});
