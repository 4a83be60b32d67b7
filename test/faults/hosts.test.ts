// Where a token goes, on the worst network there is: whatever a setting says, whatever a name resolves to.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { detectSource } from '../../src/identity/source.js';
import { type BootstrapOptions, resolve } from '../../src/index.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { keepEnvironment, removeVariables, STEERING } from '../helpers/environment.js';
import { asker, jwt, sendJson, serve, type TestServer } from '../identity/harness.js';
import { LANES } from '../vault/harness.js';
import { type CatchAll, startCatchAll } from './support/catch-all.js';

const TOKEN = jwt({ iss: 'https://sts.windows.net/33333333-3333-4333-8333-333333333333/', oid: 'x' });

let identity: TestServer;
let azure: Emulator;
let net: CatchAll;
let resources: string[];
let restore: () => void;
beforeAll(async () => {
  identity = await serve((request, response) => {
    resources.push(request.query['resource'] ?? '');
    sendJson(response, { access_token: TOKEN, expires_in: 3600 });
  });
  azure = await startEmulator({ vaults: { shop: { x: 'value' } } });
  net = await startCatchAll([identity.port, Number(new URL(azure.identityEndpoint).port)]);
});
afterAll(async () => {
  await net.close();
  await Promise.all([identity.close(), azure.close()]);
});
beforeEach(() => {
  restore = keepEnvironment();
  removeVariables(STEERING);
  Object.assign(process.env, {
    IDENTITY_ENDPOINT: `${identity.url}/msi/token`,
    IDENTITY_HEADER: 'c4nary-identity-header',
    VAULTSTRAP_VAULT_CA: net.ca,
  });
  resources = [];
  net.clear();
});
afterEach(async () => {
  restore();
  // The token of one test is none of the next one's.
  await azure.reset();
});

/** The whole road, for one setting among others. */
async function codesOf(settings: Readonly<Record<string, string>>, options: BootstrapOptions): Promise<string[]> {
  const { report } = await resolve(settings, { onError: 'unset', timeoutSeconds: 5, ...options });
  return report.settings.map(({ code }) => code ?? 'none');
}
const uri = (host: string) => `@KeyVault(SecretUri=https://${host}/secrets/x)`;

