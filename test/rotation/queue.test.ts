import { beforeEach, expect, test } from 'vitest';
import { createRefreshQueue, type RefreshQueue, type RefreshScope } from '../../src/rotation/queue.js';
import type { RefreshResult } from '../../src/rotation/types.js';
import type { Clock } from '../../src/support/clock.js';

const NOTHING: RefreshResult = { generation: 1, changed: [], failed: [] };
const CHANGED: RefreshResult = { generation: 2, changed: [{ setting: 'A' }], failed: [] };

let nowMs: number;
let slept: number[];
let runs: { scope: RefreshScope; end: (result: RefreshResult) => void; break: (error: Error) => void }[];
let atOnce: number;
let queue: RefreshQueue;
const clock: Clock = {
  now: () => nowMs,
  monotonic: () => nowMs,
  sleep: async (ms) => {
    slept.push(ms);
    nowMs += ms;
  },
};

beforeEach(() => {
  nowMs = 0;
  slept = [];
  runs = [];
  atOnce = 0;
  queue = createRefreshQueue((scope) => {
    expect(++atOnce).toBe(1);
    return new Promise<RefreshResult>((resolve, reject) => runs.push({ scope, end: resolve, break: reject })).finally(
      () => {
        atOnce--;
      },
    );
  }, clock);
});

/** Lets everything that can go on, go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('complete ones are shared, and the next one begins when the last has ended', async () => {
  const first = queue.all();
  expect(queue.all()).toBe(first);
  await settle();
  runs[0]?.end(NOTHING);
  await first;
  const second = queue.all();
  expect(second).not.toBe(first);
  await settle();
  expect(runs.map(({ scope }) => scope)).toEqual(['all', 'all']);
  runs[1]?.end(NOTHING);
  await second;
});

test('a complete one that began in an earlier turn is not joined, but by a caller who knows of nothing new', async () => {
  const first = queue.all();
  await settle();
  const next = queue.all();
  expect([next === first, queue.all() === next, queue.allOrJoin() === next]).toEqual([false, true, true]);
  runs[0]?.end(NOTHING);
  await first;
  await settle();
  expect(runs).toHaveLength(2);
  // Now this one is under way.
  expect(queue.allOrJoin()).toBe(next);
  const last = queue.all();
  expect(last).not.toBe(next);
  runs[1]?.end(NOTHING);
  await next;
  expect(queue.allOrJoin()).toBe(last);
  await settle();
  runs[2]?.end(CHANGED);
  expect(await last).toBe(CHANGED);
  const alone = queue.allOrJoin();
  await settle();
  runs[3]?.end(NOTHING);
  expect(await alone).toBe(NOTHING);
});

test('an urgent one waits for the one before it, and reads for all who wait, once', async () => {
  const earlier = queue.all();
  await settle();
  slept = [];
  const urgent = [queue.urgent('A'), queue.urgent('B'), queue.urgent('A')];
  await settle();
  expect(runs).toHaveLength(1);
  runs[0]?.end(NOTHING);
  await earlier;
  await settle();
  expect(runs[1]?.scope).toEqual(new Set(['A', 'B']));
  // This one was refused after that read had begun: it must not join it.
  const late = queue.urgent('A');
  runs[1]?.end(CHANGED);
  expect(await Promise.all(urgent)).toEqual([CHANGED, CHANGED, CHANGED]);
  await settle();
  expect(runs[2]?.scope).toEqual(new Set(['A']));
  runs[2]?.end(CHANGED);
  await late;
  expect(slept).toEqual([0, 0]);
});

test('a complete one that is asked for while an urgent one waits does not run beside it', async () => {
  const urgent = queue.urgent('A');
  const complete = queue.all();
  await settle();
  expect(runs.map(({ scope }) => scope)).toEqual([new Set(['A'])]);
  runs[0]?.end(CHANGED);
  await urgent;
  await settle();
  expect(runs[1]?.scope).toBe('all');
  runs[1]?.end(NOTHING);
  await complete;
});

test('after an urgent one that changed nothing the next waits out a second: refusals make no storm', async () => {
  const urgent = queue.urgent('A');
  await settle();
  runs[0]?.end(NOTHING);
  await urgent;
  nowMs += 400;
  const next = queue.urgent('A');
  await settle();
  expect(slept).toEqual([0, 600]);
  runs[1]?.end(CHANGED);
  await next;
  const afterChange = queue.urgent('A');
  await settle();
  runs[2]?.end(CHANGED);
  await afterChange;
  expect(slept).toEqual([0, 600, 0]);
});

test('one that breaks is told to its callers alone; the next one comes', async () => {
  const broken = [queue.all(), queue.all()];
  await settle();
  runs[0]?.break(new Error('impossible'));
  await expect(Promise.all(broken)).rejects.toThrow('impossible');
  const urgent = queue.urgent('A');
  await settle();
  runs[1]?.break(new Error('impossible'));
  await expect(urgent).rejects.toThrow('impossible');
  const next = queue.urgent('A');
  await settle();
  runs[2]?.end(CHANGED);
  expect(await next).toBe(CHANGED);
});
