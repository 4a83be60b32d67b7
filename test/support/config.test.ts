import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isEnabled, readConfig } from '../../src/support/config.js';
import { BootstrapError, type SettingFailure } from '../../src/support/errors.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import { nearestOwnSetting, OWN_SETTINGS } from '../../src/support/own-settings.js';
import { findCanary } from '../helpers/canary.js';
import { GUID } from '../helpers/fixtures.js';

function failuresOf(env: Record<string, string>, options: BootstrapOptions = {}): readonly SettingFailure[] {
  try {
    readConfig(env, options);
  } catch (error) {
    if (error instanceof BootstrapError) return error.failures;
    throw error;
  }
  return [];
}

test('the defaults', () => {
  expect(readConfig({})).toEqual({
    ignore: new Set(),
    identity: { kind: 'system' },
    identityFrom: 'default',
    onError: 'throw',
    onRevoked: 'keep',
    timeoutMs: 20_000,
    refreshMs: 300_000,
    settleMs: 30_000,
    concurrency: 24,
    client: 'direct',
    vaultSuffix: 'vault.azure.net',
    allowedHosts: new Set(),
    log: 'warn',
  });
  expect(readConfig({}, {}, true).timeoutMs).toBe(90_000);
  expect(readConfig({ VAULTSTRAP_TIMEOUT_SECONDS: '5' }, {}, true).timeoutMs).toBe(5000);
});

const ID = { kind: 'client', id: GUID };
test.each<[string, string, BootstrapOptions, object]>([
  ['ENABLED', ' True ', { enabled: true }, {}],
  ['ENABLED', '1', { enabled: true }, {}],
  ['IGNORE', ' A, B ,,C_1 ', { ignore: ['A', 'B', 'C_1'] }, { ignore: new Set(['A', 'B', 'C_1']) }],
  ['IDENTITY', ` ${GUID} `, { identity: GUID }, { identity: ID }],
  ['ON_ERROR', ' Keep ', { onError: 'keep' }, { onError: 'keep' }],
  ['ON_REVOKED', 'unset', { onRevoked: 'unset' }, { onRevoked: 'unset' }],
  ['TIMEOUT_SECONDS', '600', { timeoutSeconds: 600 }, { timeoutMs: 600_000 }],
  ['REFRESH_SECONDS', '0', { refreshSeconds: 0 }, { refreshMs: 0 }],
  ['REFRESH_SECONDS', '86400', { refreshSeconds: 86_400 }, { refreshMs: 86_400_000 }],
  ['SETTLE_SECONDS', '0', { settleSeconds: 0 }, { settleMs: 0 }],
  ['CONCURRENCY', ' 256 ', { concurrency: 256 }, { concurrency: 256 }],
  ['CLIENT', 'SDK', { client: 'sdk' }, { client: 'sdk' }],
  ['VAULT_SUFFIX', ' Vault.Azure.CN ', { vaultSuffix: 'vault.azure.cn' }, { vaultSuffix: 'vault.azure.cn' }],
  [
    'ALLOWED_HOSTS',
    'KV.Corp:65535, b, c:1, d:443',
    { allowedHosts: ['KV.corp:65535', 'b', 'c:1', 'd:443'] },
    { allowedHosts: new Set(['kv.corp:65535', 'b', 'c:1', 'd']) },
  ],
  ['LOG', 'DEBUG', { log: 'debug' }, { log: 'debug' }],
])('VAULTSTRAP_%s=%s, or as an option', (name, text, option, expected) => {
  expect(readConfig({ [`VAULTSTRAP_${name}`]: text })).toMatchObject(expected);
  expect(readConfig({}, option)).toMatchObject(expected);
});

