import { existsSync, readFileSync, statSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EMULATOR_ISSUER } from '../../src/support/emulator-issuer.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { canImitate } from '../identity/harness.js';
import { type Answer, ask, askIdentity, askVault, claimsOf } from './client.js';

const RESOURCE = 'https://vault.azure.net';
const RESOURCE_ID =
  '/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader';

let azure: Emulator;
beforeAll(async () => {
  azure = await startEmulator({
    vaults: { shop: { pw: 'value' } },
    identities: {
      system: { objectId: 'system-oid' },
      userAssigned: [
        { clientId: 'reader-client', objectId: 'reader-oid', resourceId: RESOURCE_ID },
        { clientId: 'other-client' },
      ],
    },
  });
});
afterAll(() => azure.close());
afterEach(() => azure.reset());

describe('App Service 2019-08-01', () => {
  test('a token for the system-assigned identity', async () => {
    const { status, json } = await askIdentity(azure);
    expect(status).toBe(200);
    expect(json).toMatchObject({ resource: RESOURCE, token_type: 'Bearer' });
    const claims = claimsOf(json.access_token);
    expect(claims).toMatchObject({
      iss: EMULATOR_ISSUER,
      aud: RESOURCE,
      oid: 'system-oid',
      tid: azure.tenantId,
    });
    expect(json.expires_on).toBe(String(claims.exp));
    expect(claims.exp - claims.iat).toBe(86_400);
    expect(claims).not.toHaveProperty('xms_mirid');
    expect(await azure.requests()).toMatchObject([
      {
        target: 'identity',
        source: 'app-service-2019',
        identity: 'system',
        resource: RESOURCE,
        status: 200,
        authorized: true,
      },
    ]);
  });

  test.each([
    ['client_id', 'reader-client'],
    ['client_id', 'READER-CLIENT'],
    ['object_id', 'reader-oid'],
    ['principal_id', 'reader-oid'],
    ['mi_res_id', RESOURCE_ID],
  ])('a user-assigned one by %s=%s', async (name, value) => {
    const { json } = await askIdentity(azure, `&${name}=${encodeURIComponent(value)}`);
    expect(claimsOf(json.access_token)).toMatchObject({ oid: 'reader-oid', xms_mirid: RESOURCE_ID });
    expect(json.client_id).toBe('reader-client');
  });

  test('a name spelled as another protocol spells it is ignored', async () => {
    const { json } = await askIdentity(azure, '&clientid=reader-client');
    expect(claimsOf(json.access_token).oid).toBe('system-oid');
  });

  test('an unknown user-assigned identity is 400 with the documented text', async () => {
    const { status, json } = await askIdentity(azure, '&client_id=nobody');
    expect(status).toBe(400);
    expect(json).toMatchObject({
      statusCode: 400,
      message: 'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
    });
  });

  test('two names at once are 400', async () => {
    expect((await askIdentity(azure, '&client_id=reader-client&object_id=reader-oid')).status).toBe(400);
  });

  test('a wrong or missing header is 401', async () => {
    expect((await askIdentity(azure, '', { 'X-IDENTITY-HEADER': 'wrong' })).status).toBe(401);
    const url = `${azure.env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=${RESOURCE}`;
    expect((await ask(url)).status).toBe(401);
    expect((await azure.requests()).map((request) => request.authorized)).toEqual([false, false]);
  });

  test('a missing resource or version is 400, another method 405', async () => {
    const headers = { 'X-IDENTITY-HEADER': azure.env['IDENTITY_HEADER'] ?? '' };
    const endpoint = azure.env['IDENTITY_ENDPOINT'];
    expect((await ask(`${endpoint}?api-version=2019-08-01`, { headers })).status).toBe(400);
    expect((await ask(`${endpoint}?resource=${RESOURCE}`, { headers })).status).toBe(400);
    expect((await ask(`${endpoint}?api-version=2019-08-01`, { headers, method: 'POST' })).status).toBe(405);
  });

  test('a rotated header replaces the old one', async () => {
    const old = azure.env['IDENTITY_HEADER'] ?? '';
    await azure.rotateIdentityHeader();
    expect(azure.env['IDENTITY_HEADER']).not.toBe(old);
    expect((await askIdentity(azure, '', { 'X-IDENTITY-HEADER': old })).status).toBe(401);
    expect((await askIdentity(azure)).status).toBe(200);
    await azure.reset();
    expect(azure.env['IDENTITY_HEADER']).toBe(old);
    expect((await askIdentity(azure)).status).toBe(200);
  });
});

