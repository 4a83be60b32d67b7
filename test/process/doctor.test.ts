// vaultstrap doctor, as users have it: each kind of trouble is told with its remedy, and no value or token ever.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.js';
import type { Emulator, IdentityHost } from '../../src/testing/index.js';
import { type App, createApp, type Env, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const CLIENT_ID = '11111111-1111-4111-8111-111111111111';

let azure: Emulator;
let app: App;
let withSdk: App;
beforeAll(async () => {
  azure = await startAzure({
    vaults: {
      shop: { password: canary('password'), json: `{"a":"${canary('json')}"}` },
      ledger: { key: canary('key') },
      policies: { key: canary('policies') },
    },
    vaultOptions: { policies: { accessModel: 'policy' } },
    identities: {
      system: {
        grants: [
          { vault: 'shop', secret: 'password' },
          { vault: 'shop', secret: 'json' },
        ],
      },
      userAssigned: [{ clientId: CLIENT_ID }],
    },
  });
  app = createApp();
  withSdk = createApp({ sdk: true });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const ref = (vault: string, secret: string, more = '') => `@KeyVault(VaultName=${vault};SecretName=${secret}${more})`;
const PASSWORD = { DB_PASSWORD: ref('shop', 'password') };

async function doctor(env: Env, args: readonly string[] = [], where = app) {
  const { code, stdout, stderr } = await where.run([CLI, 'doctor', '--json', ...args], { env, limitMs: 30_000 });
  expect(stderr).toBe('');
  const { status, findings } = JSON.parse(stdout) as { status: string; findings: readonly Finding[] };
  return {
    code,
    status,
    of: (step: Finding['step']) => findings.filter((one) => one.step === step),
    bad: findings.filter(({ verdict }) => verdict === 'bad').map(({ step, about }) => `${step} ${about ?? ''}`.trim()),
  };
}

describe('all is well', () => {
  test('every step is good; it asked for one token, each secret, and one list', async () => {
    const { code, status, bad, of } = await doctor({
      ...azure.env,
      ...PASSWORD,
      JSON_A: ref('shop', 'json', ';Field=a'),
    });
    expect({ code, status, bad }).toEqual({ code: 0, status: 'good', bad: [] });
    const { objectId, clientId } = azure.identity();
    expect(of('token')).toMatchObject([
      { facts: { objectId, appId: clientId, tenantId: azure.tenantId, audience: 'https://vault.azure.net' } },
    ]);
    expect(of('identity')).toMatchObject([{ facts: { source: 'app-service-2019' } }]);
    expect(of('secrets').map(({ verdict, about }) => [verdict, about])).toEqual([
      ['good', 'shop/password'],
      ['good', 'shop/json'],
    ]);
    expect(of('clock')).toMatchObject([{ verdict: 'good' }]);
    expect(of('rights')).toMatchObject([{ verdict: 'good', facts: { list: 'no' } }]);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 3, unauthorized: 0 });
  });

  test('it reads the files that run reads, and what they must not say does not count', async () => {
    app.write({
      'doctor.env': `DB_PASSWORD=${ref('shop', 'password')}\nVAULTSTRAP_VAULT_ENDPOINT=https://127.0.0.1:1\n`,
    });
    const { code, stdout, stderr } = await app.run([CLI, 'doctor', '--json', '--env-file', 'doctor.env'], {
      env: azure.env,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('shop/password');
    expect(stderr).toBe('');
    const missing = await app.run([CLI, 'doctor', '--settings', 'no-such.json'], { env: azure.env });
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('no-such.json does not exist.') });
  });

  test('as text, for people', async () => {
    const { code, stdout } = await app.run([CLI, 'doctor'], { env: { ...azure.env, ...PASSWORD } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Process\n {2}good +Node [\d.]+ on /);
    expect(stdout).toContain('  good     shop/password: read, version ');
    expect(stdout).toMatch(/not workload-identity: AZURE_FEDERATED_TOKEN_FILE/);
    expect(stdout).toMatch(/\nNothing is bad; 1 to think about\.\n$/);
  });

  test.skipIf(process.platform !== 'linux')('findings that cannot be written are no success', async () => {
    app.write({ 'full.sh': 'exec "$@" > /dev/full\n' });
    const env = { ...azure.env, ...PASSWORD };
    expect(await app.run(['full.sh', NODE, CLI, 'doctor'], { env, command: 'sh' })).toMatchObject({
      code: 1,
      stderr: 'vaultstrap error: standard output cannot be written (ENOSPC).\n',
    });
  });

  test('two identities: a token each; one that may list is told of', async () => {
    const { code, of } = await doctor({
      ...azure.env,
      ...PASSWORD,
      KEY: ref('ledger', 'key', `;Identity=${CLIENT_ID}`),
    });
    expect(code).toBe(0);
    expect(of('token')).toHaveLength(2);
    expect(of('rights').map(({ verdict, about }) => [verdict, about])).toEqual([
      ['good', 'system in shop.vault.azure.net'],
      ['warning', `${CLIENT_ID} in ledger.vault.azure.net`],
    ]);
  });

  test('--no-list lists nothing', async () => {
    const { of } = await doctor({ ...azure.env, ...PASSWORD }, ['--no-list']);
    expect(of('rights')).toEqual([]);
    expect((await azure.requests()).filter(({ path }) => path === '/secrets')).toEqual([]);
  });

  test('nothing refers to a vault: the identity is looked at all the same', async () => {
    const { code, of } = await doctor(azure.env);
    expect(code).toBe(0);
    expect(of('references')).toMatchObject([{ verdict: 'unknown' }]);
    expect(of('token')).toMatchObject([{ verdict: 'good', about: 'system for https://vault.azure.net' }]);
  });
});

test.each<IdentityHost>(['app-service-2017', 'container-apps', 'service-fabric', 'msi-endpoint'])(
  'on %s',
  async (host) => {
    const { code, of } = await doctor({ ...azure.envFor(host), ...PASSWORD });
    expect(code).toBe(0);
    expect(of('identity')).toMatchObject([{ verdict: 'good', facts: { source: host } }]);
  },
);

test.each<[IdentityHost, object]>([
  ['imds', { source: 'default-azure-credential' }],
  ['azure-ml', { source: 'azure-ml' }],
  ['workload-identity', { source: 'workload-identity' }],
])('on %s, by the SDK', async (host, facts) => {
  const { code, of } = await doctor({ ...azure.envFor(host), ...PASSWORD }, [], withSdk);
  expect(code).toBe(0);
  expect(of('identity')).toMatchObject([{ verdict: 'good', facts }]);
  expect(of('token')).toMatchObject([
    { verdict: 'good', facts: host === 'imds' ? { credential: 'ManagedIdentityCredential' } : {} },
  ]);
});

describe('trouble', () => {
  test('no identity: the endpoint has none of that name', async () => {
    const env = { ...azure.env, ...PASSWORD, AZURE_CLIENT_ID: '44444444-4444-4444-8444-444444444444' };
    const { code, bad, of } = await doctor(env);
    expect({ code, bad }).toMatchObject({ code: 1, bad: [expect.stringMatching(/^token 44444444/)] });
    expect(of('token')[0]?.remedy).toMatch(/AZURE_CLIENT_ID.*app registration.*VAULTSTRAP_IDENTITY=system/);
    expect(of('secrets')).toMatchObject([{ verdict: 'unknown' }]);
  });

  test('no identity: a plain machine without the SDK, and with it', async () => {
    const env = { PATH: '', ...PASSWORD, VAULTSTRAP_VAULT_SUFFIX: 'vault.nowhere.invalid' };
    expect((await doctor(env)).of('token')[0]?.text).toContain('ERR_SDK_NOT_FOUND');
    const closed = { ...env, AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1' };
    const { code, of } = await doctor(closed, ['--timeout', '10'], withSdk);
    expect(code).toBe(1);
    expect(of('token')[0]).toMatchObject({ verdict: 'bad', facts: { code: 'ERR_IDENTITY_NOT_FOUND' } });
    expect(of('token')[0]?.remedy).toContain('az login');
  });

  test('an endpoint that refuses this process, and one that hangs: the time is bounded', async () => {
    const wrong = canary('header');
    expect((await doctor({ ...azure.env, ...PASSWORD, IDENTITY_HEADER: wrong })).of('token')[0]?.text).toContain(
      'ERR_IDENTITY_REFUSED',
    );
    await azure.faults.add({ target: 'identity', hang: true });
    await azure.faults.add({ target: 'vault', hang: true });
    const { code, bad } = await doctor({ ...azure.env, ...PASSWORD }, ['--timeout', '1']);
    expect({ code, bad }).toEqual({ code: 1, bad: ['token system for https://vault.azure.net'] });
  });

  test('403 of a vault with roles: the command with the object id', async () => {
    const { code, bad, of } = await doctor({ ...azure.env, KEY: ref('ledger', 'key') });
    expect({ code, bad }).toEqual({ code: 1, bad: ['secrets ledger/key'] });
    expect(of('secrets')[0]?.remedy).toContain(
      `az role assignment create --assignee-object-id ${azure.identity().objectId} --assignee-principal-type ServicePrincipal ` +
        '--role "Key Vault Secrets User" --scope "$(az keyvault show --name ledger --query id --output tsv)/secrets/key"',
    );
  });

  test('403 of a vault with access policies', async () => {
    const { of } = await doctor({ ...azure.env, KEY: ref('policies', 'key') });
    expect(of('secrets')[0]?.remedy).toContain(
      `az keyvault set-policy --name policies --object-id ${azure.identity().objectId}`,
    );
  });

  test('a secret that does not exist, a reference that is malformed, a field that is not there', async () => {
    await azure.identity().grant([{ vault: 'shop' }]);
    const env = {
      ...azure.env,
      A: ref('shop', 'none'),
      B: '@KeyVault(VaultName=shop)',
      C: ref('shop', 'json', ';Field=b'),
    };
    const { bad, of } = await doctor(env);
    expect(bad).toEqual(['references B', 'secrets shop/none', 'secrets C']);
    expect(of('secrets')[0]?.remedy).toContain('npx vaultstrap set shop none');
  });

  test('a name that does not resolve', async () => {
    // Without the emulator in the place of vaults; its token goes nowhere.
    const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = azure.env;
    const env = { IDENTITY_ENDPOINT, IDENTITY_HEADER, ...PASSWORD, VAULTSTRAP_VAULT_SUFFIX: 'vault.nowhere.invalid' };
    const { code, bad, of } = await doctor(env, ['--timeout', '10']);
    expect({ code, bad }).toEqual({ code: 1, bad: ['network shop.vault.nowhere.invalid'] });
    expect(of('secrets')).toMatchObject([{ verdict: 'unknown' }]);
  });

  test('a certificate that is not to be trusted', async () => {
    const other = await startAzure({});
    const { code, bad, of } = await doctor({ ...azure.env, ...PASSWORD, VAULTSTRAP_VAULT_CA: other.caCertificate });
    await other.close();
    expect({ code, bad }).toEqual({ code: 1, bad: ['network shop.vault.azure.net'] });
    expect(of('network')[0]).toMatchObject({ text: expect.stringContaining('vaultstrap emulator CA') });
    expect((await azure.requests()).filter(({ target }) => target === 'vault')).toEqual([]);
  });

  test('a vault that throttles', async () => {
    await azure.vault('shop').throttle({ requests: 0, perSeconds: 60 });
    const { code, of } = await doctor({ ...azure.env, ...PASSWORD });
    expect(code).toBe(1);
    expect(of('secrets')[0]).toMatchObject({ verdict: 'bad', facts: { code: 'ERR_THROTTLED' } });
  });

  test('a clock ten minutes behind', async () => {
    await azure.clock.advance(600_000);
    const { code, bad } = await doctor({ ...azure.env, ...PASSWORD });
    expect({ code, bad }).toEqual({ code: 1, bad: ['clock'] });
  });

  test('malformed settings of our own: nothing is sent', async () => {
    const { code, bad, of } = await doctor({
      ...azure.env,
      ...PASSWORD,
      VAULTSTRAP_TIMEOUT_SECONDS: 'soon',
      VAULTSTRAP_CLEINT: 'sdk',
    });
    expect({ code, bad }).toEqual({ code: 1, bad: ['settings VAULTSTRAP_TIMEOUT_SECONDS'] });
    expect(of('settings').map(({ remedy }) => remedy)).toContain('Did you mean VAULTSTRAP_CLIENT?');
    expect(await azure.requests()).toEqual([]);
  });

  test('a real token does not go to the emulator, nor for a list', async () => {
    // Somebody else's endpoint, which gives tokens of another issuer.
    await azure.faults.add({ target: 'identity', body: { access_token: 'eHg.e30.eHg', expires_in: 3600 } });
    const { of } = await doctor({ ...azure.env, ...PASSWORD });
    expect(of('secrets')[0]?.text).toContain('ERR_EMULATOR_TOKEN');
    expect(of('rights')).toMatchObject([{ verdict: 'unknown' }]);
    expect((await azure.requests()).filter(({ target }) => target === 'vault')).toEqual([]);
  });
});

test.each([['--timeout', '0'], ['--timeout', 'soon'], ['--colour'], ['now']])('2: usage, %s %s', async (...args) => {
  const { code, stderr } = await app.run([CLI, 'doctor', ...args.filter(Boolean)], { env: azure.env });
  expect(code).toBe(2);
  expect(stderr).toContain('--help');
  expect(await azure.requests()).toEqual([]);
});
