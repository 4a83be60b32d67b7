// What may stand at a vault's address instead of one: both lanes call it the same.
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/support/clock.js';
import { readConfig } from '../../src/support/config.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { createVaultClient } from '../../src/vault/client.js';
import { envOf, failure, LANES, outcomeOf, reader, readOf, secretJson, serveHttps, value } from './harness.js';

let azure: Emulator;
let server: net.Server | undefined;
beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: { a: 'x' } } });
  // Loads the SDK, which may take longer than a test of a hang waits.
  value(await reader(azure.env, { client: 'sdk' }).read('a'));
});
afterAll(() => azure.close());
afterEach(() => {
  server?.close();
});

async function listen(onSocket: (socket: net.Socket) => void): Promise<string> {
  const one = net.createServer((socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  server = one;
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return `localhost:${(one.address() as net.AddressInfo).port}`;
}

async function inBothLanes(host: string, withinMs = 20_000): Promise<object> {
  const outcomes = [];
  for (const client of LANES) {
    const { VAULTSTRAP_VAULT_ENDPOINT: _, ...env }: Record<string, string> = azure.env;
    const one = reader({ ...env, VAULTSTRAP_ALLOWED_HOSTS: host }, { client });
    outcomes.push(outcomeOf(await one.read('a', { host }, { retry: false, withinMs })));
    one.client.rest();
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  return outcomes[0] ?? {};
}

test('something that takes connections and says nothing', async () => {
  const sockets: net.Socket[] = [];
  const host = await listen((socket) => sockets.push(socket));
  expect(await inBothLanes(host, 400)).toMatchObject({ status: 'FetchTimedOut', code: 'ERR_VAULT_TIMEOUT' });
  for (const socket of sockets) socket.destroy();
});

test('when time is up, those that still wait in line are not tried one after the other', async () => {
  const sockets: net.Socket[] = [];
  const host = await listen((socket) => sockets.push(socket));
  const { VAULTSTRAP_VAULT_ENDPOINT: _, ...env }: Record<string, string> = azure.env;
  const { readAll, client } = reader({ ...env, VAULTSTRAP_ALLOWED_HOSTS: host }, { concurrency: 4 });
  const reads = Array.from({ length: 200 }, (__, i) => readOf(`s${i}`, { host }));
  const codes = (await readAll(reads, { withinMs: 500 })).map((result) => failure(result).code);
  expect(new Set(codes.slice(4))).toEqual(new Set(['ERR_TIMEOUT']));
  expect(client.counts.vault).toBeLessThanOrEqual(4);
  for (const socket of sockets) socket.destroy();
});

test('an answer that came while the process stood still, until behind the deadline, is not lost', async () => {
  let untilMs = 0;
  const imitation = await serveHttps((_request, response) => {
    response.end(secretJson('localhost', 'a', 'x'));
    while (performance.now() < untilMs);
  });
  const host = `localhost:${imitation.port}`;
  const one = reader(envOf(azure, imitation));
  // Loads what the next one must not wait for.
  value(await one.read('a', { host }));
  untilMs = performance.now() + 1500;
  expect(value(await one.read('a', { host }, { withinMs: 1000 }))).toBe('x');
  one.client.rest();
  await imitation.close();
});

test('something that hangs up', async () => {
  const host = await listen((socket) => socket.destroy());
  expect(await inBothLanes(host)).toMatchObject({ code: 'ERR_VAULT_UNREACHABLE', retry: 'deadline' });
});

test('something that speaks plain http', async () => {
  const host = await listen((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  });
  expect(await inBothLanes(host)).toMatchObject({ code: 'ERR_VAULT_TLS', retry: 'never' });
});

test('nothing at all', async () => {
  const host = await listen(() => {});
  await new Promise((resolve) => server?.close(resolve));
  expect(await inBothLanes(host)).toMatchObject({ code: 'ERR_VAULT_UNREACHABLE', retry: 'deadline' });
});

test('what cannot even be connected to is a failure of its reads, in a lane that opens connections in advance, too', async () => {
  const host = 'localhost:99999';
  const { VAULTSTRAP_VAULT_ENDPOINT: _, ...env }: Record<string, string> = azure.env;
  // No setting may say so: what Node itself refuses, whatever it is, is no exception here.
  const config = { ...readConfig(env), allowedHosts: new Set([host]) };
  const client = createVaultClient({ config, clock: systemClock, env: () => env, sdkAnchors: [] });
  const nowMs = systemClock.monotonic();
  const limits = { deadlineMs: nowMs + 20_000, retryUntilMs: nowMs, failFast: false };
  const results = await client.readAll([readOf('a', { host }), readOf('b', { host })], limits);
  expect([...results.values()].map((result) => failure(result).code)).toEqual([
    'ERR_VAULT_UNREACHABLE',
    'ERR_VAULT_UNREACHABLE',
  ]);
});

test('a name that nobody knows (RFC 2606)', async () => {
  expect(await inBothLanes('kv.vaultstrap.invalid')).toMatchObject({ status: 'VaultNotFound', code: 'ERR_VAULT_DNS' });
});

describe('a host that is only allowed', () => {
  test.each([
    [404, {}],
    [404, { error: { code: 'SecretNotFound' } }],
    [403, { error: { code: 'Forbidden', innererror: { code: 'ForbiddenByRbac' } } }],
    [403, {}],
    [418, {}],
    [302, {}],
  ])('%i %j: no command names a vault that Azure does not have', async (status, body) => {
    const imitation = await serveHttps((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const host = `localhost:${imitation.port}`;
    for (const client of LANES) {
      const one = reader(envOf(azure, imitation), { client });
      const { code, hint } = failure(await one.read('a', { host }, { retry: false }));
      one.client.rest();
      expect({ code, hint }).toMatchObject({
        code: expect.stringMatching(/^ERR_(VAULT|SECRET)_/),
        hint: `Look at what answers at ${host}, which VAULTSTRAP_ALLOWED_HOSTS allows: it is no vault of Azure.`,
      });
    }
    await imitation.close();
  });
});