describe('App Service 2017-09-01', () => {
  const get = (query: string, secret = azure.envFor('app-service-2017')['MSI_SECRET'] ?? '') =>
    ask(`${azure.envFor('app-service-2017')['MSI_ENDPOINT']}?api-version=2017-09-01${query}`, {
      headers: { secret },
    });

  test('states expiry as a date', async () => {
    await azure.clock.set('2026-03-04T23:05:06Z');
    await azure.tokens.configure({ lifeSeconds: 3600 });
    const { status, json } = await get(`&resource=${RESOURCE}`);
    expect(status).toBe(200);
    expect(json.expires_on).toMatch(/^3\/5\/2026 12:05:0\d AM \+00:00$/);
    expect(Date.parse(json.expires_on) / 1000).toBe(claimsOf(json.access_token).exp);
  });

  test('knows clientid only', async () => {
    expect(claimsOf((await get(`&resource=${RESOURCE}&clientid=reader-client`)).json.access_token).oid).toBe(
      'reader-oid',
    );
    expect(claimsOf((await get(`&resource=${RESOURCE}&client_id=reader-client`)).json.access_token).oid).toBe(
      'system-oid',
    );
    expect((await get(`&resource=${RESOURCE}&clientid=nobody`)).status).toBe(400);
  });

  test('refuses a wrong secret and a missing resource', async () => {
    expect((await get(`&resource=${RESOURCE}`, 'wrong')).status).toBe(401);
    expect((await get('')).status).toBe(400);
    expect((await azure.requests())[0]).toMatchObject({
      source: 'app-service-2017',
      status: 401,
      authorized: false,
    });
  });

  test('a host of that time does not know the newer version', async () => {
    const { MSI_ENDPOINT, MSI_SECRET = '' } = azure.envFor('app-service-2017');
    const headers = { 'X-IDENTITY-HEADER': MSI_SECRET, secret: MSI_SECRET };
    expect((await ask(`${MSI_ENDPOINT}?api-version=2019-08-01&resource=${RESOURCE}`, { headers })).status).toBe(400);
  });
});

describe('MSI_ENDPOINT alone', () => {
  const endpoint = () => azure.envFor('msi-endpoint')['MSI_ENDPOINT'] ?? '';
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', Metadata: 'true' };

  test('POST with a form', async () => {
    const body = `resource=${encodeURIComponent(RESOURCE)}`;
    const { status, json } = await ask(endpoint(), { method: 'POST', headers: form, body });
    expect(status).toBe(200);
    expect(json).toMatchObject({ expires_on: expect.any(String), expires_in: '86400', refresh_token: '' });
    expect(claimsOf(json.access_token)).toMatchObject({ aud: RESOURCE, oid: 'system-oid' });
    expect(await azure.requests()).toMatchObject([{ source: 'msi-endpoint', method: 'POST', status: 200 }]);
  });

  test('GET with a query', async () => {
    const { status } = await ask(`${endpoint()}?resource=${RESOURCE}`, { headers: { Metadata: 'true' } });
    expect(status).toBe(200);
  });

  test('without the header or the resource: 400', async () => {
    expect((await ask(endpoint(), { method: 'POST', body: `resource=${RESOURCE}` })).status).toBe(400);
    expect((await ask(endpoint(), { method: 'POST', headers: form, body: '' })).status).toBe(400);
  });

  test('a host that only knows GET', async () => {
    const old = await startEmulator({ msiEndpoint: { getOnly: true } });
    const url = old.envFor('msi-endpoint')['MSI_ENDPOINT'] ?? '';
    const refused = await ask(url, { method: 'POST', headers: form, body: `resource=${RESOURCE}` });
    expect(refused.status).toBe(405);
    expect(refused.headers.allow).toBe('GET');
    expect((await ask(`${url}?resource=${RESOURCE}`, { headers: { Metadata: 'true' } })).status).toBe(200);
    await old.close();
  });
});

