import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/support/clock.js';
import { type Failure, fail, type Result, succeed } from '../../src/support/failure.js';
import { delayBeforeRetryMs, withRetry } from '../../src/support/retry.js';
import { FORBIDDEN, OUTAGE } from '../helpers/fixtures.js';

const FEW: Failure = { ...OUTAGE, retry: 'few' };

/** A clock on which only sleeping, and the tries themselves, take time. */
function fakeClock() {
  let now = 1000;
  const slept: number[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (ms) => {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
  return { clock, slept, pass: (ms: number) => (now += ms) };
}

function script(...results: Result<string>[]) {
  const remaining: number[] = [];
  const attempt = (ms: number) => {
    remaining.push(ms);
    return Promise.resolve(results[Math.min(remaining.length, results.length) - 1] ?? fail(OUTAGE));
  };
  return { attempt, remaining };
}

describe('delayBeforeRetryMs', () => {
  test('full jitter below a ceiling that doubles up to 10 s', () => {
    const most = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((tries) => delayBeforeRetryMs(tries, OUTAGE, 1));
    expect(most).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    expect(delayBeforeRetryMs(5, OUTAGE, 0)).toBe(0);
    expect(delayBeforeRetryMs(1, OUTAGE, 0.5)).toBe(125);
  });
  test('never less than the server asked for, more if the backoff is longer', () => {
    expect(delayBeforeRetryMs(1, { ...OUTAGE, retryAfterMs: 3000 }, 0)).toBe(3000);
    expect(delayBeforeRetryMs(9, { ...OUTAGE, retryAfterMs: 3000 }, 0.9)).toBe(9000);
  });
});

describe('withRetry', () => {
  const limits = (clock: Clock, more = {}) => ({ clock, deadlineMs: 61_000, random: () => 0.5, ...more });

  test('until it succeeds', async () => {
    const { clock, slept } = fakeClock();
    const { attempt, remaining } = script(fail(OUTAGE), fail(OUTAGE), succeed('s'));
    expect(await withRetry(attempt, limits(clock))).toEqual(succeed('s'));
    expect(slept).toEqual([125, 250]);
    expect(remaining).toEqual([60_000, 59_875, 59_625]);
  });

  test('a fact is not asked again', async () => {
    const { clock } = fakeClock();
    const { attempt, remaining } = script(fail(FORBIDDEN), succeed('s'));
    expect(await withRetry(attempt, limits(clock))).toEqual(fail(FORBIDDEN));
    expect(remaining).toHaveLength(1);
  });

  test('a hiccup gets three tries', async () => {
    const { clock } = fakeClock();
    const { attempt, remaining } = script(fail(FEW));
    expect(await withRetry(attempt, limits(clock))).toEqual(fail(FEW));
    expect(remaining).toHaveLength(3);
  });

  test('a hiccup at the end of an outage has its own three tries', async () => {
    const { clock } = fakeClock();
    const outage = [fail(OUTAGE), fail(OUTAGE), fail(OUTAGE)];
    const mended = script(...outage, fail(FEW), fail(FEW), succeed('s'));
    expect(await withRetry(mended.attempt, limits(clock))).toEqual(succeed('s'));
    const { attempt, remaining } = script(...outage, fail(FEW));
    expect(await withRetry(attempt, limits(fakeClock().clock))).toEqual(fail(FEW));
    expect(remaining).toHaveLength(6);
  });

  test('no try begins that could only time out, and hide the answer there is', async () => {
    const { clock } = fakeClock();
    const { attempt, remaining } = script(fail(OUTAGE), succeed('too late'));
    expect(await withRetry(attempt, limits(clock, { deadlineMs: 1000 + 200 }))).toEqual(fail(OUTAGE));
    expect(remaining).toHaveLength(1);
  });

  test('a wait that would outlast the time is cut short: the last try comes at the end', async () => {
    const { clock } = fakeClock();
    const enough = script(fail(OUTAGE), succeed('s'));
    expect(await withRetry(enough.attempt, limits(clock, { deadlineMs: 1000 + 50 + 200 }))).toEqual(succeed('s'));
    expect(clock.monotonic()).toBe(1050);
    const asked = script(fail({ ...OUTAGE, retryAfterMs: 5000 }), succeed('sooner than the server asked for'));
    const failed = await withRetry(asked.attempt, limits(clock, { deadlineMs: clock.monotonic() + 4000 }));
    expect(failed).toMatchObject({ ok: false });
  });

  test('an outage is tried until no further try fits before the deadline', async () => {
    const { clock, slept } = fakeClock();
    const { attempt } = script(fail(OUTAGE));
    expect(await withRetry(attempt, limits(clock))).toEqual(fail(OUTAGE));
    expect(clock.monotonic()).toBeLessThan(61_000);
    expect(slept.reduce((a, b) => a + b)).toBeGreaterThan(50_000);
  });

  test('Retry-After behind the deadline ends it at once', async () => {
    const { clock, slept } = fakeClock();
    const { attempt } = script(fail({ ...OUTAGE, retryAfterMs: 60_000 }));
    await withRetry(attempt, limits(clock));
    expect(slept).toEqual([]);
  });

  test('one that leaves just enough time for a last try is kept', async () => {
    const { clock, slept } = fakeClock();
    const { attempt } = script(fail({ ...OUTAGE, retryAfterMs: 59_800 }), succeed('s'));
    expect(await withRetry(attempt, limits(clock))).toEqual(succeed('s'));
    expect(slept).toEqual([59_800]);
  });

  test('retryUntilMs: one try only, when it is now', async () => {
    const { clock } = fakeClock();
    const { attempt, remaining } = script(fail(OUTAGE));
    await withRetry(attempt, limits(clock, { retryUntilMs: 1000 }));
    expect(remaining).toEqual([60_000]);
  });

  test('isFinal and the signal end it', async () => {
    const { clock } = fakeClock();
    const final = script(fail(OUTAGE));
    await withRetry(final.attempt, limits(clock, { isFinal: () => final.remaining.length === 2 }));
    expect(final.remaining).toHaveLength(2);
    const abort = new AbortController();
    const aborted = script(fail(OUTAGE));
    const result = withRetry(
      (ms) => {
        if (aborted.remaining.length === 1) abort.abort();
        return aborted.attempt(ms);
      },
      limits(clock, { signal: abort.signal }),
    );
    expect(await result).toEqual(fail(OUTAGE));
    expect(aborted.remaining).toHaveLength(2);
  });

  test('a signal that comes during the wait', async () => {
    const { clock } = fakeClock();
    const abort = new AbortController();
    const { attempt, remaining } = script(fail(OUTAGE), succeed('too late'));
    const sleeping: Clock = { ...clock, sleep: async () => abort.abort() };
    expect(await withRetry(attempt, limits(sleeping, { signal: abort.signal }))).toEqual(fail(OUTAGE));
    expect(remaining).toHaveLength(1);
  });

  test('nor behind the deadline, when the wait lasted longer than it should (a frozen process)', async () => {
    const { clock, pass } = fakeClock();
    const { attempt, remaining } = script(fail(OUTAGE), succeed('too late'));
    const oversleeping: Clock = { ...clock, sleep: async () => void pass(60_000) };
    expect(await withRetry(attempt, limits(oversleeping))).toEqual(fail(OUTAGE));
    expect(remaining).toHaveLength(1);
  });

  test('a try that starts late still has some time', async () => {
    const { clock, pass } = fakeClock();
    pass(100_000);
    const { attempt, remaining } = script(fail(OUTAGE));
    await withRetry(attempt, limits(clock));
    expect(remaining).toEqual([1]);
  });
});
