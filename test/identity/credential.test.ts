// credential(): what a client of an Azure SDK gets.
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { SecretClient } from '@azure/keyvault-secrets';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimsOf } from '../../src/identity/claims.js';
import { credential, isVaultstrapError } from '../../src/index.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { createServerCertificate } from '../../src/testing/server/certificate.js';
import { keepEnvironment, removeVariables, STEERING } from '../helpers/environment.js';
import { CLIENT_ID, findCanaries, OBJECT_ID, RESOURCE_ID } from './harness.js';

const VAULT = 'https://shop.vault.azure.net';

let azure: Emulator;
let restore: () => void;
beforeAll(async () => {
  azure = await startEmulator({
    vaults: { shop: { 'db-password': 's3cret' } },
    identities: { userAssigned: [{ clientId: CLIENT_ID, objectId: OBJECT_ID, resourceId: RESOURCE_ID }] },
  });
});
afterAll(() => azure.close());
beforeEach(() => {
  restore = keepEnvironment();
  removeVariables(STEERING);
  Object.assign(process.env, azure.env);
});
afterEach(async () => {
  restore();
  await azure.reset();
});

const asked = async () =>
  (await azure.requests())
    .filter(({ target }) => target === 'identity')
    .map(({ identity, resource }) => [identity, resource]);

/** The emulator stands in for the vault's address; the name travels in the Host header. */
const toEmulator: PipelinePolicy = {
  name: 'toEmulator',
  sendRequest(request, next) {
    const url = new URL(request.url);
    request.headers.set('Host', url.host);
    request.url = `${azure.vaultEndpoint}${url.pathname}${url.search}`;
    return next(request).finally(() => {
      request.url = url.href;
    });
  },
};

test('a SecretClient reads, writes and lists with it', async () => {
  const client = new SecretClient(VAULT, credential(), {
    tlsOptions: { ca: azure.caCertificate },
    additionalPolicies: [{ policy: toEmulator, position: 'perRetry' }],
    retryOptions: { maxRetries: 0 },
  });
  expect((await client.getSecret('db-password')).value).toBe('s3cret');
  await client.setSecret('api-key', 'new');
  const names: string[] = [];
  for await (const { name } of client.listPropertiesOfSecrets()) names.push(name);
  expect(names).toEqual(['api-key', 'db-password']);
  expect(await asked()).toEqual([['system', 'https://vault.azure.net']]);
});