describe('Service Fabric', () => {
  const RIGHT = { 'api-version': '2019-07-01-preview', resource: RESOURCE };
  const env = (from = azure) => from.envFor('service-fabric') as Record<string, string>;
  /** Trusts the certificate by its thumbprint, as an application has to. */
  const get = async (query: Record<string, string>, headers?: Record<string, string>, from = azure) => {
    const { IDENTITY_ENDPOINT = '', IDENTITY_HEADER = '', IDENTITY_SERVER_THUMBPRINT = '' } = env(from);
    const agent = new https.Agent({ rejectUnauthorized: false });
    const answer = await ask(`${IDENTITY_ENDPOINT}?${new URLSearchParams(query)}`, {
      headers: headers ?? { secret: IDENTITY_HEADER },
      agent,
    });
    expect(answer.thumbprint).toBe(IDENTITY_SERVER_THUMBPRINT);
    return answer;
  };

  test('one identity, an epoch number, and a certificate with the thumbprint it announces', async () => {
    expect(env()['IDENTITY_ENDPOINT']).toMatch(/^https:/);
    expect(env()['IDENTITY_SERVER_THUMBPRINT']).toMatch(/^[0-9A-F]{40}$/);
    const { status, json } = await get({ ...RIGHT, client_id: 'reader-client' });
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.any(String),
      expires_on: claimsOf(json.access_token).exp,
      resource: RESOURCE,
      token_type: 'Bearer',
    });
    expect(claimsOf(json.access_token).oid).toBe('system-oid');
    expect((await get({ ...RIGHT, 'api-version': env()['IDENTITY_API_VERSION'] ?? '' })).status).toBe(200);
    expect((await azure.requests())[0]).toMatchObject({
      target: 'identity',
      source: 'service-fabric',
      identity: 'system',
      status: 200,
      authorized: true,
    });
  });

  test.each<[string, number, Record<string, string>, Record<string, string>?]>([
    ['SecretHeaderNotFound', 400, RIGHT, {}],
    ['ManagedIdentityNotFound', 404, RIGHT, { secret: 'wrong' }],
    ['InvalidApiVersion', 400, { resource: RESOURCE }],
    ['ArgumentNullOrEmpty', 400, { 'api-version': '2019-07-01-preview' }],
  ])('%s (%i)', async (code, status, query, headers) => {
    const answer = await get(query, headers);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { code, message: expect.any(String) } });
  });

  test('an application without an identity is 404; a rotated header replaces the old one', async () => {
    const bare = await startEmulator({ identities: { system: false } });
    expect((await get(RIGHT, undefined, bare)).json).toMatchObject({ error: { code: 'ManagedIdentityNotFound' } });
    await bare.close();
    const old = env()['IDENTITY_HEADER'] ?? '';
    await azure.rotateIdentityHeader();
    expect((await get(RIGHT, { secret: old })).status).toBe(404);
    expect((await get(RIGHT)).status).toBe(200);
  });
});

describe('IMDS', () => {
  const get = (query: string, headers: Record<string, string> = { Metadata: 'true' }, from = azure) =>
    ask(`${from.identityEndpoint}/metadata/identity/oauth2/token${query}`, { headers });
  const full = `?api-version=2018-02-01&resource=${RESOURCE}`;

  test('the system-assigned identity, and user-assigned ones by its spellings', async () => {
    expect(claimsOf((await get(full)).json.access_token).oid).toBe('system-oid');
    for (const name of ['client_id=reader-client', 'object_id=reader-oid', `msi_res_id=${RESOURCE_ID}`]) {
      expect(claimsOf((await get(`${full}&${name}`)).json.access_token).oid).toBe('reader-oid');
    }
    expect(claimsOf((await get(`${full}&mi_res_id=${RESOURCE_ID}`)).json.access_token).oid).toBe('system-oid');
  });

  test('says what is wrong', async () => {
    expect((await get(full, {})).json).toMatchObject({ error: 'bad_request_102' });
    expect((await get('', {})).status).toBe(400);
    expect((await get(`?resource=${RESOURCE}`)).status).toBe(400);
    expect((await get('?api-version=2018-02-01')).status).toBe(400);
    expect((await get(`${full}&client_id=nobody`)).json).toMatchObject({
      error: 'invalid_request',
      error_description: 'Identity not found',
    });
  });

  test('several user-assigned identities and none named', async () => {
    const machine = await startEmulator({
      identities: { system: false, userAssigned: [{ clientId: 'one' }, { clientId: 'two' }] },
    });
    const { status, json } = await get(full, { Metadata: 'true' }, machine);
    expect(status).toBe(400);
    expect(json.error_description).toMatch(/^Multiple user assigned identities exist/);
    await machine.close();
  });

  test('a single user-assigned identity needs no name there, but does on App Service', async () => {
    const machine = await startEmulator({
      identities: { system: false, userAssigned: [{ clientId: 'one' }] },
    });
    expect((await get(full, { Metadata: 'true' }, machine)).json.client_id).toBe('one');
    const refused = await askIdentity(machine);
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({
      message: 'Unable to load the proper Managed Identity.',
      correlationId: expect.any(String),
    });
    await machine.close();
  });
});

