// Where a token may go, and that nothing at all goes elsewhere.

import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scanValue } from '../../src/settings/scan.js';
import { readConfig } from '../../src/support/config.js';
import { isVaultHost, VAULT_SUFFIXES } from '../../src/support/vault-names.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { resourceForHost } from '../../src/vault/host.js';
import { failureOf, unwrap } from '../identity/harness.js';
import { failure, type HttpsServer, LANES, reader, readOf, secretJson, serveHttps, value } from './harness.js';

const NO_RULES = { vaultSuffix: 'vault.azure.net', allowedHosts: new Set<string>() };

test.each([...VAULT_SUFFIXES, 'vault.cloud.example'])('a vault of %s is one', (suffix) => {
  expect(isVaultHost(`shop-1.${suffix}`)).toBe(true);
});

test.each([
  'localhost:8443',
  'shop',
  'shop.vault',
  'shop.internal.example',
  'shop.vault.azure.net:8443',
  'a.b.vault.x',
])('%s is no host that az has a name for', (host) => expect(isVaultHost(host)).toBe(false));

const LOOK_ALIKES = [
  'shop.vault.azure.net.evil.example',
  'evil-vault.azure.net',
  'shopvault.azure.net',
  'vault.azure.net',
  '.vault.azure.net',
  'a.b.vault.azure.net',
  'www.shop.vault.azure.net',
  'shop.vault.azure.net.',
  'shop..vault.azure.net',
  'shop.vault.azure.net:443',
  'shop.vault.azure.net:8443',
  'shop.vault.azure.com',
  'shop.vault.azure.net%00.evil.example',
  'shop.vault.azure.net/',
  'shop.vault.azure.net\n',
  ' shop.vault.azure.net',
  'user@shop.vault.azure.net',
  'shop.managedhsm.azure.net',
  'shop.privatelink.vaultcore.azure.net',
  'xn--shp-hla.vault.azure.net',
  'shøp.vault.azure.net',
  'sh--op.vault.azure.net',
  '-shop.vault.azure.net',
  'shop-.vault.azure.net',
  '1shop.vault.azure.net',
  'ab.vault.azure.net',
  `${'a'.repeat(25)}.vault.azure.net`,
  'shop.vault.azure.net。evil.example',
  'management.azure.com',
  'localhost',
  'localhost:8443',
  '127.0.0.1',
  '169.254.169.254',
  '2130706433',
  '0x7f000001',
  '[::1]',
  '',
];

describe('a host', () => {
  test.each([
    ['shop.vault.azure.net', 'https://vault.azure.net'],
    ['a-b-c.vault.azure.net', 'https://vault.azure.net'],
    [`${'a'.repeat(24)}.vault.azure.net`, 'https://vault.azure.net'],
    ['shop.vault.azure.cn', 'https://vault.azure.cn'],
    ['shop.vault.usgovcloudapi.net', 'https://vault.usgovcloudapi.net'],
    ['shop.vault.microsoftazure.de', 'https://vault.microsoftazure.de'],
    ['shop.vault.sovcloud-api.fr', 'https://vault.sovcloud-api.fr'],
    ['shop.vault.sovcloud-api.de', 'https://vault.sovcloud-api.de'],
  ])('%s has tokens of %s, whatever suffix is configured', (host, resource) => {
    expect(unwrap(resourceForHost(host, NO_RULES))).toBe(resource);
    expect(unwrap(resourceForHost(host, { ...NO_RULES, vaultSuffix: 'vault.azure.cn' }))).toBe(resource);
  });

  test.each(LOOK_ALIKES)('%o is no vault', (host) => {
    expect(failureOf(resourceForHost(host, NO_RULES))).toMatchObject({
      status: 'InvalidSyntax',
      code: 'ERR_HOST_NOT_ALLOWED',
      details: expect.stringContaining('no token was sent to it'),
      hint: expect.stringContaining("(or another cloud's: vault.azure.cn, vault.usgovcloudapi.net). An exact host"),
      retry: 'never',
    });
  });

  test('of a suffix of its own', () => {
    const config = { ...NO_RULES, vaultSuffix: 'vault.azurestack.example' };
    expect(unwrap(resourceForHost('shop.vault.azurestack.example', config))).toBe('https://vault.azurestack.example');
    failureOf(resourceForHost('shop.vault.azurestack.example', NO_RULES));
    failureOf(resourceForHost('a.shop.vault.azurestack.example', config));
  });

  test.each([
    'management.azure.com',
    'azure.net',
    'net',
    'database.windows.net',
    'my-vault.azure.net',
    'vaults.azure.net',
  ])('and no setting makes %s a suffix', (suffix) => {
    expect(() => readConfig({ VAULTSTRAP_VAULT_SUFFIX: suffix })).toThrow(/VAULTSTRAP_VAULT_SUFFIX/);
  });

  test('that is allowed by name: exactly, and tokens stay those of vaults', () => {
    const config = {
      vaultSuffix: 'vault.azure.cn',
      allowedHosts: new Set(['kv.corp.example', 'gate.corp.example:8443', '127.0.0.1:9443']),
    };
    for (const host of config.allowedHosts) {
      expect(unwrap(resourceForHost(host, config))).toBe('https://vault.azure.cn');
    }
    for (const host of [
      'kv.corp.example:443',
      'kv.corp.example.',
      'a.kv.corp.example',
      'corp.example',
      'gate.corp.example',
      'gate.corp.example:8444',
      '127.0.0.1',
    ]) {
      failureOf(resourceForHost(host, config));
    }
  });
});

