// How many requests and connections a vault sees.
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import {
  bearerRequests,
  envOf,
  failure,
  type HttpsServer,
  LANES,
  reader,
  readOf,
  secretJson,
  serveHttps,
  tokenRequests,
  value,
} from './harness.js';

const names = (count: number) => Array.from({ length: count }, (_, i) => `secret-${i}`);
const seed = Object.fromEntries(names(60).map((name) => [name, `value of ${name}`]));

let azure: Emulator;
beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: seed, bank: seed } });
});
afterAll(() => azure.close());
afterEach(() => azure.reset());

const vaultConnections = async () => (await azure.connections()).vault;

describe('a direct lane', () => {
  test('opens its connections while the token is fetched, and uses them', async () => {
    await azure.latency({ identityMs: 2000 });
    const { readAll, client } = reader(azure.env);
    const reading = readAll(names(20).map((name) => readOf(name)));
    await vi.waitFor(async () => expect(await vaultConnections()).toBe(20));
    // All that is there is TLS: nobody has a token yet.
    expect(await bearerRequests(azure)).toEqual([]);
    for (const [i, result] of (await reading).entries()) expect(value(result)).toBe(`value of secret-${i}`);
    expect(await vaultConnections()).toBe(20);
    client.rest();
  });

  test.each([
    [1, 1],
    [3, 3],
    [24, 24],
    [60, 24],
  ])('reads %i secrets over %i connections', async (count, connections) => {
    const { readAll, client } = reader(azure.env);
    for (const result of await readAll(names(count).map((name) => readOf(name)))) value(result);
    expect(await vaultConnections()).toBe(connections);
    expect([(await bearerRequests(azure)).length, await tokenRequests(azure)]).toEqual([count, 1]);
    client.rest();
  });

  test('sends a vault nothing when there is no token', async () => {
    const { readAll, client } = reader(azure.env);
    await azure.faults.add({ target: 'identity', status: 400 });
    for (const result of await readAll(names(3).map((name) => readOf(name)))) {
      expect(failure(result).code).toBe('ERR_IDENTITY_NOT_ASSIGNED');
    }
    client.rest();
    expect(await bearerRequests(azure)).toEqual([]);
  });

  test('keeps them between reads until it rests', async () => {
    const { readAll, client } = reader(azure.env);
    const reads = names(5).map((name) => readOf(name));
    await readAll(reads);
    client.rest();
    await readAll(reads);
    expect(await vaultConnections()).toBe(10);
    client.rest();
    expect(client.counts).toEqual({ vault: 10, unauthorized: 0 });
  });

  test('uses a connection that the other side has closed only once: the read is sent again', async () => {
    const { readAll } = reader(azure.env);
    const reads = names(16).map((name) => readOf(name));
    await readAll(reads);
    await azure.dropConnections();
    for (const result of await readAll(reads)) value(result);
  });
});