describe.each(LANES)('%s', (client) => {
  test('the trap works: it gets the token that a vault would get', async () => {
    expect(await codesOf({ A: uri('shop.vault.azure.net') }, { client })).toEqual(['ERR_VAULT_NOT_FOUND']);
    expect(net.credentials).toEqual([{ host: 'shop.vault.azure.net', credential: `Bearer ${TOKEN}` }]);
    expect(resources).toEqual(['https://vault.azure.net']);
  });

  test.each([
    'shop.vault.azure.net.evil.example',
    'evil.example',
    'shop.vault.azure.net@evil.example',
    'shop.vault.azure.net:pw@evil.example',
    'evil.example#.vault.azure.net',
    'evil.example?.vault.azure.net',
    'evil.example/.vault.azure.net',
    'evil.example\\.vault.azure.net',
    'evil.example%2f.vault.azure.net',
    'evil.example%00.vault.azure.net',
    'evil.example%252f.vault.azure.net',
    'shop.vault.azure.net%2eevil.example',
    'shop.vault.azure.net%40evil.example',
    'shop.vault.azure.net\t.evil.example',
    'shop.vault.azure.net\n.evil.example',
    'shop.vault.azure.net:8443',
    'shop.vault.azure.net:0',
    'shop.vault.azure.net.',
    'shop.vault.azure.net..',
    'a.shop.vault.azure.net',
    'evil-vault.azure.net',
    'shop.vault.azure.net。evil.example',
    'shop.vault.azure.net．evil.example',
    'shоp.vault.azure.net',
    'shop.vаult.azure.net',
    'shop.vault.azure.nеt',
    'xn--shp-5cd.vault.azure.net',
    'shop.xn--vult-63d.azure.net',
    'shop\u200b.vault.azure.net',
    'shop\u00ad.vault.azure.net',
    '\u202eshop.vault.azure.net',
    'ſhop.vault.azure.net.evil.example',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '[fe80::1%25eth0]',
    'localhost',
  ])('%j gets no connection, and no token is asked for', async (host) => {
    expect(await codesOf({ A: uri(host) }, { client })).toEqual([
      expect.stringMatching(/^ERR_(REFERENCE_SYNTAX|HOST_NOT_ALLOWED)$/),
    ]);
    expect({ connected: net.connected, resources }).toEqual({ connected: [], resources: [] });
  });

  test.each([
    'shop.evil.example/',
    'evil.example#',
    'evil.example?',
    'evil.example:443/x',
    'user@evil',
    'a.b',
    '..',
    'shоp',
    'xn--shp-5cd--',
    'shop%2e',
    '',
  ])('nor does a vault that is called %j', async (name) => {
    expect(await codesOf({ A: `@KeyVault(VaultName=${name};SecretName=x)` }, { client })).toEqual([
      expect.stringMatching(/^ERR_(REFERENCE_SYNTAX|HOST_NOT_ALLOWED)$/),
    ]);
    expect(await codesOf({ A: `akvs://sub/${name}/x` }, { client })).not.toEqual(['none']);
    expect({ connected: net.connected, resources }).toEqual({ connected: [], resources: [] });
  });

  test.each(['SHOP.Vault.AZURE.net', 'shop.VAULT.azure.net', 'shop.vault.azure.net:443'])(
    '%s is the vault, by its one name',
    async (host) => {
      await codesOf({ A: uri(host) }, { client });
      expect(net.credentials.map((one) => one.host)).toEqual(['shop.vault.azure.net']);
    },
  );

  test('settings of ours in a file of settings count for nothing: a hostile .env', async () => {
    const hostile = {
      VAULTSTRAP_ALLOWED_HOSTS: 'evil.example',
      VAULTSTRAP_VAULT_SUFFIX: 'vault.evil.example',
      VAULTSTRAP_VAULT_ENDPOINT: 'https://127.0.0.1:443',
      VAULTSTRAP_IDENTITY: 'object:22222222-2222-4222-8222-222222222222',
      IDENTITY_ENDPOINT: 'https://evil.example/msi/token',
      IDENTITY_HEADER: 'forged',
      MSI_ENDPOINT: 'https://evil.example/msi/token',
      MSI_SECRET: 'forged',
      HTTPS_PROXY: 'http://evil.example:3128',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    const settings = { ...hostile, A: uri('evil.example'), B: '@KeyVault(VaultName=shop;SecretName=x)' };
    expect(await codesOf(settings, { client })).toEqual(['ERR_HOST_NOT_ALLOWED', 'ERR_VAULT_NOT_FOUND']);
    expect(net.credentials).toEqual([{ host: 'shop.vault.azure.net', credential: `Bearer ${TOKEN}` }]);
    expect(new Set(net.connected)).toEqual(new Set(['shop.vault.azure.net:443']));
    expect(resources).toEqual(['https://vault.azure.net']);
  });

  test('a suffix of its own has an audience of its own: no token that other vaults would take', async () => {
    process.env['VAULTSTRAP_VAULT_SUFFIX'] = 'vault.evil.example';
    await codesOf({ A: '@KeyVault(VaultName=shop;SecretName=x)' }, { client });
    expect(new Set(resources)).toEqual(new Set(['https://vault.evil.example']));
  });

  test.each([
    'management.azure.com',
    'evil.example',
    'vault',
    'vault.',
    'vault.azure.net/',
    'vault.azure.net#x',
    'xn--vult-63d.azure.net',
  ])('no token for the audience %s', async (suffix) => {
    process.env['VAULTSTRAP_VAULT_SUFFIX'] = suffix;
    await expect(codesOf({ A: '@KeyVault(VaultName=shop;SecretName=x)' }, { client })).rejects.toMatchObject({
      code: 'ERR_INVALID_SETTING',
    });
    expect({ connected: net.connected, resources }).toEqual({ connected: [], resources: [] });
  });

  test("through the emulator's endpoint goes no token but the emulator's", async () => {
    process.env['VAULTSTRAP_VAULT_ENDPOINT'] = 'https://127.0.0.1:8443';
    expect(await codesOf({ A: '@KeyVault(VaultName=shop;SecretName=x)' }, { client })).toEqual(['ERR_EMULATOR_TOKEN']);
    expect(net.credentials).toEqual([]);
    Object.assign(process.env, {
      IDENTITY_ENDPOINT: azure.env['IDENTITY_ENDPOINT'],
      IDENTITY_HEADER: azure.env['IDENTITY_HEADER'],
    });
    await codesOf({ A: '@KeyVault(VaultName=shop;SecretName=x)' }, { client });
    expect(net.credentials).toHaveLength(1);
  });

  test.each([
    'https://127.0.0.1.evil.example:443',
    'https://localhost.evil.example:443',
    'https://127.0.0.1:443@evil.example',
    'https://evil.example:443',
    'https://127.1:443',
    'https://2130706433:443',
    'https://[::ffff:127.0.0.1]:443',
    'https://0.0.0.0:443',
    'https://127.0.0.1:443/x',
    'https://127.0.0.1:443?x',
    'http://127.0.0.1:443',
    'https://localhost。evil.example:443',
    'https://127.0.0.1:99999',
  ])('%s is no endpoint of an emulator', async (endpoint) => {
    process.env['VAULTSTRAP_VAULT_ENDPOINT'] = endpoint;
    await expect(codesOf({ A: '@KeyVault(VaultName=shop;SecretName=x)' }, { client })).rejects.toMatchObject({
      code: 'ERR_INVALID_SETTING',
    });
    expect({ connected: net.connected, resources }).toEqual({ connected: [], resources: [] });
  });
});

describe('the identity header', () => {
  test.each([
    'http://evil.example/msi/token',
    'http://127.0.0.1.evil.example/msi/token',
    'http://localhost.evil.example/msi/token',
    'http://169.254.169.254.evil.example/msi/token',
    'http://127.0.0.1@evil.example/msi/token',
    'http://127.0.0.1:80@evil.example/msi/token',
    'http://evil.example#@127.0.0.1/msi/token',
    'http://localhost。evil.example/msi/token',
    'http://xn--lcalhost-54a/msi/token',
    'http://[::ffff:10.0.0.1]/msi/token',
    'http://167772161/msi/token',
    'http://0.0.0.0/msi/token',
    'http://169.255.1.1/msi/token',
    'ftp://127.0.0.1/msi/token',
    'file:///etc/passwd',
    '//127.0.0.1/msi/token',
  ])('is not sent to %s', async (endpoint) => {
    const env = { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'c4nary-identity-header' };
    expect(detectSource(env)).toMatchObject({ ok: false, failure: { code: 'ERR_IDENTITY_ENDPOINT', retry: 'never' } });
    expect((await asker(env).ask()).ok).toBe(false);
    expect(net.connected).toEqual([]);
  });
});