describe('a refused host', () => {
  let azure: Emulator;
  let trap: net.Server;
  let connections = 0;
  let port: number;
  beforeAll(async () => {
    azure = await startEmulator({ vaults: { shop: { a: 'x' } } });
    trap = net.createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    port = (trap.address() as AddressInfo).port;
  });
  afterAll(async () => {
    trap.close();
    await azure.close();
  });

  test.each(LANES)('gets no connection and no token is fetched for it: %s', async (client) => {
    await azure.requests.clear();
    const env = { IDENTITY_ENDPOINT: azure.env['IDENTITY_ENDPOINT'], IDENTITY_HEADER: azure.env['IDENTITY_HEADER'] };
    const { readAll, client: vaults } = reader(env, { client });
    const hosts = [`localhost:${port}`, `127.0.0.1:${port}`, ...LOOK_ALIKES.filter((host) => /^[\w.:-]+$/.test(host))];
    for (const result of await readAll(hosts.map((host) => readOf('a', { host })))) {
      expect(failure(result).code).toBe('ERR_HOST_NOT_ALLOWED');
    }
    expect(connections).toBe(0);
    expect(await azure.requests()).toEqual([]);
    expect([vaults.tokens.requests, vaults.counts]).toEqual([0, { vault: 0, unauthorized: 0 }]);
  });

  test.each(LANES)('not even by way of the emulator: %s', async (client) => {
    await azure.requests.clear();
    const { readAll } = reader(azure.env, { client });
    for (const result of await readAll(
      ['evil-vault.azure.net', 'shop.vault.azure.net:443'].map((host) => readOf('a', { host })),
    )) {
      expect(failure(result).code).toBe('ERR_HOST_NOT_ALLOWED');
    }
    expect(await azure.connections()).toEqual({ identity: 0, vault: 0 });
  });

  test.each(LANES)('does not keep the others from being read: %s', async (client) => {
    const { readAll } = reader(azure.env, { client });
    const [bad, good] = await readAll([readOf('a', { host: 'evil.example' }), readOf('a')]);
    expect(failure(bad).code).toBe('ERR_HOST_NOT_ALLOWED');
    expect(value(good)).toBe('x');
  });
});

describe('an allowed host', () => {
  let azure: Emulator;
  let server: HttpsServer;
  beforeAll(async () => {
    [azure, server] = await Promise.all([
      startEmulator(),
      serveHttps((request, response) => {
        const host = request.headers.host ?? '';
        response.end(secretJson(host, 'a', `from ${host}`));
      }),
    ]);
  });
  afterAll(() => Promise.all([azure.close(), server.close()]));

  test.each(LANES.flatMap((client) => ['localhost', '127.0.0.1'].map((name) => [client, name] as const)))(
    'is read from, with a token of the configured suffix: %s, %s',
    async (client, name) => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on('warning', onWarning);
      await azure.requests.clear();
      const host = `${name}:${server.port}`;
      const env = {
        IDENTITY_ENDPOINT: azure.env['IDENTITY_ENDPOINT'],
        IDENTITY_HEADER: azure.env['IDENTITY_HEADER'],
        VAULTSTRAP_VAULT_CA: server.ca,
        VAULTSTRAP_ALLOWED_HOSTS: host,
        VAULTSTRAP_VAULT_SUFFIX: 'vault.azure.cn',
      };
      const { read, client: vaults } = reader(env, { client });
      expect(value(await read('a', { host }))).toBe(`from ${host}`);
      expect((await azure.requests()).map(({ resource }) => resource)).toEqual(['https://vault.azure.cn']);
      vaults.rest();
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', onWarning);
      expect(warnings).toEqual([]);
    },
  );

  test.each(LANES)('relaxes the host, not the certificate: %s', async (client) => {
    const before = server.seen.length;
    const host = `localhost:${server.port}`;
    const env = {
      IDENTITY_ENDPOINT: azure.env['IDENTITY_ENDPOINT'],
      IDENTITY_HEADER: azure.env['IDENTITY_HEADER'],
      VAULTSTRAP_ALLOWED_HOSTS: host,
    };
    expect(failure(await reader(env, { client }).read('a', { host })).code).toBe('ERR_VAULT_TLS');
    expect(server.seen).toHaveLength(before);
  });
});

test.each([
  'https://shop.vault.azure.net@evil.example/secrets/a',
  'https://user:pw@shop.vault.azure.net/secrets/a',
  'http://shop.vault.azure.net/secrets/a',
  'https://shop.vault.azure.net/secrets/a?x=y',
  'https://shop.vault.azure.net/secrets/a#x',
  'https://shop.vault.azure.net/keys/a',
  'https://shop.vault.azure.net/secrets/../keys/a',
  'https://shop.vault.azure.net/secrets/a/../../keys/b',
  'https://shop.vault.azure.net/secrets/%61',
  'https://shop.vault.azure.net\\@evil.example/secrets/a',
  'https:shop.vault.azure.net/secrets/a',
  'https://[::1]/secrets/a',
])('no reference says %s', (uri) => {
  expect(scanValue(`@KeyVault(SecretUri=${uri})`, 'vault.azure.net').kind).toBe('problem');
});