describe('malformed', () => {
  const WRONG: Record<string, string[]> = {
    ENABLED: ['yes', 'no', 'off', '2'],
    IGNORE: ['A B', 'A=B', 'A;B C'],
    IDENTITY: ['me', `object:${GUID}0`, '/subscriptions/x', `{${GUID}}`],
    ON_ERROR: ['ignore', 'true'],
    ON_REVOKED: ['throw', 'delete'],
    TIMEOUT_SECONDS: ['0', '601', '-1', '1.5', '1e2', '20s', 'Infinity', 'NaN', ' '],
    REFRESH_SECONDS: ['86401', '-1', '5m', '300.0', '0x10'],
    SETTLE_SECONDS: ['3601', 'x'],
    CONCURRENCY: ['0', '257'],
    CLIENT: ['auto'],
    VAULT_SUFFIX: ['azure.net', 'vault', 'management.azure.com', 'xvault.azure.net', '.vault.azure.net', 'vault..net'],
    ALLOWED_HOSTS: [
      'https://kv.corp',
      'kv.corp/secrets',
      '*.corp',
      'a b',
      'user@host',
      '[::1]:443',
      'kv.corp:65536',
      'kv.corp:0',
      'kv.corp:',
    ],
    LOG: ['verbose', '1'],
    VAULT_CA: ['/no/such/file.pem', '/dev/null', '-----BEGIN CERTIFICATE-----'],
  };
  for (const [name, texts] of Object.entries(WRONG)) {
    test.each(texts)(`VAULTSTRAP_${name}=%j`, (text) => {
      const [failure, ...others] = failuresOf({ [`VAULTSTRAP_${name}`]: text });
      expect(others).toEqual([]);
      expect(failure).toMatchObject({
        setting: `VAULTSTRAP_${name}`,
        status: 'InvalidSyntax',
        code: 'ERR_INVALID_SETTING',
      });
      expect(failure?.hint).toMatch(/^Expected: .{4,}\.$/);
      expect(failure?.details).not.toContain(text.length > 3 ? text : 'no such text');
    });
  }

  test('all at once, settings and options, each by its name', () => {
    const env = Object.fromEntries(Object.entries(WRONG).map(([name, [text]]) => [`VAULTSTRAP_${name}`, text ?? '']));
    const failures = failuresOf({ ...env, VAULTSTRAP_VAULT_ENDPOINT: 'x' }, { concurrency: 0, toString: 1 } as object);
    const names = failures.map(({ setting }) => setting);
    expect(names.sort()).toEqual(
      [
        ...Object.keys(env).filter((name) => name !== 'VAULTSTRAP_CONCURRENCY'),
        'VAULTSTRAP_VAULT_ENDPOINT',
        'option concurrency',
        'option toString',
      ].sort(),
    );
  });

  test.each<[string, unknown]>([
    ['refreshSeconds', 1.5],
    ['refreshSeconds', Number.NaN],
    ['refreshSeconds', Number.POSITIVE_INFINITY],
    ['refreshSeconds', [5]],
    ['refreshSeconds', ''],
    ['timeoutSeconds', 0],
    ['enabled', 'perhaps'],
    ['onError', ''],
    ['onError', 'toString'],
    ['identity', ''],
    ['identity', { kind: 'system' }],
    ['ignore', { A: 1 }],
    ['ignore', ['A B']],
    ['ignore', ['A', undefined]],
    ['log', 3],
    ['vaultSuffix', 'storage.azure.com'],
    ['vaultSuffix', 5],
    ['allowedHosts', ['https://x']],
    ['refreshseconds', 5],
    ['VAULTSTRAP_LOG', 'debug'],
    ['constructor', 1],
  ])('option %s: %j', (name, value) => {
    const [failure, ...others] = failuresOf({}, { [name]: value });
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ setting: `option ${name}`, code: 'ERR_INVALID_OPTION' });
  });

  test('of an option that does not exist it is said that it does not, rather than that its value is wrong', () => {
    const [unknown, malformed] = failuresOf({}, { refreshseconds: 5, refreshSeconds: 1.5 } as object);
    expect(unknown?.details).toBe('there is no such option.');
    expect(malformed?.details).toBe('the value is not what this setting takes.');
  });

  test('the hint says all that may stand there', () => {
    const [unknown, ca, setting] = failuresOf({ VAULTSTRAP_ON_ERROR: 'x', VAULTSTRAP_VAULT_CA: 'x' }, {
      refreshseconds: 5,
    } as object);
    expect(unknown?.hint).toMatch(/^Expected: one of enabled, ignore, identity, .*, refreshSeconds, .*, log\.$/);
    expect(ca?.hint).toContain('PEM text, or the path');
    expect(setting?.hint).toBe('Expected: throw, unset, keep.');
  });

  test('a value is not quoted: a secret may have been put there by mistake', () => {
    const env = Object.fromEntries(Object.keys(WRONG).map((name) => [`VAULTSTRAP_${name}`, 'c4nary secret']));
    let error: unknown;
    try {
      readConfig({ ...env, VAULTSTRAP_VAULT_ENDPOINT: 'c4nary secret' }, { client: 'c4nary secret' } as object);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(BootstrapError);
    expect(findCanary(error, 'c4nary')).toEqual([]);
  });
});

