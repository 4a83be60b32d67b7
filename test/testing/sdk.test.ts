// The real SecretClient, which insists on https, asks for a challenge first and
// checks that it comes from the vault's own domain.
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { SecretClient } from '@azure/keyvault-secrets';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { askIdentity } from './client.js';

const VAULT = 'https://shop.vault.azure.net';
let azure: Emulator;
let client: SecretClient;

/** Every request goes to the emulator, the name of the vault travels in the Host header. */
function redirectTo(endpoint: string): PipelinePolicy {
  return {
    name: 'emulator',
    sendRequest: (request, next) => {
      const url = new URL(request.url);
      request.headers.set('Host', url.host);
      request.url = `${endpoint}${url.pathname}${url.search}`;
      return next(request).finally(() => {
        request.url = url.href;
      });
    },
  };
}

const credential = {
  getToken: async () => {
    const { json } = await askIdentity(azure);
    return { token: json.access_token as string, expiresOnTimestamp: Number(json.expires_on) * 1000 };
  },
};
const clientOf = (vault: string) =>
  new SecretClient(`https://${vault}.vault.azure.net`, credential, {
    tlsOptions: { ca: azure.caCertificate },
    additionalPolicies: [{ policy: redirectTo(azure.vaultEndpoint), position: 'perRetry' }],
    retryOptions: { maxRetries: 0 },
  });

beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: { 'db-password': 's3cret' } } });
  client = clientOf('shop');
});
afterAll(() => azure.close());
afterEach(() => azure.reset());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('get, by challenge first', async () => {
  const secret = await client.getSecret('db-password');
  expect(secret.value).toBe('s3cret');
  expect(secret.properties).toMatchObject({ vaultUrl: VAULT, enabled: true, recoverableDays: 90 });
  expect((await azure.requests()).map(({ target, status, authorized }) => [target, status, authorized])).toEqual([
    ['vault', 401, false],
    ['identity', 200, true],
    ['vault', 200, true],
  ]);
});

test('set, get a version, list, list versions', async () => {
  const expiresOn = new Date(2e12);
  const first = await client.setSecret('api-key', 'one', {
    contentType: 'text/plain',
    tags: { a: 'b' },
    expiresOn,
  });
  const second = await client.setSecret('api-key', 'two');
  expect((await client.getSecret('api-key')).value).toBe('two');
  const old = await client.getSecret('api-key', { version: first.properties.version ?? '' });
  expect(old).toMatchObject({
    value: 'one',
    properties: { contentType: 'text/plain', tags: { a: 'b' }, expiresOn },
  });
  expect((await collect(client.listPropertiesOfSecrets())).map((one) => one.name)).toEqual(['api-key', 'db-password']);
  const versions = (await collect(client.listPropertiesOfSecretVersions('api-key'))).map((one) => one.version);
  expect(versions.sort()).toEqual([first.properties.version, second.properties.version].sort());
});

test('lists of more than a page', async () => {
  for (let i = 0; i < 30; i++) await azure.vault('shop').set(`many-${i}`, 'x');
  expect(await collect(client.listPropertiesOfSecrets())).toHaveLength(31);
  const pages = await collect(client.listPropertiesOfSecrets().byPage({ maxPageSize: 10 }));
  expect(pages.map((page) => page.length)).toEqual([10, 10, 10, 1]);
});

test('update properties', async () => {
  const { properties } = await client.getSecret('db-password');
  const updated = await client.updateSecretProperties('db-password', properties.version ?? '', {
    enabled: false,
  });
  expect(updated.enabled).toBe(false);
  await expect(client.getSecret('db-password')).rejects.toMatchObject({
    statusCode: 403,
    code: 'Forbidden',
    details: { error: { innerError: { code: 'SecretDisabled' } } },
  });
});

test('delete and recover, with their pollers, then purge', async () => {
  const deleting = await client.beginDeleteSecret('db-password', { intervalInMs: 1 });
  expect(await deleting.pollUntilDone()).toMatchObject({
    name: 'db-password',
    properties: { recoveryId: expect.any(String) },
  });
  await expect(client.getSecret('db-password')).rejects.toMatchObject({
    statusCode: 404,
    code: 'SecretNotFound',
  });
  expect(await collect(client.listDeletedSecrets())).toHaveLength(1);
  const recovering = await client.beginRecoverDeletedSecret('db-password', { intervalInMs: 1 });
  expect((await recovering.pollUntilDone()).name).toBe('db-password');
  expect((await client.getSecret('db-password')).value).toBe('s3cret');
  await (await client.beginDeleteSecret('db-password', { intervalInMs: 1 })).pollUntilDone();
  await client.purgeDeletedSecret('db-password');
  await expect(client.getDeletedSecret('db-password')).rejects.toMatchObject({ statusCode: 404 });
});

test('backup and restore, once the name is free', async () => {
  const { version } = await azure.vault('shop').set('db-password', 'newer');
  const backup = await client.backupSecret('db-password');
  expect(Buffer.from(backup ?? []).includes('newer')).toBe(false);
  await expect(client.restoreSecretBackup(backup ?? new Uint8Array())).rejects.toMatchObject({ statusCode: 409 });
  await azure.vault('shop').purge('db-password');
  expect(await client.restoreSecretBackup(backup ?? new Uint8Array())).toMatchObject({ name: 'db-password', version });
  expect((await client.getSecret('db-password')).value).toBe('newer');
  expect(await azure.vault('shop').versions('db-password')).toHaveLength(2);
  // As between vaults of one subscription and geography.
  const other = clientOf('other');
  await azure.vault('other').set('first', 'x');
  await other.restoreSecretBackup(backup ?? new Uint8Array());
  expect((await other.getSecret('db-password')).value).toBe('newer');
  await expect(client.restoreSecretBackup(Buffer.from('no backup'))).rejects.toMatchObject({ statusCode: 400 });
});

test('versions of a secret that does not exist: none', async () => {
  expect(await collect(client.listPropertiesOfSecretVersions('nothing'))).toEqual([]);
});

test('a vault that does not exist is an error of the SDK, not of its parser', async () => {
  await expect(clientOf('nowhere').getSecret('a')).rejects.toMatchObject({ name: 'RestError', statusCode: 404 });
});

test('a deleted secret, seen from both sides', async () => {
  await (await client.beginDeleteSecret('db-password', { intervalInMs: 1 })).pollUntilDone();
  expect(await client.getDeletedSecret('db-password')).toMatchObject({
    name: 'db-password',
    deletedOn: expect.any(Date),
  });
  expect(await azure.vault('shop').deletedSecrets()).toEqual(['db-password']);
});

test('refusals arrive as the service would send them', async () => {
  await azure.identity().revoke({ vault: 'shop', secret: 'db-password' });
  await expect(client.getSecret('db-password')).rejects.toMatchObject({
    statusCode: 403,
    details: { error: { innerError: { code: 'ForbiddenByRbac' } } },
  });
  await azure.vault('shop').throttle({ requests: 0, perSeconds: 60 });
  await expect(client.getSecret('db-password')).rejects.toMatchObject({ statusCode: 429, code: 'Throttled' });
});
