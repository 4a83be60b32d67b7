// One look-up for all sockets that are opened together, and none remembered longer than that.
import dns from 'node:dns';
import { once } from 'node:events';
import net, { type LookupFunction } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { createSharedLookup } from '../../src/vault/lookup.js';
import { envOf, failure, type HttpsServer, reader, readOf, secretJson, serveHttps, value } from './harness.js';

type Callback = Parameters<LookupFunction>[2];

/** Collects the questions, to be answered by the test. */
function asked() {
  const questions: { host: string; options: object; answer: Callback }[] = [];
  const shared = createSharedLookup((host, options, answer) => void questions.push({ host, options, answer }));
  const look = (host: string, options = { all: true }) =>
    new Promise<unknown[]>((resolve) => shared.lookup(host, options, (...answer) => resolve(answer)));
  return { questions, look, forget: shared.forget };
}

test('sockets opened together share one question, and its answer with those that come later', async () => {
  const { questions, look } = asked();
  const both = [look('shop.vault.azure.net'), look('shop.vault.azure.net')];
  expect(questions).toHaveLength(1);
  questions[0]?.answer(null, [{ address: '10.0.0.1', family: 4 }]);
  for (const one of [...both, look('shop.vault.azure.net')]) {
    expect(await one).toEqual([null, [{ address: '10.0.0.1', family: 4 }]]);
  }
  expect(questions).toHaveLength(1);
});

test('another name, and the same one asked for otherwise, are other questions', () => {
  const { questions, look } = asked();
  void look('shop.vault.azure.net');
  void look('bank.vault.azure.net');
  void look('shop.vault.azure.net', { all: false });
  expect(questions.map(({ host }) => host)).toEqual([
    'shop.vault.azure.net',
    'bank.vault.azure.net',
    'shop.vault.azure.net',
  ]);
});

test('a failure is not remembered', async () => {
  const { questions, look } = asked();
  const both = [look('shop.vault.azure.net'), look('shop.vault.azure.net')];
  questions[0]?.answer(Object.assign(new Error('x'), { code: 'EAI_AGAIN' }), '');
  for (const one of both) expect((await one)[0]).toMatchObject({ code: 'EAI_AGAIN' });
  void look('shop.vault.azure.net');
  expect(questions).toHaveLength(2);
});

test('what a look-up throws is an answer, and no rejection in the background', async () => {
  let thrown = 0;
  const { lookup } = createSharedLookup(() => {
    thrown++;
    throw Object.assign(new Error('x'), { code: 'ERR_ACCESS_DENIED' });
  });
  for (const count of [1, 2]) {
    const [error] = await new Promise<unknown[]>((resolve) => lookup('shop.vault.azure.net', {}, (...a) => resolve(a)));
    expect(error).toMatchObject({ code: 'ERR_ACCESS_DENIED' });
    // As any failure it is not remembered.
    expect(thrown).toBe(count);
  }
});

test('an answer that comes late does not bring back what was forgotten', async () => {
  const { questions, look, forget } = asked();
  const first = look('shop.vault.azure.net');
  forget();
  const second = look('shop.vault.azure.net');
  questions[0]?.answer(new Error('old'), '');
  await first;
  void look('shop.vault.azure.net');
  expect(questions).toHaveLength(2);
  questions[1]?.answer(null, '10.0.0.2', 4);
  expect(await second).toEqual([null, '10.0.0.2', 4]);
});

let azure: Emulator;
let server: HttpsServer | undefined;
beforeAll(async () => {
  azure = await startEmulator({ vaults: {} });
});
afterEach(() => {
  vi.restoreAllMocks();
  return Promise.all([server?.close(), azure.reset()]);
});
afterAll(() => azure.close());

test('20 reads look their vault up once, and the next ones again', async () => {
  server = await serveHttps((_, response) => response.end(secretJson('localhost', 'a', 'x')));
  const host = `localhost:${server.port}`;
  const { readAll, client } = reader(envOf(azure, server));
  const lookups = vi.spyOn(dns, 'lookup');
  const reads = Array.from({ length: 20 }, (__, i) => ({ ...readOf('a', { host }), key: `${i}` }));
  for (const times of [1, 2]) {
    for (const result of await readAll(reads)) expect(value(result)).toBe('x');
    expect(server?.connections()).toBe(20 * times);
    expect(lookups.mock.calls.filter(([name]) => name === 'localhost')).toHaveLength(times);
    client.rest();
  }
});

test('an address at which nothing answers is asked for again', async () => {
  const silent = net.createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const host = `localhost:${(silent.address() as net.AddressInfo).port}`;
  const { VAULTSTRAP_VAULT_ENDPOINT: _, ...env }: Record<string, string> = azure.env;
  const { read } = reader({ ...env, VAULTSTRAP_ALLOWED_HOSTS: host });
  const lookups = vi.spyOn(dns, 'lookup');
  for (const times of [1, 2]) {
    expect(failure(await read('a', { host }, { withinMs: 300 })).code).toBe('ERR_VAULT_TIMEOUT');
    expect(lookups.mock.calls.filter(([name]) => name === 'localhost')).toHaveLength(times);
  }
  silent.close();
});

test('a failure of a connection opened in advance does not fail the read that comes after it', async () => {
  server = await serveHttps((_, response) => response.end(secretJson('localhost', 'a', 'x')));
  // With a token in hand the read would take the connection before it has failed.
  await azure.latency({ identityMs: 100 });
  const host = `localhost:${server.port}`;
  const { readAll, client } = reader(envOf(azure, server));
  const real = dns.lookup;
  let refusals = 0;
  vi.spyOn(dns, 'lookup').mockImplementation(((name: string, options: dns.LookupOptions, callback: Callback) => {
    if (refusals > 0) return (real as LookupFunction)(name, options, callback);
    refusals++;
    return process.nextTick(callback, Object.assign(new Error('x'), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }));
  }) as unknown as typeof dns.lookup);
  for (const result of await readAll([readOf('a', { host })], { retry: false })) expect(value(result)).toBe('x');
  expect(refusals).toBe(1);
  client.rest();
});
