// Tokens by @azure/identity, for the hosts whose protocols are its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IdentitySelector } from '../../src/support/identity-selector.js';
import { type Emulator, type Fault, startEmulator } from '../../src/testing/index.js';
import { type Child, createChild } from './child.js';
import {
  asker,
  CLIENT_ID,
  failureOf,
  findCanaries,
  jumpingClock,
  OBJECT_ID,
  RESOURCE_ID,
  serve,
  unwrap,
} from './harness.js';

const SYSTEM: IdentitySelector = { kind: 'system' };
const STEERING = /^(AZURE_|IDENTITY_|MSI_|IMDS_|AZUREML_|(HTTPS?|ALL|NO)_PROXY$)/i;

let azure: Emulator;
let child: Child;
let before: NodeJS.ProcessEnv;
beforeAll(async () => {
  [azure, child] = await Promise.all([
    startEmulator({
      identities: { userAssigned: [{ clientId: CLIENT_ID, objectId: OBJECT_ID, resourceId: RESOURCE_ID }] },
    }),
    createChild(),
  ]);
});
afterAll(async () => {
  child.remove();
  await azure.close();
});

/** The SDK reads process.env itself, and finds no developer's tool on an empty path. */
beforeEach(() => {
  before = { ...process.env };
  for (const name of Object.keys(process.env)) if (STEERING.test(name)) delete process.env[name];
  process.env['PATH'] = '';
  process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = azure.identityEndpoint;
});
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  await azure.reset();
});

describe('a virtual machine', () => {
  test.each<[IdentitySelector, string]>([
    [SYSTEM, 'system'],
    [{ kind: 'client', id: CLIENT_ID }, CLIENT_ID],
    [{ kind: 'object', id: OBJECT_ID }, CLIENT_ID],
    [{ kind: 'resource', id: RESOURCE_ID }, CLIENT_ID],
  ])('%o', async (selector, identity) => {
    const { ask } = asker({});
    const resource = 'https://select.example';
    unwrap(await ask(selector, { resource }));
    unwrap(await ask(selector, { resource }));
    expect(await azure.requests()).toMatchObject([{ source: 'imds', identity, resource, status: 200 }]);
  });

  test('a resource with a slash at its end keeps it', async () => {
    unwrap(await asker({}).ask(SYSTEM, { resource: 'https://database.windows.net/' }));
    expect(await azure.requests()).toMatchObject([{ resource: 'https://database.windows.net/' }]);
  });

  test('30 callers at once are one request', async () => {
    const { ask } = asker({});
    await Promise.all(Array.from({ length: 30 }, () => ask(SYSTEM, { resource: 'https://parallel.example' })));
    expect(await azure.requests()).toHaveLength(1);
  });

  // The metadata service throttles at 20 requests per second, and is away for up to 70 s while it is updated:
  // https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
  test.each<[what: string, fault: Partial<Fault>]>([
    ['429', { status: 429, body: { error: 'invalid_request', error_description: 'CANARY' } }],
    ['410', { status: 410 }],
    ['404', { status: 404 }],
    ['500', { status: 500, body: 'CANARY' }],
    ['503', { status: 503 }],
    ['a reset connection', { reset: true }],
  ])('that answers %s twice is asked again', async (what, fault) => {
    for (const [i, identity] of [SYSTEM, { kind: 'object', id: OBJECT_ID } as const].entries()) {
      await azure.requests.clear();
      await azure.faults.add({ target: 'identity', times: 2, ...fault });
      const { ask } = asker({}, jumpingClock(), { random: () => 0.5 });
      unwrap(await ask(identity, { resource: `https://hiccup-${i}.example/${what}` }));
      expect(await azure.requests()).toHaveLength(3);
    }
  });

  test.each<[fault: Partial<Fault>, expected: object]>([
    [
      { status: 500, body: 'CANARY' },
      { code: 'ERR_IDENTITY_UNAVAILABLE', retry: 'deadline', cause: { status: 500 } },
    ],
    [
      { status: 429, body: { error: 'CANARY' } },
      { code: 'ERR_IDENTITY_UNAVAILABLE', retry: 'deadline' },
    ],
    [
      { status: 404, body: 'CANARY' },
      { code: 'ERR_IDENTITY_NOT_FOUND', retry: 'few' },
    ],
    [{ reset: true }, { code: 'ERR_IDENTITY_NOT_FOUND', retry: 'few' }],
    [
      { status: 200, body: '<html>CANARY</html>' },
      { code: 'ERR_IDENTITY_NOT_FOUND', retry: 'few' },
    ],
  ])('%o lasts', async (fault, expected) => {
    await azure.faults.add({ target: 'identity', ...fault });
    const { ask } = asker({}, jumpingClock(), { random: () => 0.5 });
    const result = await ask(SYSTEM, { resource: 'https://lasting.example' });
    expect(failureOf(result)).toMatchObject(expected);
    expect(findCanaries(result, ['CANARY'])).toEqual([]);
  });

  test('that redirects is not followed', async () => {
    const elsewhere = await serve((_, response) => response.end('{"access_token":"forged","expires_in":"3600"}'));
    await azure.faults.add({ target: 'identity', redirectTo: `${elsewhere.url}/metadata/identity/oauth2/token` });
    for (const identity of [SYSTEM, { kind: 'object', id: OBJECT_ID } as const]) {
      const { ask } = asker({}, jumpingClock(), { random: () => 0.5 });
      failureOf(await ask(identity, { resource: 'https://redirect.example' }));
    }
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });

  test.each([SYSTEM, { kind: 'object', id: OBJECT_ID } as const])(
    'that sends without end is cut off: %o',
    async (identity) => {
      let sent = 0;
      const endless = await serve((_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const chunk = Buffer.alloc(65_536, 'x');
        const more = () => {
          // Enough to be sure; nobody may have read it.
          if (response.destroyed || sent > 50_000_000) return void response.end();
          sent += chunk.length;
          response.write(chunk, () => setImmediate(more));
        };
        more();
      });
      const outcome = await child.ask({ PATH: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: endless.url }, { identity });
      expect(outcome.failure?.status).toBe('MSINotEnabled');
      expect(sent).toBeLessThan(50_000_000);
      await endless.close();
    },
  );

  test('without such an identity', async () => {
    const other = '99999999-9999-4999-8999-999999999999';
    const { ask } = asker({}, jumpingClock(), {
      config: { identity: { kind: 'client', id: other }, identityFrom: 'AZURE_CLIENT_ID' },
    });
    const failure = failureOf(await ask({ kind: 'client', id: other }));
    expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_ASSIGNED', retry: 'never' });
    expect(failure.hint).toMatch(/AZURE_CLIENT_ID.*VAULTSTRAP_IDENTITY=system/);
    expect(await azure.requests()).toHaveLength(1);
  });

  test('with several identities and none named: the hint says what to do', async () => {
    const several = await startEmulator({
      identities: {
        system: false,
        userAssigned: [{ clientId: CLIENT_ID }, { clientId: '99999999-9999-4999-8999-999999999999' }],
      },
    });
    process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = several.identityEndpoint;
    // The SDK keeps the first endpoint it saw for as long as the process lives.
    const { failure } = await child.ask({ AZURE_POD_IDENTITY_AUTHORITY_HOST: several.identityEndpoint });
    expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_ASSIGNED' });
    expect(failure?.hint).toMatch(/name one: VAULTSTRAP_IDENTITY=\{client id\}/);
    await several.close();
  });
});

