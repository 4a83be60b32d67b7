// The cache: when a token is asked for, and when not.

import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type IdentitySelector, SYSTEM_ASSIGNED } from '../../src/support/identity-selector.js';
import { startEmulator } from '../../src/testing/index.js';
import {
  asker,
  CLIENT_ID,
  failureOf,
  jumpingClock,
  OBJECT_ID,
  sendJson,
  serve,
  type TestClock,
  type TestServer,
  unwrap,
  VAULT_RESOURCE,
} from './harness.js';

const CLIENT: IdentitySelector = { kind: 'client', id: CLIENT_ID };
const HOUR_MS = 3_600_000;

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** An endpoint whose tokens are called token-1, token-2, ... and live for an hour of the clock. */
async function endpoint(clock: TestClock, { lifeMs = HOUR_MS, name = (count: number) => `token-${count}` } = {}) {
  const control = {
    answer: (response: ServerResponse, count: number) =>
      sendJson(response, { access_token: name(count), expires_on: String((clock.now() + lifeMs) / 1000) }),
  };
  const one = await serve((_, response, count) => control.answer(response, count));
  server = one;
  const env: Record<string, string | undefined> = { IDENTITY_ENDPOINT: one.url, IDENTITY_HEADER: 'h' };
  return { control, env, seen: one.seen, ...asker(() => env, clock) };
}

const textOf = async (result: ReturnType<ReturnType<typeof asker>['ask']>) => unwrap(await result).token.reveal();

describe('one request', () => {
  test('for 50 callers at once, who share its answer', async () => {
    const { ask, seen, cache } = await endpoint(jumpingClock());
    const results = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(new Set(results.map((result) => unwrap(result)))).toHaveLength(1);
    expect([seen.length, cache.requests]).toEqual([1, 1]);
  });

  test('per identity, resource and endpoint', async () => {
    const { ask, seen, env } = await endpoint(jumpingClock());
    const all = () =>
      Promise.all([
        ask(),
        ask(CLIENT),
        ask({ kind: 'object', id: OBJECT_ID }),
        ask({ kind: 'object', id: CLIENT_ID }),
        ask(CLIENT, { resource: 'https://storage.azure.com' }),
        ask(CLIENT, { resource: 'https://storage.azure.com/' }),
      ]);
    const first = await all();
    expect(new Set(first.map((result) => unwrap(result).token.reveal()))).toHaveLength(6);
    await all();
    expect(seen).toHaveLength(6);
    env['IDENTITY_ENDPOINT'] = `${env['IDENTITY_ENDPOINT']}/other`;
    await ask();
    expect(seen).toHaveLength(7);
  });

  test('whose failure everybody shares, and nobody later', async () => {
    const { ask, seen, control } = await endpoint(jumpingClock());
    const { answer } = control;
    control.answer = (response) => sendJson(response, {}, 400);
    const results = await Promise.all(Array.from({ length: 20 }, () => ask()));
    for (const result of results) expect(failureOf(result).code).toBe('ERR_IDENTITY_NOT_ASSIGNED');
    expect(seen).toHaveLength(1);
    control.answer = answer;
    expect(await textOf(ask())).toBe('token-2');
  });
});

test('an endpoint that asks to be left alone is, by everybody who needs that token, and no longer', async () => {
  const clock = jumpingClock();
  const { ask, seen, control } = await endpoint(clock);
  const { answer } = control;
  control.answer = (response) => void response.writeHead(429, { 'Retry-After': '60' }).end();
  for (let i = 0; i < 3; i++) {
    expect(failureOf(await ask())).toMatchObject({ code: 'ERR_IDENTITY_UNAVAILABLE', retryAfterMs: 60_000 });
  }
  expect(seen).toHaveLength(1);
  control.answer = answer;
  // Another identity's tokens may be another matter.
  expect(await textOf(ask(CLIENT))).toBe('token-2');
  clock.advance(60_000);
  expect(await textOf(ask())).toBe('token-3');
});

