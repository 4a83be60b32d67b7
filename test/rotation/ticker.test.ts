import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTicker } from '../../src/rotation/ticker.js';

describe('ticker', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const tickerOf = (tick: () => Promise<boolean>) => createTicker(10_000, tick, () => 0.5);
  /** A ticker whose tick goes on until the test ends it. */
  function heldTicks() {
    let end: (() => void) | undefined;
    const held = {
      ticks: 0,
      end: () => end?.(),
      ticker: tickerOf(() => {
        held.ticks++;
        return new Promise((resolve) => {
          end = () => resolve(true);
        });
      }),
    };
    return held;
  }

  test('the first comes within the interval, the others a whole one apart', async () => {
    const at: number[] = [];
    const start = Date.now();
    const ticker = tickerOf(async () => at.push(Date.now() - start) > 0);
    ticker.sooner(1);
    expect(ticker.nextAtMs()).toBeUndefined();
    ticker.start();
    expect(ticker.nextAtMs()).toBe(start + 5000);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(at).toEqual([5000, 15_000, 25_000]);
  });

  test('the first after a failure is spread again, those after it are not; a rejection is a failure', async () => {
    const at: number[] = [];
    const start = Date.now();
    const outcomes = [() => Promise.reject(new Error('x')), () => Promise.resolve(false), () => Promise.resolve(true)];
    const ticker = tickerOf(() => {
      at.push(Date.now() - start);
      return (outcomes[at.length - 1] ?? (() => Promise.resolve(true)))();
    });
    ticker.start();
    await vi.advanceTimersByTimeAsync(26_000);
    // An outage makes nobody ask more often.
    expect(at).toEqual([5000, 10_000, 20_000]);
  });

  test('an earlier one is planned also where the clock was set forward, past the one that is planned', async () => {
    let ticks = 0;
    const ticker = tickerOf(async () => ++ticks > 0);
    ticker.start();
    vi.setSystemTime(Date.now() + 3_600_000);
    ticker.sooner(1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(ticks).toBe(1);
    // And set back: never a later one in the place of one that is planned.
    vi.setSystemTime(Date.now() - 7_200_000);
    ticker.sooner(20_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).toBe(2);
    ticker.stop();
  });

  test('the next is planned when the tick has ended, so that none overlap', async () => {
    const held = heldTicks();
    held.ticker.start();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(held.ticks).toBe(1);
    expect(held.ticker.nextAtMs()).toBeUndefined();
    held.ticker.start();
    held.end();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(held.ticks).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(held.ticks).toBe(2);
  });

  test('stopped is stopped, in the middle of a tick too, until it is started again', async () => {
    const held = heldTicks();
    held.ticker.start();
    await vi.advanceTimersByTimeAsync(5000);
    held.ticker.stop();
    held.end();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(held.ticks).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    held.ticker.sooner(5);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(held.ticks).toBe(1);
    held.ticker.start();
    await vi.advanceTimersByTimeAsync(5000);
    expect(held.ticks).toBe(2);
  });

  test('is no part of the request that started it, or asked for an earlier tick', async () => {
    vi.useRealTimers();
    const request = new AsyncLocalStorage<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const within: (string | undefined)[] = [];
    const tick = async () => {
      if (within.push(request.getStore()) === 1) request.run('another request', () => ticker.sooner(1));
      else resolve();
      return true;
    };
    const ticker = request.run('a request', () => tickerOf(tick));
    request.run('a request', () => {
      ticker.start();
      ticker.sooner(1);
    });
    await promise;
    ticker.stop();
    expect(within).toEqual([undefined, undefined]);
  });

  test('starting twice is starting once', async () => {
    const tick = vi.fn(async () => true);
    const ticker = tickerOf(tick);
    ticker.start();
    ticker.start();
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(tick).toHaveBeenCalledTimes(1);
  });

  test('sooner comes sooner, never later; also when asked for in a tick', async () => {
    const at: number[] = [];
    const start = Date.now();
    const ticker = tickerOf(async () => {
      at.push(Date.now() - start);
      if (at.length === 1) ticker.sooner(700);
      return true;
    });
    ticker.start();
    ticker.sooner(9000);
    ticker.sooner(1000.4);
    ticker.sooner(0);
    ticker.sooner(2000);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(at).toEqual([1, 701, 10_701]);
  });

  test('a wish for later than usual puts nothing off', async () => {
    const at: number[] = [];
    const start = Date.now();
    const ticker = tickerOf(async () => {
      at.push(Date.now() - start);
      ticker.sooner(60_000);
      return true;
    });
    ticker.start();
    await vi.advanceTimersByTimeAsync(26_000);
    expect(at).toEqual([5000, 15_000, 25_000]);
  });

  test('does not keep the process alive', () => {
    vi.useRealTimers();
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const ticker = createTicker(1000, async () => true);
    ticker.start();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')).toHaveLength(before);
    ticker.stop();
  });
});