describe('Azure ML', () => {
  const env = () => azure.envFor('azure-ml') as Record<string, string>;
  const get = (query: string, headers: Record<string, string> = {}) =>
    ask(`${env()['MSI_ENDPOINT']}?api-version=2017-09-01&resource=${RESOURCE}${query}`, {
      headers: { secret: env()['MSI_SECRET'] ?? '', Metadata: 'true', ...headers },
    });

  test('a client id is always named: of the default identity, or another', async () => {
    const { status, json } = await get(`&clientid=${env()['DEFAULT_IDENTITY_CLIENT_ID']}`);
    expect(status).toBe(200);
    expect(json.expires_on).toBe(claimsOf(json.access_token).exp);
    expect(claimsOf(json.access_token)).toMatchObject({ aud: RESOURCE, oid: 'system-oid' });
    expect(claimsOf((await get('&clientid=reader-client')).json.access_token).oid).toBe('reader-oid');
    expect(await azure.requests()).toMatchObject([
      { source: 'azure-ml', identity: 'system' },
      { identity: 'reader-client' },
    ]);
  });

  test.each([
    ['none named', 400, '', {}],
    ['a name of another protocol', 400, '&client_id=reader-client', {}],
    ['a wrong secret', 401, '&clientid=reader-client', { secret: 'wrong' }],
    ['no Metadata header', 400, '&clientid=reader-client', { Metadata: 'no' }],
  ])('%s: %i', async (_, status, query, headers) => {
    expect((await get(query, headers)).status).toBe(status);
  });
});

