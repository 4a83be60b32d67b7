// Several identities, several vaults, one process: each secret by the right identity, and tokens that outlive nothing.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { bootstrap, close, refresh, report, resolve } from '../../src/index.js';
import { type Emulator, type Fault, type Grant, type IdentityHost, startEmulator } from '../../src/testing/index.js';
import { keepEnvironment, removeVariables, STEERING } from '../helpers/environment.js';
import { CLIENT_ID, OBJECT_ID, RESOURCE_ID } from './harness.js';

const OTHER_ID = '99999999-9999-4999-8999-999999999999';

const MANY = Array.from({ length: 10 }, (_, i) => `key-${i}`);
const only = (vault: string, ...secrets: string[]): Grant[] =>
  secrets.map((secret) => ({ vault, secret, actions: ['get'] }));

let azure: Emulator;
let restore: () => void;
beforeAll(async () => {
  azure = await startEmulator({
    vaults: {
      shop: { 'db-password': 'of shop', 'api-key': 'of the api', ...Object.fromEntries(MANY.map((key) => [key, key])) },
      ledger: { 'db-password': 'of ledger', 'signing-key': 'to sign' },
    },
    identities: {
      system: { grants: only('shop', 'api-key') },
      userAssigned: [
        {
          clientId: CLIENT_ID,
          objectId: OBJECT_ID,
          resourceId: RESOURCE_ID,
          grants: only('shop', 'db-password', ...MANY),
        },
        { clientId: OTHER_ID, grants: only('ledger', 'db-password', 'signing-key') },
      ],
    },
  });
});
afterAll(() => azure.close());

/** The SDK reads process.env itself, and finds no developer's tool on an empty path. */
beforeEach(() => {
  restore = keepEnvironment();
  removeVariables(STEERING);
  process.env['PATH'] = '';
});
afterEach(async () => {
  vi.useRealTimers();
  await close();
  restore();
  await azure.reset();
});

/** How a host can be told which identity. `imds` is asked by the SDK, and its vaults are read by it. */
const ROADS: [host: IdentityHost, client: 'direct' | 'sdk', spelling: string][] = [
  ['imds', 'sdk', RESOURCE_ID],
  ['app-service-2019', 'direct', RESOURCE_ID],
  ['app-service-2019', 'sdk', `object:${OBJECT_ID}`],
  ['app-service-2017', 'direct', CLIENT_ID],
  ['app-service-2017', 'sdk', CLIENT_ID],
];

const ref = (vault: string, secret: string, identity?: string) =>
  `@KeyVault(VaultName=${vault};SecretName=${secret}${identity === undefined ? '' : `;Identity=${identity}`})`;

const settings = (mine: string, other = OTHER_ID, system = 'system') => ({
  SHOP_PASSWORD: ref('shop', 'db-password', mine),
  SHOP_URL: `https://app:${ref('shop', 'db-password', mine)}@shop/${ref('shop', 'api-key', system)}`,
  API_KEY: ref('shop', 'api-key', system),
  LEDGER_PASSWORD: ref('ledger', 'db-password', other),
  SIGNING_KEY: ref('ledger', 'signing-key', other),
  ...Object.fromEntries(MANY.map((key) => [key.toUpperCase().replace('-', '_'), ref('shop', key, mine)])),
});

/** What vaults gave, and to whom. */
const reads = async () =>
  (await azure.requests())
    .filter(({ target, authorized, status }) => target === 'vault' && (authorized || status !== 401))
    .map(({ vault, secret, identity, status }) => `${status} ${identity} ${vault}/${secret}`)
    .sort();
const tokens = async () =>
  (await azure.requests()).filter(({ target }) => target === 'identity').map(({ identity }) => identity);

describe.each(ROADS)('two vaults and three identities on %s, %s lane', (host, client, mine) => {
  test('each secret by its own identity, none by another; one token request for each', async () => {
    Object.assign(process.env, azure.envFor(host));
    const { values, report: outcome } = await resolve(settings(mine), { client });
    expect(values).toMatchObject({
      SHOP_PASSWORD: 'of shop',
      SHOP_URL: 'https://app:of shop@shop/of the api',
      API_KEY: 'of the api',
      LEDGER_PASSWORD: 'of ledger',
      SIGNING_KEY: 'to sign',
      KEY_0: 'key-0',
      KEY_9: 'key-9',
    });
    expect(outcome.identity).toEqual(
      // The last of many ways to be somebody: which of them it was is told, too.
      host === 'imds'
        ? { source: 'default-azure-credential', credential: 'ManagedIdentityCredential' }
        : { source: host },
    );
    expect(await reads()).toEqual(
      [
        '200 system shop/api-key',
        `200 ${CLIENT_ID} shop/db-password`,
        ...MANY.map((key) => `200 ${CLIENT_ID} shop/${key}`),
        `200 ${OTHER_ID} ledger/db-password`,
        `200 ${OTHER_ID} ledger/signing-key`,
      ].sort(),
    );
    expect((await tokens()).sort()).toEqual([CLIENT_ID, OTHER_ID, 'system'].sort());
  });

  test('and mixed up, every one is refused', async () => {
    Object.assign(process.env, azure.envFor(host));
    const error = await resolve(settings(OTHER_ID, 'system', mine), { client }).catch((reason: unknown) => reason);
    const { failures } = error as { failures: { setting: string; code: string }[] };
    expect(failures.map(({ setting }) => setting).sort()).toEqual(Object.keys(settings('')).sort());
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['ERR_VAULT_RBAC']));
    expect((await reads()).filter((read) => !read.startsWith('403'))).toEqual([]);
  });
});