describe('resting', () => {
  let server: HttpsServer;
  afterEach(() => server.close());

  test('the next handshakes resume the TLS session', async () => {
    const resumed: boolean[] = [];
    server = await serveHttps((request, response) => {
      resumed.push((request.socket as TLSSocket).isSessionReused());
      response.end(secretJson('localhost', 'a', 'x'));
    });
    const host = `localhost:${server.port}`;
    const { readAll, client } = reader(envOf(azure, server));
    const read = async (count: number) => {
      const reads = names(count).map((_name, i) => ({ ...readOf('a', { host }), key: `${i}` }));
      for (const result of await readAll(reads)) expect(value(result)).toBe('x');
      client.rest();
      return resumed.splice(0);
    };
    expect(await read(2)).toEqual([false, false]);
    expect(await read(3)).toEqual([true, true, true]);
  });

  test('closes the sockets: the server sees them end', async () => {
    const ended: Promise<unknown>[] = [];
    server = await serveHttps((request, response) => {
      ended.push(new Promise((resolve) => request.socket.once('close', resolve)));
      response.end(secretJson('localhost', 'a', 'x'));
    });
    const host = `localhost:${server.port}`;
    const { readAll, client } = reader(envOf(azure, server));
    for (const result of await readAll([0, 1, 2].map((i) => ({ ...readOf('a', { host }), key: `${i}` })))) {
      expect(value(result)).toBe('x');
    }
    expect(server.connections()).toBe(3);
    client.rest();
    await Promise.all(ended);
    expect(ended.length).toBe(3);
  });

  test('a reply that closes the connection is no trouble', async () => {
    server = await serveHttps((_, response) => {
      response.setHeader('Connection', 'close');
      response.end(secretJson('localhost', 'a', 'x'));
    });
    const host = `localhost:${server.port}`;
    for (const client of LANES) {
      const { readAll } = reader(envOf(azure, server), { client });
      for (const result of await readAll(names(20).map((_, i) => ({ ...readOf('a', { host }), key: `${i}` }))))
        value(result);
    }
  });

  test('a keep-alive socket that ends as it is used again is tried once more', async () => {
    // Answers the first request of each connection; the second finds it closed without a word.
    const used = new WeakSet<object>();
    let cut = 0;
    server = await serveHttps((request, response) => {
      if (used.has(request.socket)) {
        cut++;
        request.socket.destroy();
        return;
      }
      used.add(request.socket);
      response.end(secretJson('localhost', 'a', 'x'));
    });
    const host = `localhost:${server.port}`;
    const { readAll } = reader(envOf(azure, server), { concurrency: 1 });
    const reads = names(4).map((_, i) => ({ ...readOf('a', { host }), key: `${i}` }));
    for (const result of await readAll(reads, { retry: false })) expect(value(result)).toBe('x');
    expect(cut).toBe(3);
  });
});

describe.each(LANES)('the cap of reads in flight: %s', (client) => {
  test.each([1, 4, 16])('%i per vault', async (concurrency) => {
    let most = 0;
    let left = 40;
    // Nobody is answered until as many are there as may be, and a little later: one too many would show.
    const held: (() => void)[] = [];
    const server = await serveHttps((request, response) => {
      const secret = /secrets\/([^/?]+)/.exec(request.url ?? '')?.[1] ?? '';
      held.push(() => response.end(secretJson('localhost', secret, 'x')));
      most = Math.max(most, held.length);
      if (held.length !== Math.min(concurrency, left)) return;
      setTimeout(() => {
        left -= held.length;
        for (const release of held.splice(0)) release();
      }, 5);
    });
    const host = `localhost:${server.port}`;
    const one = reader(envOf(azure, server), { client, concurrency });
    for (const result of await one.readAll(names(40).map((name) => readOf(name, { host })))) value(result);
    expect(most).toBe(concurrency);
    expect(server.connections()).toBeLessThanOrEqual(concurrency);
    one.client.rest();
    await server.close();
  });
});

test('two vaults do not wait for each other, in either lane', async () => {
  await azure.faults.add({ target: 'vault', vault: 'shop', hang: true });
  const reads = [
    ...names(20).map((name) => readOf(name)),
    ...names(20).map((name) => readOf(name, { host: 'bank.vault.azure.net' })),
  ];
  // All of it passes: the hanging ones end with it. Long enough for the others on a busy machine.
  const both = await Promise.all(
    LANES.map((client) => reader(azure.env, { client }).readAll(reads, { withinMs: 4000 })),
  );
  for (const results of both) {
    for (const result of results.slice(20)) value(result);
    for (const result of results.slice(0, 20)) expect(failure(result).code).toBe('ERR_VAULT_TIMEOUT');
  }
});

test.each(LANES)('100 reads at once warn of nothing: %s', async (client) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const { readAll } = reader(azure.env, { client, concurrency: 64 });
  const reads = [...names(50), ...names(50)].map((name, i) => ({ ...readOf(name), key: `${i}` }));
  for (const result of await readAll(reads, { failFast: true })) value(result);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});