describe('who may wait longer than the one who asked first', () => {
  const throttle = (response: ServerResponse) => void response.writeHead(429, { 'Retry-After': '3' }).end();

  test('waits for the end of the pause that the endpoint asked for, as for his own', async () => {
    const clock = jumpingClock();
    const { ask, seen, control } = await endpoint(clock);
    const { answer } = control;
    control.answer = throttle;
    expect(failureOf(await ask(SYSTEM_ASSIGNED, { withinMs: 2000 }))).toMatchObject({ retryAfterMs: 3000 });
    control.answer = answer;
    clock.advance(1000);
    // Too short for the rest of it.
    expect(failureOf(await ask(SYSTEM_ASSIGNED, { withinMs: 1500 })).code).toBe('ERR_IDENTITY_UNAVAILABLE');
    expect(seen).toHaveLength(1);
    expect(await textOf(ask(SYSTEM_ASSIGNED, { withinMs: 20_000 }))).toBe('token-2');
    expect(clock.sleeps).toEqual([2000]);
  });

  test('asks again, once for all like him', async () => {
    const { ask, seen, control } = await endpoint(jumpingClock());
    const { answer } = control;
    control.answer = (response, count) => (count === 1 ? throttle(response) : answer(response, count));
    // A refresh, which tries for two seconds, and the clients of an app behind it.
    const refresh = ask(SYSTEM_ASSIGNED, { withinMs: 2000 });
    const clients = Array.from({ length: 20 }, () => ask(SYSTEM_ASSIGNED, { withinMs: 20_000 }));
    const another = ask(SYSTEM_ASSIGNED, { withinMs: 2000 });
    for (const short of [refresh, another]) expect(failureOf(await short).code).toBe('ERR_IDENTITY_UNAVAILABLE');
    for (const client of clients) expect(await textOf(client)).toBe('token-2');
    expect(seen).toHaveLength(2);
  });

  test('nor is content with what another one had time for, who waited for the first as well', async () => {
    const clock = jumpingClock();
    const { ask, control } = await endpoint(clock);
    const { answer } = control;
    control.answer = (response, count) =>
      clock.monotonic() < 5000 ? void response.writeHead(503, { 'Retry-After': '1' }).end() : answer(response, count);
    const results = await Promise.all([2000, 3000, 20_000].map((withinMs) => ask(SYSTEM_ASSIGNED, { withinMs })));
    expect(results.map(({ ok }) => ok)).toEqual([false, false, true]);
  });

  test('but not for what time does not mend', async () => {
    const { ask, seen, control } = await endpoint(jumpingClock());
    control.answer = (response) => sendJson(response, {}, 400);
    await Promise.all([ask(SYSTEM_ASSIGNED, { withinMs: 2000 }), ask(SYSTEM_ASSIGNED, { withinMs: 20_000 })]);
    expect(seen).toHaveLength(1);
  });
});