test('Service Fabric has one identity: a setting that names another is refused, and asks nobody', async () => {
  Object.assign(process.env, azure.envFor('service-fabric'));
  for (const client of ['direct', 'sdk'] as const) {
    const one = { API_KEY: ref('shop', 'api-key'), ALSO: ref('shop', 'api-key', 'system') };
    expect((await resolve(one, { client })).values).toMatchObject({ API_KEY: 'of the api', ALSO: 'of the api' });
  }
  // The second had it at hand.
  expect(await tokens()).toEqual(['system']);
  await azure.requests.clear();
  await expect(resolve({ SHOP: ref('shop', 'db-password', CLIENT_ID) })).rejects.toMatchObject({
    failures: [{ setting: 'SHOP', code: 'ERR_IDENTITY_SELECTOR' }],
  });
  expect(await azure.requests()).toEqual([]);
});

describe('the default identity', () => {
  beforeEach(() => void Object.assign(process.env, azure.env));
  const api = { API_KEY: ref('shop', 'api-key') };

  test('is AZURE_CLIENT_ID, which may be meant for something else: the refusal says what to set', async () => {
    process.env['AZURE_CLIENT_ID'] = '44444444-4444-4444-8444-444444444444';
    await expect(resolve(api)).rejects.toMatchObject({
      failures: [
        {
          code: 'ERR_IDENTITY_NOT_ASSIGNED',
          hint: expect.stringMatching(/AZURE_CLIENT_ID.*VAULTSTRAP_IDENTITY=system/),
        },
      ],
    });
    process.env['VAULTSTRAP_IDENTITY'] = 'system';
    expect((await resolve(api)).values).toMatchObject({ API_KEY: 'of the api' });
  });

  test('is not AZURE_CLIENT_ID of a service principal', async () => {
    process.env['AZURE_CLIENT_ID'] = '44444444-4444-4444-8444-444444444444';
    process.env['AZURE_CLIENT_SECRET'] = 'unused';
    expect((await resolve(api)).values).toMatchObject({ API_KEY: 'of the api' });
  });
});

describe.each(ROADS.slice(0, 4))('a process that outlives its tokens on %s, %s lane', (host, client, mine) => {
  const MINUTE_MS = 60_000;
  // Within a token's life, into the time of renewal, past its end, a day, a week.
  const STEPS_MS = [20, 32, 2, 4, 62, 55, 1440, 10_080].map((minutes) => minutes * MINUTE_MS);

  test('never fails a refresh, though the endpoint hiccups', async () => {
    Object.assign(process.env, azure.envFor(host), settings(mine), {
      VAULTSTRAP_CLIENT: client,
      VAULTSTRAP_REFRESH_SECONDS: '0',
      VAULTSTRAP_SETTLE_SECONDS: '0',
    });
    await azure.tokens.configure({ lifeSeconds: 3600 });
    let nowMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
    await bootstrap();
    for (const [i, stepMs] of STEPS_MS.entries()) {
      nowMs += stepMs;
      vi.setSystemTime(nowMs);
      await azure.clock.set(nowMs);
      const hiccup: Partial<Fault> = i % 2 === 0 ? { status: 503 } : { reset: true };
      await azure.faults.add({ target: 'identity', times: 1, ...hiccup });
      await azure.vault('shop').set('db-password', `shop ${i}`);
      await azure.vault('ledger').set('signing-key', `ledger ${i}`);
      const { changed, failed } = await refresh();
      expect({ i, failed }).toEqual({ i, failed: [] });
      expect(changed.map(({ setting }) => setting).sort()).toEqual(['SHOP_PASSWORD', 'SHOP_URL', 'SIGNING_KEY']);
      expect([process.env['SHOP_PASSWORD'], process.env['SIGNING_KEY']]).toEqual([`shop ${i}`, `ledger ${i}`]);
      await azure.faults.clear();
    }
    expect(report()).toMatchObject({ status: 'ready', generation: 1 + STEPS_MS.length });
    expect(report().settings.filter(({ status, kept }) => status !== 'Resolved' || kept)).toEqual([]);
    // A renewal that was under way when time jumped brings a token that has already ended: such a one may be refused
    // and is asked for again, but nothing was ever read with another identity's.
    const all = await azure.requests();
    expect(all.filter(({ status }) => status === 403)).toEqual([]);
    // And no more tokens than that time and those hiccups explain.
    const answered = all.filter(({ target, status }) => target === 'identity' && status === 200);
    expect(answered.length).toBeLessThanOrEqual(3 * STEPS_MS.length);
  });
});
