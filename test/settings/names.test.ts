import { describe, expect, test } from 'vitest';
import { isProtected, isProvenance, isRecord, namesOf } from '../../src/settings/names.js';

const PROTECTED = [
  ...['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'IDENTITY_SERVER_THUMBPRINT', 'IDENTITY_API_VERSION', 'IMDS_ENDPOINT'],
  ...['MSI_ENDPOINT', 'MSI_SECRET', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_CLIENT_SECRET'],
  ...['AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_AUTHORITY_HOST', 'AZURE_USERNAME'],
  ...['AZURE_PASSWORD', 'AZURE_POD_IDENTITY_AUTHORITY_HOST', 'AZURE_TOKEN_CREDENTIALS', 'DEFAULT_IDENTITY_CLIENT_ID'],
  ...['AZURE_CLIENT_CERTIFICATE_PASSWORD', 'AZURE_CLIENT_SEND_CERTIFICATE_CHAIN', 'AZURE_ADDITIONALLY_ALLOWED_TENANTS'],
  ...['AZURE_REGIONAL_AUTHORITY_NAME', 'AZURE_IDENTITY_DISABLE_MULTITENANTAUTH', 'AZURE_KUBERNETES_TOKEN_PROXY'],
  ...['AZURE_KUBERNETES_SNI_NAME', 'AZURE_KUBERNETES_CA_FILE', 'AZURE_KUBERNETES_CA_DATA'],
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_DEBUG'],
  ...['NODE_USE_ENV_PROXY', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'SSLKEYLOGFILE', 'PATH'],
  ...['NODE_DEBUG_NATIVE', 'NODE_USE_SYSTEM_CA', 'NODE_COMPILE_CACHE', 'NODE_ICU_DATA', 'NODE_REDIRECT_WARNINGS'],
  ...['NODE_REPL_EXTERNAL_MODULE', 'NODE_V8_COVERAGE', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'DYLD_LIBRARY_PATH'],
  ...['OPENSSL_CONF', 'OPENSSL_ENGINES', 'OPENSSL_MODULES'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['WEBSITE_SITE_NAME', 'WEBSITE_X', 'VAULTSTRAP_IDENTITY', 'VAULTSTRAP_ANYTHING'],
];

describe('isProtected', () => {
  test.each(PROTECTED)('%s, its twin, and either in lower case', (name) => {
    for (const written of [name, `APPSETTING_${name}`, name.toLowerCase(), `appsetting_${name.toLowerCase()}`]) {
      expect(isProtected(written), written).toBe(true);
    }
  });

  test.each([
    'AZURE_OPENAI_API_KEY',
    'AZURE_STORAGE_CONNECTION_STRING',
    'LD_SDK_KEY',
    'NODE_ENV',
    'NODE_AUTH_TOKEN',
    'MY_PATH',
    'PATHS',
    'PATH_',
    'HTTP_PROXY_PASSWORD',
    'WEBSITE',
    'MY_WEBSITE_KEY',
    'VAULTSTRAP',
    'SSL_CERT_PASSWORD',
    'IDENTITY_DB_PASSWORD',
    'MSI_SECRETS',
    'APPSETTING_DB',
    'constructor',
    '',
  ])('%j is usable', (name) => {
    expect(isProtected(name)).toBe(false);
  });
});

test.each([
  ['VAULTSTRAP_REFERENCES', true],
  ['VAULTSTRAP_REFERENCES_1', true],
  ['VAULTSTRAP_REFERENCES_AT', true],
  ['VAULTSTRAP_REFERENCES_ATX', false],
  ['VAULTSTRAP_REFERENCES_999', true],
  ['VAULTSTRAP_REFERENCES_', false],
  ['VAULTSTRAP_REFERENCES_X', false],
  ['VAULTSTRAP_REFERENCES2', false],
  ['VAULTSTRAP_REFERENCE', false],
])('isProvenance(%s): %s', (name, expected) => {
  expect(isProvenance(name)).toBe(expected);
  expect(isRecord(name)).toBe(expected);
  expect(isRecord(`APPSETTING_${name}`)).toBe(expected);
});

test('the platform record is one, and so is its twin', () => {
  expect(isRecord('WEBSITE_KEYVAULT_REFERENCES')).toBe(true);
  expect(isRecord('APPSETTING_WEBSITE_KEYVAULT_REFERENCES')).toBe(true);
  expect(isRecord('WEBSITE_KEYVAULT_REFERENCES_1')).toBe(false);
});

test("PM2's record of all settings is one: a secret in that JSON would break it", () => {
  expect(isRecord('pm2_env')).toBe(true);
});

describe('namesOf', () => {
  test('equal twins are one setting, whichever is asked for', () => {
    const env = { X: 'v', APPSETTING_X: 'v' };
    const both = { setting: 'X', names: ['X', 'APPSETTING_X'] };
    expect(namesOf('X', env)).toEqual(both);
    expect(namesOf('APPSETTING_X', env)).toEqual(both);
  });
  test('others are settings of their own', () => {
    expect(namesOf('X', { X: 'v' })).toEqual({ setting: 'X', names: ['X'] });
    expect(namesOf('X', { X: 'v', APPSETTING_X: 'w' })).toEqual({ setting: 'X', names: ['X'] });
    expect(namesOf('APPSETTING_X', { X: 'v', APPSETTING_X: 'w' })).toEqual({
      setting: 'APPSETTING_X',
      names: ['APPSETTING_X'],
    });
    expect(namesOf('APPSETTING_', { APPSETTING_: 'v' })).toEqual({ setting: 'APPSETTING_', names: ['APPSETTING_'] });
    // Nothing could be written to the name that would be left; and what is not there has no twin.
    expect(namesOf('APPSETTING_', { '': 'v', APPSETTING_: 'v' }).names).toEqual(['APPSETTING_']);
    expect(namesOf('X', {})).toEqual({ setting: 'X', names: ['X'] });
    expect(namesOf('APPSETTING_constructor', { APPSETTING_constructor: 'v' }).names).toHaveLength(1);
  });
});