describe('Azure ML', () => {
  const env = () => ({ ...azure.envFor('app-service-2017'), DEFAULT_IDENTITY_CLIENT_ID: CLIENT_ID });

  test('uses its default identity, by way of the SDK', async () => {
    expect(await child.ask(env())).toMatchObject({ ok: true, source: 'azure-ml' });
    expect(await azure.requests()).toMatchObject([{ source: 'app-service-2017', identity: CLIENT_ID }]);
  });

  test('cannot select by object id: nothing is sent', async () => {
    const outcome = await child.ask(env(), { identity: { kind: 'object', id: OBJECT_ID } });
    expect(outcome).toMatchObject({ ok: false, failure: { status: 'MSINotEnabled' } });
    expect(await azure.requests()).toEqual([]);
  });
});

describe('workload identity', () => {
  const env = { AZURE_FEDERATED_TOKEN_FILE: '/none', AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: CLIENT_ID };

  // ManagedIdentityCredential would exchange the pod's token for AZURE_CLIENT_ID's, whatever it was asked for.
  test.each<IdentitySelector>([
    { kind: 'object', id: OBJECT_ID },
    { kind: 'resource', id: RESOURCE_ID },
  ])('cannot select %o', async (selector) => {
    const { ask, cache } = asker(env);
    expect(failureOf(await ask(selector))).toMatchObject({
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_SELECTOR',
      retry: 'never',
    });
    expect(cache.requests).toBe(0);
  });
});

describe('no identity', () => {
  test('where the metadata service refuses connections', async () => {
    const closed = await serve(() => {});
    await closed.close();
    const outcome = await child.ask({ PATH: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: closed.url });
    expect(outcome.failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_FOUND' });
    expect(outcome.failure?.hint).toMatch(/managed identity.*az login/);
  });

  test('on a machine where nothing answers for Azure, or that has none: within the deadline', async () => {
    const { failure } = await child.ask({ PATH: '' });
    expect(failure?.status).toBe('MSINotEnabled');
    // A build agent that is a virtual machine of Azure answers 400.
    expect(['ERR_IDENTITY_NOT_FOUND', 'ERR_IDENTITY_NOT_ASSIGNED']).toContain(failure?.code);
  });

  test('a metadata service that hangs', async () => {
    await azure.faults.add({ target: 'identity', hang: true });
    const failure = failureOf(await asker({}).ask(SYSTEM, { resource: 'https://hang.example', withinMs: 500 }));
    expect(failure).toMatchObject({ status: 'FetchTimedOut', code: 'ERR_IDENTITY_TIMEOUT', retry: 'deadline' });
  });
});

describe('without the packages', () => {
  test('the failure has the command that installs them', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-empty-'));
    const { ask, cache } = asker({}, jumpingClock(), { sdkAnchors: [path.join(folder, 'index.js')] });
    expect(failureOf(await ask())).toMatchObject({
      status: 'OtherReasons',
      code: 'ERR_SDK_NOT_FOUND',
      retry: 'never',
      hint: expect.stringContaining('npm install @azure/identity @azure/keyvault-secrets'),
    });
    expect(cache.requests).toBe(0);
    rmSync(folder, { recursive: true });
  });

  test('and without any place to look', async () => {
    expect(failureOf(await asker({}, jumpingClock(), { sdkAnchors: [] }).ask()).code).toBe('ERR_SDK_NOT_FOUND');
  });
});
