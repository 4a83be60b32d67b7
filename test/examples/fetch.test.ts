// examples/fetch against an API that takes the current key only: the key is revoked under load, and no request fails.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { canary } from '../process/support/canary.js';
import { type ExampleApp, startExample } from './support/app.js';
import { type Load, startLoad } from './support/load.js';

const WORKERS = 8;
const OFF = '0';

/** The API: a stranger who takes one key. */
const api = {
  key: '',
  refusals: 0,
  /** While set, answers wait in it. */
  held: undefined as (() => void)[] | undefined,
  url: '',
};
const server = createServer(async (request, response: ServerResponse) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  if (api.held) await new Promise<void>((resolve) => api.held?.push(resolve));
  const accepted = request.headers.authorization === `Bearer ${api.key}`;
  if (!accepted) api.refusals++;
  // What came with the first try has to come with the second one, too.
  const status = accepted ? (body === '{"item":"tea"}' ? 200 : 400) : 401;
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ status }));
});

let azure: Emulator;
let app: ExampleApp;
let load: Load;
let newKey: string;

beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: {} } });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  api.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await azure?.close();
});

beforeEach(async () => {
  api.key = canary('old');
  api.refusals = 0;
  newKey = canary('new');
  await changeInVault(api.key);
});
afterEach(async () => {
  api.held = undefined;
  await load?.stop();
  await app?.stop();
  await azure.latency({ vaultMs: 0 });
});

const changeInVault = (key: string) => azure.vault('shop').set('api-key', key);
const revoke = () => {
  api.key = newKey;
};

async function start({ refreshSeconds = OFF, patienceMs = '10000' } = {}): Promise<void> {
  app = await startExample('fetch', {
    ...azure.env,
    API_URL: api.url,
    API_KEY: '@KeyVault(VaultName=shop;SecretName=api-key)',
    API_PATIENCE_MS: patienceMs,
    VAULTSTRAP_REFRESH_SECONDS: refreshSeconds,
  });
  load = startLoad(app.url('/price'), WORKERS);
  await load.progress();
}

async function expectNoFailure(): Promise<void> {
  await load.progress();
  expect(await load.stop()).toEqual([]);
  expect(await app.report()).toMatchObject({ status: 'ready', generation: 2 });
}

describe('without a clock', () => {
  test('vault first: the refusal fetches the new key; all that are refused together share a read or two', async () => {
    await start();
    await azure.latency({ vaultMs: 1000 });
    await azure.requests.clear();
    const waiting: (() => void)[] = [];
    api.held = waiting;
    await until(() => waiting.length === WORKERS);
    await changeInVault(newKey);
    revoke();
    api.held = undefined;
    for (const answer of waiting) answer();
    await expectNoFailure();
    expect(api.refusals).toBe(WORKERS);
    const reads = (await azure.requests()).filter(({ target }) => target === 'vault');
    // Those that were refused after the first read began wait for the second.
    expect(reads.length).toBeGreaterThanOrEqual(1);
    expect(reads.length).toBeLessThanOrEqual(2);
  });

  test('API first: the calls wait until the vault has the new key', async () => {
    await start();
    revoke();
    // Each twice: with what the app had, and with what the vault had.
    await until(() => api.refusals >= 2 * WORKERS);
    await changeInVault(newKey);
    await expectNoFailure();
  });
});

test('vault first, by the clock of the process: the new key comes too soon, and the calls wait for the API', async () => {
  await start({ refreshSeconds: '1' });
  await changeInVault(newKey);
  await until(() => api.refusals > 0);
  revoke();
  await expectNoFailure();
});

test('a gap longer than the patience is not survived: the refusal is passed on, and heals with the vault', async () => {
  await start({ patienceMs: '0' });
  revoke();
  await until(() => load.failures.length > 0);
  await changeInVault(newKey);
  await load.progress();
  expect([...new Set(await load.stop())]).toEqual(['503 {"error":"KeyRefused"}']);
  load = startLoad(app.url('/price'), WORKERS);
  await expectNoFailure();
});
