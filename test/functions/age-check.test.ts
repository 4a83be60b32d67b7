import { expect, test } from 'vitest';
import { createAgeCheck } from '../../src/functions/age-check.js';
import type { RefreshResult } from '../../src/rotation/types.js';

function setUp(maxAgeMs: number) {
  let nowMs = 1000;
  let readAtMs: number | undefined = 1000;
  let nextAtMs: number | undefined;
  let failing: 'outage' | 'breakdown' | undefined;
  const calls = { refresh: 0, repair: 0 };
  const engine = {
    ageMs: () => (readAtMs === undefined ? undefined : nowMs - readAtMs),
    nextRefreshAtMs: () => nextAtMs,
    repair: () => {
      calls.repair++;
    },
    refreshOrJoin: async (): Promise<RefreshResult> => {
      calls.refresh++;
      if (failing === 'breakdown') throw new Error('broken');
      if (failing) return { generation: 1, changed: [], failed: ['A'] };
      readAtMs = nowMs;
      return { generation: 1, changed: [], failed: [] };
    },
  };
  const clock = { now: () => nowMs, monotonic: () => nowMs, sleep: async () => {} };
  let present = true;
  const check = createAgeCheck(() => (present ? engine : undefined), maxAgeMs, clock);
  return {
    check,
    calls,
    pass: (ms: number) => {
      nowMs += ms;
    },
    set: (more: {
      failing?: 'outage' | 'breakdown';
      nextAtMs?: number | undefined;
      started?: boolean;
      present?: boolean;
    }) => {
      if (more.failing !== undefined) failing = more.failing;
      if ('nextAtMs' in more) nextAtMs = more.nextAtMs;
      if (more.started === false) readAtMs = undefined;
      if (more.present !== undefined) present = more.present;
    },
  };
}

test('fresh: a look, a repair, no promise', () => {
  const { check, calls, pass } = setUp(60_000);
  pass(60_000);
  expect(check()).toBeUndefined();
  expect(calls).toEqual({ refresh: 0, repair: 1 });
});

test('too old: the invocation waits, the next one does not', async () => {
  const { check, calls, pass } = setUp(60_000);
  pass(60_001);
  await expect(check()).resolves.toBeUndefined();
  expect(check()).toBeUndefined();
  expect(calls.refresh).toBe(1);
});

test.each([
  [60_000, 30_000, 'outage'],
  [2000, 2000, 'outage'],
  // Of the app's own files, say.
  [60_000, 30_000, 'breakdown'],
] as const)('with %i ms, invocations wait once in %i ms: %s', async (maxAgeMs, pauseMs, failing) => {
  const { check, calls, pass, set } = setUp(maxAgeMs);
  set({ failing });
  pass(maxAgeMs + 1);
  await check();
  pass(pauseMs - 1);
  expect(check()).toBeUndefined();
  expect(calls.refresh).toBe(1);
  pass(1);
  await check();
  expect(calls.refresh).toBe(2);
});

test('a tick that was missed is made up for in the background', () => {
  const { check, calls, pass, set } = setUp(Number.POSITIVE_INFINITY);
  set({ nextAtMs: 301_000 });
  pass(300_500);
  expect(check()).toBeUndefined();
  expect(calls.refresh).toBe(0);
  pass(1000);
  expect(check()).toBeUndefined();
  expect(calls.refresh).toBe(1);
});

test('and once, however long the tick itself is in coming: the clock was set forward', () => {
  const { check, calls, pass, set } = setUp(Number.POSITIVE_INFINITY);
  set({ nextAtMs: 301_000 });
  pass(3_600_000);
  for (let i = 0; i < 100; i++) {
    pass(10);
    void check();
  }
  expect(calls.refresh).toBe(1);
  set({ nextAtMs: 4_000_000 });
  pass(3_600_000);
  void check();
  expect(calls.refresh).toBe(2);
});

test('nothing started: nothing to do', () => {
  const { check, calls, set } = setUp(1000);
  set({ started: false });
  expect(check()).toBeUndefined();
  set({ present: false });
  expect(check()).toBeUndefined();
  expect(calls).toEqual({ refresh: 0, repair: 0 });
});

test('costs next to nothing', () => {
  const { check } = setUp(60_000);
  for (let i = 0; i < 100_000; i++) void check();
  const startedMs = performance.now();
  for (let i = 0; i < 100_000; i++) void check();
  // The budget is 2 microseconds a call; a busy machine is given room.
  expect((performance.now() - startedMs) / 100_000).toBeLessThan(0.01);
});