describe('renewal', () => {
  test('begins five minutes early, in the background; the old token serves meanwhile', async () => {
    const clock = jumpingClock();
    const { ask, seen, control } = await endpoint(clock);
    expect(await textOf(ask())).toBe('token-1');
    clock.advance(HOUR_MS - 301_000);
    expect(await textOf(ask())).toBe('token-1');
    expect(seen).toHaveLength(1);

    const { answer } = control;
    let release = () => {};
    control.answer = (response, count) => {
      release = () => answer(response, count);
    };
    clock.advance(2000);
    // 20 callers, none of whom waits for the answer, which is held back.
    for (let i = 0; i < 20; i++) expect(await textOf(ask())).toBe('token-1');
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    expect(await textOf(ask())).toBe('token-1');
    release();
    await vi.waitFor(async () => expect(await textOf(ask())).toBe('token-2'));
    expect(seen).toHaveLength(2);
  });

  test('is earlier by up to as much again: processes that start together do not renew together', async () => {
    const clock = jumpingClock();
    const { env } = await endpoint(clock);
    const { ask } = asker(() => env, clock, { random: () => 0.999 });
    await ask();
    clock.advance(HOUR_MS - 599_000);
    await ask();
    await vi.waitFor(() => expect(server?.seen).toHaveLength(2));
  });

  test('that fails is tried again after a minute, and the token serves until it expires', async () => {
    const clock = jumpingClock();
    const { ask, seen, control } = await endpoint(clock);
    await ask();
    control.answer = (response) => sendJson(response, {}, 400);
    clock.advance(HOUR_MS - 300_000);
    for (let minute = 1; minute <= 4; minute++) {
      for (let i = 0; i < 5; i++) expect(await textOf(ask())).toBe('token-1');
      await vi.waitFor(() => expect(seen).toHaveLength(1 + minute), { timeout: 10_000 });
      clock.advance(60_000);
    }
    clock.advance(59_000);
    expect(await textOf(ask())).toBe('token-1');
    clock.advance(1001);
    expect(failureOf(await ask()).code).toBe('ERR_IDENTITY_NOT_ASSIGNED');
  });

  test('of an expired token is waited for', async () => {
    const clock = jumpingClock();
    const { ask, seen } = await endpoint(clock);
    await ask();
    clock.advance(HOUR_MS + 1);
    expect(await textOf(ask())).toBe('token-2');
    expect(seen).toHaveLength(2);
  });

  test('a token that ends in seconds is not used beyond them; one that is over on arrival is, for half a minute', async () => {
    const clock = jumpingClock();
    const short = await endpoint(clock, { lifeMs: 5000 });
    expect(await textOf(short.ask())).toBe('token-1');
    clock.advance(5001);
    expect(await textOf(short.ask())).toBe('token-2');
    await server?.close();
    const over = await endpoint(clock, { lifeMs: -5000 });
    expect(await textOf(over.ask())).toBe('token-1');
    clock.advance(14_000);
    expect(await textOf(over.ask())).toBe('token-1');
    clock.advance(16_001);
    expect(await textOf(over.ask())).toBe('token-2');
  });

  test('of a token of two minutes begins at half its life', async () => {
    const clock = jumpingClock();
    const { ask, seen } = await endpoint(clock, { lifeMs: 120_000 });
    await ask();
    clock.advance(59_000);
    await ask();
    expect(seen).toHaveLength(1);
    clock.advance(2000);
    expect(await textOf(ask())).toBe('token-1');
    await vi.waitFor(() => expect(seen).toHaveLength(2));
  });
});

describe('when the wall clock is set back', () => {
  /** Two hours ahead, until it is told the time. */
  function wrongClock() {
    const clock = jumpingClock();
    let aheadMs = 2 * HOUR_MS;
    function setRight() {
      aheadMs = 0;
    }
    return { ...clock, now: () => clock.now() + aheadMs, setRight };
  }

  test('a token whose life was told as a duration lives no longer than that', async () => {
    const clock = wrongClock();
    const { ask, control } = await endpoint(clock);
    control.answer = (response, count) => sendJson(response, { access_token: `token-${count}`, expires_in: 3600 });
    await ask();
    clock.setRight();
    clock.advance(HOUR_MS + 1);
    expect(await textOf(ask())).toBe('token-2');
  });

  test('one that looked expired serves for its half minute, and not until the clock is there again', async () => {
    const clock = wrongClock();
    const { ask } = await endpoint(clock, { lifeMs: -HOUR_MS });
    await ask();
    clock.setRight();
    clock.advance(30_001);
    expect(await textOf(ask())).toBe('token-2');
  });
});

