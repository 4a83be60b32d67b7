// A vault that throttles is left in peace by refreshes; a start goes on trying.
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Failure } from '../../src/support/failure.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { createCircuits } from '../../src/vault/circuit.js';
import { shiftedClock } from '../identity/harness.js';
import { bearerRequests, failure, LANES, reader, readOf, value } from './harness.js';

const THROTTLED: Failure = {
  status: 'OtherReasons',
  code: 'ERR_THROTTLED',
  details: 'd',
  hint: 'h',
  retry: 'deadline',
};

describe('a circuit', () => {
  function create(random = 0.5) {
    let nowMs = 5000;
    const circuits = createCircuits(
      () => nowMs,
      () => random,
    );
    /** How long it stays open from now. */
    function pauseMs(host = 'a'): number {
      const startedMs = nowMs;
      while (circuits.failureFor(host)) nowMs += 50;
      return nowMs - startedMs;
    }
    return {
      ...circuits,
      open: (host: string, failure: Failure, beganMs = nowMs) => circuits.open(host, failure, beganMs),
      pauseMs,
    };
  }

  test('opens for one vault, and closes by itself', () => {
    const { open, failureFor, pauseMs } = create();
    open('a', THROTTLED);
    expect(failureFor('a')).toBe(THROTTLED);
    expect(failureFor('b')).toBeUndefined();
    expect(pauseMs()).toBe(1000);
  });

  test('longer each time in a row, up to a minute; a success forgets', () => {
    const { open, close, pauseMs } = create();
    const pauses = Array.from({ length: 8 }, () => {
      open('a', THROTTLED);
      return pauseMs();
    });
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    close('a', Number.POSITIVE_INFINITY);
    open('a', THROTTLED);
    expect(pauseMs()).toBe(1000);
  });

  test('a success that was under way before the 429 says nothing', () => {
    const { open, close, failureFor } = create();
    open('a', THROTTLED);
    close('a', 4999);
    expect(failureFor('a')).toBe(THROTTLED);
    close('a', 5000);
    expect(failureFor('a')).toBeUndefined();
  });

  test('many answers at once count as one', () => {
    const { open, pauseMs } = create();
    for (let i = 0; i < 16; i++) open('a', THROTTLED);
    expect(pauseMs()).toBe(1000);
  });

  test('and so do those that come behind the pause, to what began before it was over', () => {
    const { open, failureFor, pauseMs } = create();
    open('a', THROTTLED);
    expect(pauseMs()).toBe(1000);
    open('a', THROTTLED, 4000);
    open('a', THROTTLED, 5999);
    expect(failureFor('a')).toBeUndefined();
    open('a', THROTTLED);
    expect(pauseMs()).toBe(2000);
  });

  test('at least as long as the vault says; with jitter', () => {
    const { open, pauseMs } = create();
    open('a', { ...THROTTLED, retryAfterMs: 30_000 });
    expect(pauseMs()).toBe(30_000);
    const early = create(0);
    early.open('a', THROTTLED);
    expect(early.pauseMs()).toBe(500);
  });
});

describe.each(LANES)('%s', (client) => {
  const names = Array.from({ length: 40 }, (_, i) => `secret-${i}`);
  const seed = Object.fromEntries(names.map((name) => [name, 'x']));
  const shop = names.map((name) => readOf(name));
  const bank = names.map((name) => readOf(name, { host: 'bank.vault.azure.net' }));
  const QUIET = { requests: 0, perSeconds: 60 };

  let azure: Emulator;
  beforeAll(async () => {
    azure = await startEmulator({ vaults: { shop: seed, bank: seed } });
  });
  afterAll(() => azure.close());
  afterEach(() => azure.reset());

  const toShop = async () => (await bearerRequests(azure)).filter(({ vault }) => vault === 'shop').length;

  test('a refresh asks only as much as was under way; then not at all, until the pause is over', async () => {
    const clock = shiftedClock();
    // Longer than a busy machine takes for all of this.
    await azure.vault('shop').throttle({ ...QUIET, retryAfterSeconds: 60 });
    const { readAll, client: vaults } = reader(azure.env, { client }, { clock });
    const results = await readAll([...shop, ...bank], { isRefresh: true });
    for (const result of results.slice(0, 40)) expect(failure(result).code).toBe('ERR_THROTTLED');
    for (const result of results.slice(40)) expect(value(result)).toBe('x');
    expect(await toShop()).toBeLessThanOrEqual(24);

    await azure.requests.clear();
    // As behind every refresh.
    vaults.rest();
    const connect = vi.spyOn(tls, 'connect');
    for (const result of await readAll(shop, { isRefresh: true })) {
      expect(failure(result).code).toBe('ERR_THROTTLED');
    }
    expect(await azure.requests()).toEqual([]);
    expect(connect).not.toHaveBeenCalled();
    connect.mockRestore();

    await azure.vault('shop').throttle(null);
    clock.advance(60_000);
    for (const result of await readAll(shop, { isRefresh: true })) expect(value(result)).toBe('x');
    expect(await toShop()).toBe(40);
  });

  test('a start tries although the circuit is open, and closes it by its success', async () => {
    await azure.vault('shop').throttle({ ...QUIET, retryAfterSeconds: 60 });
    const { readAll, read } = reader(azure.env, { client });
    expect(failure((await readAll(shop.slice(0, 1), { isRefresh: true }))[0]).code).toBe('ERR_THROTTLED');
    await azure.vault('shop').throttle(null);
    expect(value(await read('secret-0'))).toBe('x');
    for (const result of await readAll(shop, { isRefresh: true })) expect(value(result)).toBe('x');
  });
});