test('an option wins over its setting, even over a malformed one', () => {
  expect(readConfig({ VAULTSTRAP_ON_ERROR: 'unset' }, { onError: 'keep' }).onError).toBe('keep');
  expect(readConfig({ VAULTSTRAP_CONCURRENCY: 'many' }, { concurrency: 2 }).concurrency).toBe(2);
  expect(readConfig({ VAULTSTRAP_IGNORE: 'A' }, { ignore: [] }).ignore).toEqual(new Set());
});

test('an empty setting is none, as App Service has them', () => {
  const env = {
    VAULTSTRAP_ON_ERROR: '',
    VAULTSTRAP_IDENTITY: '',
    VAULTSTRAP_TIMEOUT_SECONDS: '',
    VAULTSTRAP_IGNORE: '',
  };
  expect(readConfig(env)).toEqual(readConfig({}));
});

describe('the default identity', () => {
  const OTHER = GUID.replace('0', 'f');
  test.each<[string, Record<string, string>, BootstrapOptions, unknown, string]>([
    ['the option', { VAULTSTRAP_IDENTITY: 'system', AZURE_CLIENT_ID: OTHER }, { identity: GUID }, ID, 'option'],
    ['the setting', { VAULTSTRAP_IDENTITY: GUID, AZURE_CLIENT_ID: OTHER }, {}, ID, 'VAULTSTRAP_IDENTITY'],
    [
      'system, said aloud',
      { VAULTSTRAP_IDENTITY: 'system', AZURE_CLIENT_ID: GUID },
      {},
      { kind: 'system' },
      'VAULTSTRAP_IDENTITY',
    ],
    ['the convention', { AZURE_CLIENT_ID: ` ${GUID.toUpperCase()} ` }, {}, ID, 'AZURE_CLIENT_ID'],
    [
      'the convention has no words',
      { AZURE_CLIENT_ID: 'system' },
      {},
      { kind: 'client', id: 'system' },
      'AZURE_CLIENT_ID',
    ],
    [
      'beside a secret: an app registration',
      { AZURE_CLIENT_ID: GUID, AZURE_CLIENT_SECRET: 's' },
      {},
      { kind: 'system' },
      'default',
    ],
    [
      'beside a certificate',
      { AZURE_CLIENT_ID: GUID, AZURE_CLIENT_CERTIFICATE_PATH: '/c' },
      {},
      { kind: 'system' },
      'default',
    ],
    ['an empty one', { AZURE_CLIENT_ID: ' ' }, {}, { kind: 'system' }, 'default'],
    ['none', {}, {}, { kind: 'system' }, 'default'],
  ])('%s', (_what, env, options, identity, identityFrom) => {
    expect(readConfig(env, options)).toMatchObject({ identity, identityFrom });
  });
});