describe('a token that a vault refused', () => {
  const refuse = (cache: ReturnType<typeof asker>['cache'], token: Parameters<typeof cache.refuse>[2]) =>
    cache.refuse(VAULT_RESOURCE, SYSTEM_ASSIGNED, token);

  test('is dropped; everybody who was refused with it gets the next', async () => {
    const { ask, cache, seen } = await endpoint(jumpingClock());
    const { token } = unwrap(await ask());
    // 20 reads come back with 401 one after the other, before the first of them asks again.
    for (let i = 0; i < 20; i++) expect(refuse(cache, token)).toBe(true);
    const texts = await Promise.all(Array.from({ length: 20 }, () => textOf(ask())));
    expect(new Set(texts)).toEqual(new Set(['token-2']));
    // A straggler's refusal does not touch the new one.
    expect(refuse(cache, token)).toBe(true);
    expect(await textOf(ask())).toBe('token-2');
    expect(seen).toHaveLength(2);
  });

  test('forces one renewal a minute, no more: the platform gives the same token for a day', async () => {
    const clock = jumpingClock();
    const { ask, cache, seen } = await endpoint(clock, { name: () => 'the-same' });
    expect(refuse(cache, unwrap(await ask()).token)).toBe(true);
    for (let i = 0; i < 5; i++) expect(refuse(cache, unwrap(await ask()).token)).toBe(false);
    clock.advance(59_000);
    expect(refuse(cache, unwrap(await ask()).token)).toBe(false);
    expect(seen).toHaveLength(2);
    clock.advance(1001);
    expect(refuse(cache, unwrap(await ask()).token)).toBe(true);
    await ask();
    expect(seen).toHaveLength(3);
  });

  test('says nothing about those of other identities and resources', async () => {
    const { ask, cache, seen } = await endpoint(jumpingClock());
    const { token } = unwrap(await ask());
    await ask(CLIENT);
    await ask(undefined, { resource: 'https://storage.azure.com' });
    refuse(cache, token);
    await ask(CLIENT);
    await ask(undefined, { resource: 'https://storage.azure.com' });
    expect(seen).toHaveLength(3);
  });
});

describe('the environment is read at every call', () => {
  test('a rotated identity header is honoured, and a cached token still is', async () => {
    const azure = await startEmulator();
    const { ask } = asker(() => azure.env);
    const first = await textOf(ask());
    await azure.rotateIdentityHeader();
    expect(await textOf(ask())).toBe(first);
    unwrap(await ask(undefined, { resource: 'https://storage.azure.com' }));
    expect((await azure.requests()).map(({ status }) => status)).toEqual([200, 200]);

    const frozen = azure.env;
    await azure.rotateIdentityHeader();
    expect(failureOf(await asker(frozen).ask())).toMatchObject({ code: 'ERR_IDENTITY_REFUSED' });
    await azure.close();
  });

  test('another source is another token', async () => {
    const { ask, env, seen } = await endpoint(jumpingClock());
    await ask();
    env['CONTAINER_APP_NAME'] = 'app';
    await ask();
    delete env['CONTAINER_APP_NAME'];
    await ask();
    expect(seen).toHaveLength(2);
  });

  test('an endpoint that became malformed gives no cached token', async () => {
    const { ask, env } = await endpoint(jumpingClock());
    await ask();
    env['IDENTITY_ENDPOINT'] = 'http://evil.example/';
    expect(failureOf(await ask()).code).toBe('ERR_IDENTITY_ENDPOINT');
  });
});

describe('seeds', () => {
  test('that lay there until they expired are no tokens', async () => {
    const clock = jumpingClock();
    const { ask, cache, env } = await endpoint(clock);
    await ask();
    const other = asker(() => env, clock);
    clock.advance(HOUR_MS + 1);
    other.cache.plant(cache.seeds());
    expect(await textOf(other.ask())).toBe('token-2');
  });

  test('that come late do not take the place of newer tokens', async () => {
    const clock = jumpingClock();
    const { ask, cache } = await endpoint(clock);
    await ask();
    const seeds = cache.seeds();
    clock.advance(HOUR_MS - 1000);
    await ask();
    await vi.waitFor(async () => expect(await textOf(ask())).toBe('token-2'));
    cache.plant(seeds);
    expect(await textOf(ask())).toBe('token-2');
  });
});

test('seeds carry tokens to another cache', async () => {
  const clock = jumpingClock();
  const { ask, cache, env, seen } = await endpoint(clock);
  await ask();
  await ask(CLIENT);
  const other = asker(() => env, clock);
  other.cache.plant(structuredClone(cache.seeds()));
  expect(await textOf(other.ask())).toBe('token-1');
  expect(await textOf(other.ask(CLIENT))).toBe('token-2');
  expect([seen.length, other.cache.requests]).toEqual([2, 0]);
  clock.advance(HOUR_MS);
  expect(await textOf(other.ask())).toBe('token-3');
});