describe('a BlobServiceClient', () => {
  const BLOBS =
    '<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers><Container><Name>orders</Name><Properties><Last-Modified>Mon, 05 Jan 2026 00:00:00 GMT</Last-Modified><Etag>"0x1"</Etag></Properties></Container></Containers><NextMarker /></EnumerationResults>';
  const seen: { readonly aud: unknown; readonly oid: unknown }[] = [];
  let storage: https.Server;
  let url: string;
  beforeAll(async () => {
    const { key, certificate, caCertificate } = createServerCertificate(['127.0.0.1'], Date.now());
    // As the service does it: no token, or one for something else, is 401.
    storage = https.createServer({ key, cert: certificate }, ({ headers }, response) => {
      const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
      const { aud, oid } = claimsOf(token ?? '');
      seen.push({ aud, oid });
      if (aud === 'https://storage.azure.com')
        response.writeHead(200, { 'Content-Type': 'application/xml' }).end(BLOBS);
      else response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(storage.address() as AddressInfo).port}/account`;
    ca = caCertificate;
  });
  let ca: string;
  afterAll(() => storage.close());

  test.each([undefined, CLIENT_ID])('lists containers as %s: a token for Storage, asked for once', async (identity) => {
    seen.length = 0;
    // Its scope is `https://storage.azure.com/.default`, by default.
    const options = { tlsOptions: { ca }, retryOptions: { maxTries: 1 } };
    const client = new BlobServiceClient(url, credential(identity === undefined ? {} : { identity }), options);
    for (let i = 0; i < 2; i++) {
      const names: string[] = [];
      for await (const { name } of client.listContainers()) names.push(name);
      expect(names).toEqual(['orders']);
    }
    const { objectId } = azure.identity(identity);
    expect(seen).toEqual(Array(2).fill({ aud: 'https://storage.azure.com', oid: objectId }));
    expect(await asked()).toEqual([[identity ?? 'system', 'https://storage.azure.com']]);
  });
});

test('a token has its expiry, and is cached over all credentials of the process', async () => {
  const first = await credential().getToken('https://storage.azure.com/.default');
  expect(first.token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(Math.abs(first.expiresOnTimestamp - Date.now() - 86_400_000)).toBeLessThan(60_000);
  const shared = credential();
  await Promise.all(Array.from({ length: 10 }, () => shared.getToken(['https://storage.azure.com/.default'], {})));
  expect(await credential().getToken('https://storage.azure.com/.default')).toEqual(first);
  expect(await asked()).toHaveLength(1);
});

test.each([
  ['https://vault.azure.net/.default', 'https://vault.azure.net'],
  ['https://management.azure.com/.default', 'https://management.azure.com'],
  ['https://management.azure.com//.default', 'https://management.azure.com/'],
  ['https://database.windows.net//.default', 'https://database.windows.net/'],
  ['https://storage.azure.com/', 'https://storage.azure.com/'],
  ['https://servicebus.azure.net', 'https://servicebus.azure.net'],
  ['https://eventhubs.azure.net/.default', 'https://eventhubs.azure.net'],
  ['api://33333333-3333-4333-8333-333333333333/.default', 'api://33333333-3333-4333-8333-333333333333'],
])('scope %s is resource %s', async (scope, resource) => {
  await credential().getToken(scope);
  await credential().getToken([scope]);
  expect(await asked()).toEqual([['system', resource]]);
});

test.each<[string, string | string[]]>([
  ['several', ['https://storage.azure.com/.default', 'https://vault.azure.net/.default']],
  ['none', []],
  ['empty', ''],
  ['without a resource', '/.default'],
  ['one without a resource', ['/.default']],
])('scopes: %s are refused', async (_, scopes) => {
  const error = await credential()
    .getToken(scopes)
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'VaultstrapError', code: 'ERR_INVALID_OPTION' });
  expect(await azure.requests()).toEqual([]);
});

describe('the identity', () => {
  const scope = 'https://vault.azure.net/.default';

  test.each([undefined, 'system', CLIENT_ID, `object:${OBJECT_ID}`, RESOURCE_ID])('%s', async (identity) => {
    await credential(identity === undefined ? {} : { identity }).getToken(scope);
    const expected = identity === undefined || identity === 'system' ? 'system' : CLIENT_ID;
    expect(await asked()).toEqual([[expected, 'https://vault.azure.net']]);
  });

  test('is the default identity of the settings', async () => {
    process.env['AZURE_CLIENT_ID'] = CLIENT_ID;
    await credential().getToken(scope);
    await credential({ identity: 'system' }).getToken(scope);
    expect((await asked()).map(([identity]) => identity)).toEqual([CLIENT_ID, 'system']);
  });

  test.each(['', 'me', 'object:', 'object:me', '/subscriptions/x'])('%o is refused at once', (identity) => {
    expect(() => credential({ identity })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});

test('an error has code and hint, and carries neither header nor reply', async () => {
  const header = azure.env['IDENTITY_HEADER'] ?? '';
  await azure.faults.add({ target: 'identity', status: 400, body: { message: `CANARY ${header}` } });
  const error = await credential()
    .getToken('https://storage.azure.com/.default')
    .catch((reason: unknown) => reason);
  expect(isVaultstrapError(error)).toBe(true);
  expect(error).toMatchObject({
    code: 'ERR_IDENTITY_NOT_ASSIGNED',
    hint: expect.stringContaining('az webapp identity assign'),
    cause: { status: 400 },
  });
  expect(findCanaries(error, ['CANARY', header])).toEqual([]);
});
