// Tokens by @azure/identity, for the hosts whose protocols are its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IdentitySelector } from '../../src/support/identity-selector.js';
import { type Emulator, type Fault, startEmulator } from '../../src/testing/index.js';
import { keepEnvironment, removeVariables, STEERING } from '../helpers/environment.js';
import { type Child, createChild } from './child.js';
import {
  asker,
  CLIENT_ID,
  canImitate,
  failureOf,
  findCanaries,
  jumpingClock,
  OBJECT_ID,
  RESOURCE_ID,
  serve,
  unwrap,
} from './harness.js';

const SYSTEM: IdentitySelector = { kind: 'system' };

let azure: Emulator;
let child: Child;
let restore: () => void;
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
  restore = keepEnvironment();
  removeVariables(STEERING);
  process.env['PATH'] = '';
  process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = azure.identityEndpoint;
});
afterEach(async () => {
  restore();
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

  test.each(['prod', ' ManagedIdentityCredential'])('that comes late is waited for, with %s', async (wanted) => {
    await azure.faults.add({ target: 'identity', times: 6, reset: true });
    process.env['AZURE_TOKEN_CREDENTIALS'] = wanted;
    const settings = { AZURE_TOKEN_CREDENTIALS: wanted };
    const { ask } = asker(settings, jumpingClock(), { random: () => 0.5 });
    unwrap(await ask(SYSTEM, { resource: `https://late.example/${wanted.trim()}` }));
    expect(await azure.requests()).toHaveLength(7);
  });

  test('that does not come, with prod: a developer hears why az login is of no use', async () => {
    await azure.faults.add({ target: 'identity', reset: true });
    process.env['AZURE_TOKEN_CREDENTIALS'] = 'prod';
    const { ask } = asker({ AZURE_TOKEN_CREDENTIALS: 'prod' }, jumpingClock(), { random: () => 0.5 });
    expect(failureOf(await ask(SYSTEM, { resource: 'https://never.example' }))).toMatchObject({
      code: 'ERR_IDENTITY_NOT_FOUND',
      hint: expect.stringMatching(/^AZURE_TOKEN_CREDENTIALS leaves out .* run az login/),
    });
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
  // Longer than the SDK's own tries, which end after 48 to 92 s: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance
  test('that is away for 70 s while it is updated is waited for, where the time allows', async () => {
    const clock = jumpingClock();
    const added = await azure.faults.add({ target: 'identity', status: 410 });
    let gone = true;
    const sleep = async (ms: number) => {
      await clock.sleep(ms);
      if (gone && clock.monotonic() > 70_000) {
        gone = false;
        await added.remove();
      }
    };
    const { ask } = asker({}, { ...clock, sleep }, { random: () => 0.5 });
    unwrap(await ask(SYSTEM, { resource: 'https://gone.example', withinMs: 90_000 }));
    expect(clock.monotonic()).toBeGreaterThan(70_000);
  });

  test('gives the system-assigned identity where that is named, whatever AZURE_CLIENT_ID says', async () => {
    const outcome = await child.ask({
      AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.identityEndpoint,
      AZURE_CLIENT_ID: CLIENT_ID,
    });
    expect(outcome).toMatchObject({ ok: true });
    expect(await azure.requests()).toMatchObject([{ identity: 'system' }]);
  });

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
  const env = () => ({ ...azure.envFor('azure-ml'), DEFAULT_IDENTITY_CLIENT_ID: CLIENT_ID });

  test('uses its default identity, by way of the SDK', async () => {
    expect(await child.ask(env())).toMatchObject({ ok: true, source: 'azure-ml' });
    expect(await azure.requests()).toMatchObject([{ source: 'azure-ml', identity: CLIENT_ID }]);
  });

  test('cannot select by object id: nothing is sent', async () => {
    const outcome = await child.ask(env(), { identity: { kind: 'object', id: OBJECT_ID } });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ERR_IDENTITY_SELECTOR', retry: 'never' } });
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

  test('tenant, authority and file are read afresh: they may come after the first question', async () => {
    const talk = child.talk({ AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.identityEndpoint });
    expect(await talk.ask({ resource: 'https://before.example' })).toMatchObject({ result: { ok: true } });
    const pod = azure.envFor('workload-identity');
    expect(
      await talk.ask({ env: { ...pod, AZURE_TENANT_ID: 'another' }, resource: 'https://a.example', withinMs: 400 }),
    ).toMatchObject({ result: { ok: false } });
    const { result } = await talk.ask({ env: pod, resource: 'https://b.example' });
    expect(result).toMatchObject({ ok: true });
    expect((await azure.requests()).at(-1)).toMatchObject({ source: 'workload-identity', status: 200 });
    await talk.end();
  });

  test('a service principal beside it does not go first, and is not used when the pod is refused', async () => {
    const pod = { ...azure.envFor('workload-identity'), AZURE_CLIENT_SECRET: 'CANARY-SECRET' };
    expect(await child.ask(pod)).toMatchObject({ ok: true, source: 'workload-identity' });
    const stranger = { ...pod, AZURE_CLIENT_ID: OBJECT_ID };
    const refused = await child.ask(stranger);
    expect(refused.failure).toMatchObject({ code: 'ERR_IDENTITY_REFUSED', retry: 'never', cause: { status: 400 } });
    expect(refused.failure?.hint).toContain('federated credential');
  });

  test('without the file', async () => {
    const { failure } = await child.ask({ ...azure.envFor('workload-identity'), AZURE_FEDERATED_TOKEN_FILE: '/none' });
    expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_REFUSED' });
    expect(failure?.hint).toContain('AZURE_FEDERATED_TOKEN_FILE');
    expect((await azure.requests()).filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('an authority that is not on this machine has to be one that Microsoft knows', async () => {
    const env = { ...azure.envFor('workload-identity'), AZURE_AUTHORITY_HOST: 'https://login.vaultstrap.invalid/' };
    const talk = child.talk(env);
    const { result } = await talk.ask({ resource: 'https://far.example', withinMs: 2000 });
    expect(result).toMatchObject({ ok: false });
    expect(await azure.requests()).toEqual([]);
    await talk.end();
  });

  test('a certificate that nobody vouches for gets no assertion', async () => {
    const talk = child.talk({
      ...azure.envFor('workload-identity'),
      VAULTSTRAP_VAULT_CA: '',
      VAULTSTRAP_VAULT_ENDPOINT: '',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    });
    const { result } = await talk.ask({ resource: 'https://untrusted.example', withinMs: 3000 });
    expect(result).toMatchObject({ ok: false });
    expect(await azure.requests()).toEqual([]);
    await talk.end();
  });
});

// https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication; the rules are msal-node's.
describe.runIf(canImitate('azure-arc'))('the key of an Arc agent', () => {
  const folder = '/var/opt/azcmagent/tokens';
  const strange = mkdtempSync(path.join(tmpdir(), 'vaultstrap-arc-'));
  afterAll(() => rmSync(strange, { recursive: true }));

  test.each<[what: string, file: string, bytes: number]>([
    ['outside of its folder', path.join(strange, 'a.key'), 32],
    ['by a path that leaves it', `${folder}/../../../..${strange}/a.key`, 32],
    ['without the suffix', `${folder}/vaultstrap-test.txt`, 32],
    ['of more than 4096 bytes', `${folder}/vaultstrap-test.key`, 4097],
    ['that is not there', `${folder}/vaultstrap-none.key`, 0],
  ])('%s is not sent', async (_, file, bytes) => {
    const key = 'CANARYKEY'.padEnd(bytes, 'x');
    if (bytes > 0) writeFileSync(path.resolve(file), key);
    await azure.faults.add({
      target: 'identity',
      status: 401,
      headers: { 'WWW-Authenticate': `Basic realm=${file}` },
    });
    const talk = child.talk(azure.envFor('azure-arc'));
    const { result } = await talk.ask({ resource: 'https://key.example' });
    expect(result).toMatchObject({ ok: false, failure: { code: 'ERR_IDENTITY_NOT_FOUND', status: 'MSINotEnabled' } });
    if (!result.ok) expect(result.failure.hint).toContain('himds');
    expect(findCanaries(result, ['CANARYKEY', file])).toEqual([]);
    // Nobody came back with what stands in the file.
    expect((await azure.requests()).filter(({ authorized }) => authorized)).toEqual([]);
    await talk.end();
    rmSync(path.resolve(file), { force: true });
  });

  test('an agent that cannot choose gives the system-assigned identity, which is not used', async () => {
    const access_token = await azure.tokens.issue({ resource: 'https://old-agent.example' });
    await azure.faults.add({ target: 'identity', body: { access_token, expires_in: 3600, token_type: 'Bearer' } });
    const talk = child.talk(azure.envFor('azure-arc'));
    const { result } = await talk.ask({
      resource: 'https://old-agent.example',
      identity: { kind: 'object', id: OBJECT_ID },
    });
    expect(result).toMatchObject({ ok: false, failure: { code: 'ERR_IDENTITY_SELECTOR', retry: 'never' } });
    await talk.end();
  });
});

describe('no identity', () => {
  test('where the metadata service refuses connections', async () => {
    const closed = await serve(() => {});
    await closed.close();
    const outcome = await child.ask({ PATH: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: closed.url });
    expect(outcome.failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_FOUND' });
    expect(outcome.failure?.hint).toMatch(/managed identity.*own machine run az login/);
  });

  test.each([
    { kind: 'object', id: OBJECT_ID },
    { kind: 'resource', id: RESOURCE_ID },
  ] as const)('named by %o, a sign-in alone is no help', async (identity) => {
    const closed = await serve(() => {});
    await closed.close();
    const env = { PATH: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: closed.url };
    const { failure } = await child.ask(env, { identity });
    expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_FOUND' });
    expect(failure?.hint).toMatch(/own machine name the identity by client id, or not at all, and run az login/);
  });

  test('on a machine where nothing answers for Azure, or that has none: within the deadline', async () => {
    const { failure } = await child.ask({ PATH: '' });
    expect(failure?.status).toBe('MSINotEnabled');
    // What was looked for is named.
    if (failure?.code === 'ERR_IDENTITY_NOT_FOUND') {
      expect(failure.details).toMatch(/EnvironmentCredential, .*ManagedIdentityCredential, .*AzureCliCredential/);
    }
    // A build agent that is a virtual machine of Azure answers 400.
    expect(['ERR_IDENTITY_NOT_FOUND', 'ERR_IDENTITY_NOT_ASSIGNED']).toContain(failure?.code);
  });

  // Without the probe a connection to that address takes all the time there is, where nothing answers there.
  test.each<IdentitySelector>([
    { kind: 'object', id: OBJECT_ID },
    { kind: 'resource', id: RESOURCE_ID },
  ])('nor one that is named %o: told after a probe of a second', async (identity) => {
    const { failure } = await child.ask({ PATH: '' }, { identity });
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
      // Why it is needed: in a shell of the platform the app's own variables may be missing.
      details: expect.stringMatching(/^IDENTITY_ENDPOINT .* needs @azure\/identity, which is not installed\.$/),
      hint: expect.stringContaining('npm install @azure/identity @azure/keyvault-secrets'),
    });
    expect(cache.requests).toBe(0);
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['App Service', { WEBSITE_SITE_NAME: 'shop' }],
    ['Container Apps', { CONTAINER_APP_NAME: 'shop', CONTAINER_APP_REPLICA_NAME: 'shop--1' }],
  ])('on %s it is the identity that is missing', async (_name, env) => {
    const without = (settings: Record<string, string>) => asker(settings, jumpingClock(), { sdkAnchors: [] }).ask();
    expect(failureOf(await without(env))).toMatchObject({
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_NOT_FOUND',
      hint: expect.stringContaining('az webapp identity assign'),
    });
    // A service principal signs in by the package.
    expect(failureOf(await without({ ...env, AZURE_CLIENT_SECRET: 'x' })).code).toBe('ERR_SDK_NOT_FOUND');
    expect(failureOf(await without({ ...env, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' })).code).toBe(
      'ERR_SDK_NOT_FOUND',
    );
  });

  test('and without any place to look', async () => {
    expect(failureOf(await asker({}, jumpingClock(), { sdkAnchors: [] }).ask()).code).toBe('ERR_SDK_NOT_FOUND');
  });
});