describe.runIf(canImitate('azure-arc'))('Azure Arc', () => {
  const get = (query = '', headers: Record<string, string> = {}) =>
    ask(`${azure.envFor('azure-arc')['IDENTITY_ENDPOINT']}?api-version=2020-06-01&resource=${RESOURCE}${query}`, {
      headers: { Metadata: 'true', ...headers },
    });
  const fileOf = (answer: Answer) => /^Basic realm=(.*)$/.exec(answer.headers['www-authenticate'] ?? '')?.[1] ?? '';

  test('the challenge names a file, and what stands in it is the key', async () => {
    const challenge = await get();
    expect(challenge.status).toBe(401);
    const file = fileOf(challenge);
    expect(file).toMatch(/^\/var\/opt\/azcmagent\/tokens\/[\w-]+\.key$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = readFileSync(file, 'utf8');
    expect((await get('', { Authorization: 'Basic wrong' })).status).toBe(401);
    const { status, json } = await get(`&msi_res_id=${encodeURIComponent(RESOURCE_ID)}`, {
      Authorization: `Basic ${key}`,
    });
    expect({ status, echo: json.msi_res_id }).toEqual({ status: 200, echo: RESOURCE_ID });
    expect(claimsOf(json.access_token).oid).toBe('reader-oid');

    await azure.rotateIdentityHeader();
    expect((await get('', { Authorization: `Basic ${key}` })).status).toBe(401);
    expect((await get('', { Authorization: `Basic ${readFileSync(file, 'utf8')}` })).status).toBe(200);
  });

  test('the file goes with the emulator', async () => {
    const other = await startEmulator();
    const endpoint = other.envFor('azure-arc')['IDENTITY_ENDPOINT'];
    const file = fileOf(await ask(`${endpoint}?api-version=2020-06-01`, { headers: { Metadata: 'true' } }));
    expect(existsSync(file)).toBe(true);
    await other.close();
    expect(existsSync(file)).toBe(false);
  });
});

describe('workload identity', () => {
  const env = () => azure.envFor('workload-identity') as Record<string, string>;
  const authority = () => `${env()['AZURE_AUTHORITY_HOST']}${azure.tenantId}`;
  const form = (changes: Record<string, string> = {}) =>
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'reader-client',
      scope: `${RESOURCE}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: readFileSync(env()['AZURE_FEDERATED_TOKEN_FILE'] ?? '', 'utf8'),
      ...changes,
    }).toString();
  const post = (body: string, url = `${authority()}/oauth2/v2.0/token`) =>
    ask(url, { method: 'POST', body, ca: azure.caCertificate });

  test('the authority describes itself, and takes the assertion', async () => {
    const { json: known } = await ask(`${authority()}/v2.0/.well-known/openid-configuration`, {
      ca: azure.caCertificate,
    });
    const { status, json } = await post(form(), known.token_endpoint);
    expect(status).toBe(200);
    expect(json).toEqual({
      token_type: 'Bearer',
      expires_in: 86_400,
      ext_expires_in: 86_400,
      access_token: expect.any(String),
    });
    expect(claimsOf(json.access_token)).toMatchObject({ aud: RESOURCE, oid: 'reader-oid', tid: azure.tenantId });
    expect((await azure.requests()).at(-1)).toMatchObject({ source: 'workload-identity', identity: 'reader-client' });
  });

  test.each([
    ['another assertion', 401, 'invalid_client', { client_assertion: 'wrong' }],
    ['an unknown client', 400, 'unauthorized_client', { client_id: 'nobody' }],
    ['no scope', 400, 'invalid_scope', { scope: RESOURCE }],
    ['another grant', 400, 'unsupported_grant_type', { grant_type: 'password' }],
  ])('%s: %i %s', async (_, status, error, changes) => {
    const answer = await post(form(changes));
    expect(answer).toMatchObject({ status, json: { error, error_description: expect.stringMatching(/^AADSTS\d+: /) } });
  });

  test('another tenant: 400', async () => {
    const answer = await post(form(), `${env()['AZURE_AUTHORITY_HOST']}other/oauth2/v2.0/token`);
    expect(answer).toMatchObject({ status: 400, json: { error_codes: [90002] } });
  });

  test('the file goes with the emulator', async () => {
    const other = await startEmulator();
    const file = other.envFor('workload-identity')['AZURE_FEDERATED_TOKEN_FILE'] ?? '';
    expect(existsSync(file)).toBe(true);
    await other.close();
    expect(existsSync(path.dirname(file))).toBe(false);
  });
});

describe('tokens', () => {
  test.each([
    ['epoch-string', (on: unknown) => typeof on === 'string' && /^\d+$/.test(on)],
    ['epoch-number', (on: unknown) => typeof on === 'number'],
    ['date', (on: unknown) => /^\d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M \+00:00$/.test(String(on))],
    ['iso', (on: unknown) => String(on) === new Date(String(on)).toISOString()],
    ['expires_in', (on: unknown) => on === undefined],
    ['none', (on: unknown) => on === undefined],
  ] as const)('expiry as %s', async (expiryForm, isRight) => {
    await azure.tokens.configure({ expiryForm, lifeSeconds: 120 });
    const { json } = await askIdentity(azure);
    expect(json.expires_on).toSatisfy(isRight);
    expect(json.expires_in).toBe(expiryForm === 'expires_in' ? 120 : undefined);
  });

  test('each request gets another one, unless the platform caches', async () => {
    const token = async () => (await askIdentity(azure)).json.access_token as string;
    expect(await token()).not.toBe(await token());
    await azure.tokens.configure({ reuse: true, lifeSeconds: 3600 });
    const first = await token();
    expect(await token()).toBe(first);
    await azure.clock.advance(1801_000);
    expect(await token()).not.toBe(first);
  });

  test('revoked ones are refused', async () => {
    const token = await azure.tokens.issue();
    expect((await askVault(azure, '/secrets/pw', { token })).status).toBe(200);
    await azure.tokens.revokeAll();
    expect((await askVault(azure, '/secrets/pw', { token })).status).toBe(401);
  });

  test('issued for an identity that does not exist', async () => {
    await expect(azure.tokens.issue({ identity: 'nobody' })).rejects.toMatchObject({
      code: 'ERR_EMULATOR_NOT_FOUND',
    });
  });

  test('issued for something misspelled', async () => {
    const misspelled = azure.tokens.issue({ resouce: 'https://management.azure.com' } as never);
    await expect(misspelled).rejects.toThrow('"options" has no member "resouce"; it knows identity, resource');
  });
});

test('what no host answers is 404', async () => {
  expect((await ask(`${azure.identityEndpoint}/other`)).status).toBe(404);
});

test('settings of each kind of host', () => {
  const common = { VAULTSTRAP_VAULT_ENDPOINT: azure.vaultEndpoint, VAULTSTRAP_VAULT_CA: azure.caCertificate };
  expect(azure.env).toEqual(azure.envFor('app-service-2019'));
  expect(Object.keys(azure.env)).toEqual(['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', ...Object.keys(common)]);
  expect(azure.env).toMatchObject(common);
  expect(azure.envFor('container-apps')).toMatchObject({
    ...azure.env,
    CONTAINER_APP_NAME: expect.any(String),
  });
  expect(azure.envFor('msi-endpoint')).toEqual({
    MSI_ENDPOINT: `${azure.identityEndpoint}/oauth2/token`,
    ...common,
  });
  expect(() => azure.envFor('lambda' as never)).toThrow(/"host" must be one of "app-service-2019"/);
});