describe('VAULTSTRAP_VAULT_ENDPOINT', () => {
  const read = (endpoint: string, env = {}) => failuresOf({ VAULTSTRAP_VAULT_ENDPOINT: endpoint, ...env });
  test.each([
    ['https://127.0.0.1:8443', '127.0.0.1', 8443],
    ['https://LOCALHOST:1/', 'LOCALHOST', 1],
    [' https://[::1]:65535 ', '::1', 65_535],
  ])('%s', (endpoint, address, port) => {
    expect(readConfig({ VAULTSTRAP_VAULT_ENDPOINT: endpoint }).vaultEndpoint).toEqual({ address, port });
  });

  test.each([
    'http://127.0.0.1:8443',
    'https://127.0.0.1',
    'https://127.0.0.1:0',
    'https://127.0.0.1:65536',
    'https://10.0.0.1:8443',
    'https://127.0.0.1.evil.example:8443',
    'https://localhost.evil.example:8443',
    'https://localhost@evil.example:8443',
    'https://evil.example:8443#localhost:1',
    'https://0.0.0.0:8443',
    'https://[::]:8443',
    'https://127.0.0.1:8443/path',
    'https://u:p@127.0.0.1:8443',
    'localhost:8443',
    'see https://localhost:8443',
  ])('only loopback: %s', (endpoint) => {
    const hint = expect.stringContaining('https://localhost:{port} or https://[::1]:{port}');
    expect(read(endpoint)).toMatchObject([{ setting: 'VAULTSTRAP_VAULT_ENDPOINT', code: 'ERR_INVALID_SETTING', hint }]);
  });

  test('not on Azure, but with the local Functions tools, which imitate it', () => {
    const here = 'https://127.0.0.1:8443';
    for (const env of [
      { WEBSITE_SITE_NAME: 'app' },
      { WEBSITE_INSTANCE_ID: 'i' },
      { CONTAINER_APP_REPLICA_NAME: 'r' },
      { CONTAINER_APP_JOB_EXECUTION_NAME: 'e' },
    ]) {
      expect(read(here, env)[0]?.hint, JSON.stringify(env)).toContain('not to be set on Azure');
      for (const there of ['app.azurewebsites.net', 'localhost.evil.example', 'evil-localhost:80']) {
        for (const more of [{}, { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' }]) {
          expect(read(here, { ...env, ...more, WEBSITE_HOSTNAME: there }), there).toHaveLength(1);
        }
      }
      expect(read(here, { ...env, WEBSITE_HOSTNAME: 'localhost' })).toHaveLength(0);
      expect(read(here, { ...env, WEBSITE_HOSTNAME: 'localhost:7071' })).toHaveLength(0);
      expect(read(here, { ...env, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' })).toHaveLength(0);
    }
  });
});

test('VAULTSTRAP_VAULT_CA is a certificate, or the path of one', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-'));
  try {
    const file = path.join(folder, 'ca.pem');
    writeFileSync(file, pem);
    for (const text of [pem, file]) expect(readConfig({ VAULTSTRAP_VAULT_CA: text }).vaultCa).toBe(pem);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('VAULTSTRAP_VAULT_CA is refused on Azure, with an endpoint or without: nobody there vouches for a vault', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  for (const there of [{ WEBSITE_SITE_NAME: 'shop' }, { CONTAINER_APP_REPLICA_NAME: 'shop-1' }]) {
    const [failure, ...more] = failuresOf({ ...there, VAULTSTRAP_VAULT_CA: pem });
    expect(failure).toMatchObject({
      setting: 'VAULTSTRAP_VAULT_CA',
      hint: expect.stringContaining('not to be set on Azure'),
    });
    expect(more).toEqual([]);
  }
});

test('isEnabled: anything but a clear no is a yes', () => {
  expect(isEnabled({}, {})).toBe(true);
  expect(isEnabled({ VAULTSTRAP_ENABLED: 'true' }, {})).toBe(true);
  expect(isEnabled({ VAULTSTRAP_ENABLED: 'false' }, {})).toBe(false);
  expect(isEnabled({ VAULTSTRAP_ENABLED: ' 0 ' }, {})).toBe(false);
  expect(isEnabled({ VAULTSTRAP_ENABLED: 'nonsense' }, {})).toBe(true);
  expect(isEnabled({ VAULTSTRAP_ENABLED: 'false' }, { enabled: true })).toBe(true);
  expect(isEnabled({}, { enabled: false })).toBe(false);
});

test('every setting that is read has its name in the list of our own', () => {
  for (const name of ['IDENTITY', 'TIMEOUT_SECONDS', 'VAULT_ENDPOINT', 'VAULT_CA', 'SCHEDULE', 'ON_REVOKED', 'LOG']) {
    expect(OWN_SETTINGS).toContain(`VAULTSTRAP_${name}`);
  }
  expect(OWN_SETTINGS).toHaveLength(16);
});

test('a misspelt setting is compared by what follows the beginning that all share', () => {
  expect(nearestOwnSetting('VAULTSTRAP_CLEINT')).toBe('VAULTSTRAP_CLIENT');
  expect(nearestOwnSetting('VAULTSTRAP_FILE')).toBeUndefined();
});
