import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { spaced } from '../../src/functions/spaced.js';
import type { Clock } from '../../src/support/clock.js';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('calls at once share a run, a later one waits for the next', async () => {
  let runs = 0;
  const run = spaced(async () => ++runs, 5000, clock);
  const burst = [run(), run(), run()];
  await vi.advanceTimersByTimeAsync(1);
  expect(await Promise.all(burst)).toEqual([1, 1, 1]);

  await vi.advanceTimersByTimeAsync(2000);
  const later = [run(), run()];
  await vi.advanceTimersByTimeAsync(2900);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(await Promise.all(later)).toEqual([2, 2]);

  await vi.advanceTimersByTimeAsync(60_000);
  const alone = run();
  await vi.advanceTimersByTimeAsync(1);
  expect(await alone).toBe(3);
});

test('a call during a run gets the next one, a failed run harms no later one', async () => {
  let runs = 0;
  const run = spaced(
    async () => {
      if (++runs === 1) throw new Error('once');
      return runs;
    },
    5000,
    clock,
  );
  const failing = run();
  const seen = expect(failing).rejects.toThrow('once');
  await vi.advanceTimersByTimeAsync(1);
  await seen;
  const next = run();
  await vi.advanceTimersByTimeAsync(5000);
  expect(await next).toBe(2);
});
