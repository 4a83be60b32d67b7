// What is asked on the wire, and that each emulated host understands it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IdentitySelector } from '../../src/support/identity-selector.js';
import { type Emulator, type IdentityHost, startEmulator } from '../../src/testing/index.js';
import {
  asker,
  CLIENT_ID,
  failureOf,
  jumpingClock,
  jwt,
  OBJECT_ID,
  RESOURCE_ID,
  sendJson,
  serve,
  type TestServer,
  unwrap,
  VAULT_RESOURCE,
} from './harness.js';

const SYSTEM: IdentitySelector = { kind: 'system' };
const CLIENT: IdentitySelector = { kind: 'client', id: CLIENT_ID };
const OBJECT: IdentitySelector = { kind: 'object', id: OBJECT_ID };
const RESOURCE: IdentitySelector = { kind: 'resource', id: RESOURCE_ID };
const HEADER = 'IDENTITY-HEADER-VALUE';

describe('the request', () => {
  let server: TestServer;
  let status: (method: string) => number;
  beforeEach(async () => {
    status = () => 200;
    server = await serve(({ method }, response) => {
      const code = status(method);
      if (code === 200) sendJson(response, { access_token: jwt({ exp: 2e9 }) });
      else response.writeHead(code).end();
    });
  });
  afterEach(() => server.close());

  const hosts: Record<string, (url: string) => Record<string, string>> = {
    2019: (url) => ({ IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: HEADER }),
    'container apps': (url) => ({
      IDENTITY_ENDPOINT: `${url}/msi/token`,
      IDENTITY_HEADER: HEADER,
      CONTAINER_APP_NAME: 'app',
    }),
    2017: (url) => ({ MSI_ENDPOINT: `${url}/MSI/token/`, MSI_SECRET: HEADER }),
    'msi endpoint': (url) => ({ MSI_ENDPOINT: `${url}/oauth2/token` }),
  };
  const of2019 = { 'api-version': '2019-08-01', resource: VAULT_RESOURCE };
  const of2017 = { 'api-version': '2017-09-01', resource: VAULT_RESOURCE };

  test.each<[host: string, identity: IdentitySelector, path: string, query: object, headers: object]>([
    ['2019', SYSTEM, '/msi/token', of2019, { 'x-identity-header': HEADER }],
    ['2019', CLIENT, '/msi/token', { ...of2019, client_id: CLIENT_ID }, { 'x-identity-header': HEADER }],
    ['2019', OBJECT, '/msi/token', { ...of2019, object_id: OBJECT_ID }, { 'x-identity-header': HEADER }],
    ['2019', RESOURCE, '/msi/token', { ...of2019, mi_res_id: RESOURCE_ID }, { 'x-identity-header': HEADER }],
    ['container apps', SYSTEM, '/msi/token', of2019, { 'x-identity-header': HEADER }],
    ['container apps', CLIENT, '/msi/token', { ...of2019, client_id: CLIENT_ID }, { 'x-identity-header': HEADER }],
    ['container apps', RESOURCE, '/msi/token', { ...of2019, mi_res_id: RESOURCE_ID }, { 'x-identity-header': HEADER }],
    ['2017', SYSTEM, '/MSI/token/', of2017, { secret: HEADER }],
    ['2017', CLIENT, '/MSI/token/', { ...of2017, clientid: CLIENT_ID }, { secret: HEADER }],
  ])('%s, %o', async (host, identity, path, query, headers) => {
    const { ask } = asker(hosts[host]?.(server.url) ?? {});
    unwrap(await ask(identity));
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path, body: '', headers });
    expect(server.seen[0]?.query).toEqual(query);
    const sent = server.seen[0]?.headers ?? {};
    const carriers = Object.keys(sent).filter((name) => sent[name] === HEADER);
    expect(carriers).toEqual(Object.keys(headers));
    expect(sent).not.toHaveProperty('metadata');
  });

  test('an endpoint of the MSI_ENDPOINT kind gets a form by POST', async () => {
    unwrap(await asker(hosts['msi endpoint']?.(server.url) ?? {}).ask());
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/oauth2/token',
      query: {},
      headers: { metadata: 'true', 'content-type': 'application/x-www-form-urlencoded' },
      body: `resource=${encodeURIComponent(VAULT_RESOURCE)}`,
    });
    expect(server.seen[0]?.headers['content-length']).toBe(String(server.seen[0]?.body.length));
  });

  test.each([404, 405, 501])('and GET where POST is answered %i', async (refusal) => {
    status = (method) => (method === 'POST' ? refusal : 200);
    unwrap(await asker(hosts['msi endpoint']?.(server.url) ?? {}).ask());
    expect(server.seen.map(({ method, query, body }) => [method, query, body.length > 0])).toEqual([
      ['POST', {}, true],
      ['GET', { resource: VAULT_RESOURCE }, false],
    ]);
    expect(server.seen[1]?.headers).toMatchObject({ metadata: 'true' });
  });

  test.each([400, 403])('but not where the answer is %i', async (refusal) => {
    status = () => refusal;
    failureOf(await asker(hosts['msi endpoint']?.(server.url) ?? {}, jumpingClock()).ask());
    expect(new Set(server.seen.map(({ method }) => method))).toEqual(new Set(['POST']));
  });

  test.each<[string, IdentitySelector]>([
    ['2017', OBJECT],
    ['2017', RESOURCE],
    ['msi endpoint', CLIENT],
    ['msi endpoint', OBJECT],
    ['msi endpoint', RESOURCE],
  ])('%s cannot select %o: nothing is sent', async (host, identity) => {
    const { ask, cache } = asker(hosts[host]?.(server.url) ?? {});
    expect(failureOf(await ask(identity))).toMatchObject({
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_SELECTOR',
      retry: 'never',
    });
    expect(server.seen).toEqual([]);
    expect(cache.requests).toBe(0);
  });

  test('a query of the endpoint stays, and is not doubled', async () => {
    const env = { IDENTITY_ENDPOINT: `${server.url}/t?slot=a&api-version=1`, IDENTITY_HEADER: HEADER };
    unwrap(await asker(env).ask());
    expect(server.seen[0]?.query).toEqual({ ...of2019, slot: 'a' });
  });

  test('a client id cannot smuggle parameters in', async () => {
    const id = `${CLIENT_ID}&resource=https://management.azure.com#`;
    unwrap(await asker(hosts['2019']?.(server.url) ?? {}).ask({ kind: 'client', id }));
    expect(server.seen[0]?.query).toEqual({ ...of2019, client_id: id });
  });

  test.each(['https://storage.azure.com', 'https://database.windows.net/', 'https://management.azure.com/'])(
    'the resource is sent as it is: %s',
    async (resource) => {
      unwrap(await asker(hosts['2019']?.(server.url) ?? {}).ask(SYSTEM, { resource }));
      expect(server.seen[0]?.query['resource']).toBe(resource);
    },
  );
});

describe('the emulated hosts', () => {
  let azure: Emulator;
  let old: Emulator;
  beforeAll(async () => {
    const identities = {
      userAssigned: [{ clientId: CLIENT_ID, objectId: OBJECT_ID, resourceId: RESOURCE_ID }],
    };
    [azure, old] = await Promise.all([
      startEmulator({ identities }),
      startEmulator({ identities: { system: false }, msiEndpoint: { getOnly: true } }),
    ]);
  });
  afterAll(() => Promise.all([azure.close(), old.close()]));
  afterEach(() => azure.requests.clear());

  test.each<[IdentityHost, IdentitySelector, source: string, identity: string]>([
    ['app-service-2019', SYSTEM, 'app-service-2019', 'system'],
    ['app-service-2019', CLIENT, 'app-service-2019', CLIENT_ID],
    ['app-service-2019', OBJECT, 'app-service-2019', CLIENT_ID],
    ['app-service-2019', RESOURCE, 'app-service-2019', CLIENT_ID],
    ['container-apps', SYSTEM, 'app-service-2019', 'system'],
    ['container-apps', RESOURCE, 'app-service-2019', CLIENT_ID],
    ['app-service-2017', SYSTEM, 'app-service-2017', 'system'],
    ['app-service-2017', CLIENT, 'app-service-2017', CLIENT_ID],
    ['service-fabric', SYSTEM, 'service-fabric', 'system'],
    ['msi-endpoint', SYSTEM, 'msi-endpoint', 'system'],
  ])('%s, %o', async (host, selector, source, identity) => {
    unwrap(await asker(azure.envFor(host)).ask(selector));
    expect(await azure.requests()).toMatchObject([{ source, identity, resource: VAULT_RESOURCE, status: 200 }]);
  });

  test('one that knows GET only, without an identity: the refusal is of the GET', async () => {
    expect(failureOf(await asker(old.envFor('msi-endpoint')).ask())).toMatchObject({
      code: 'ERR_IDENTITY_NOT_ASSIGNED',
      cause: { status: 400 },
    });
    expect((await old.requests()).map(({ method, status }) => [method, status])).toEqual([
      ['POST', 405],
      ['GET', 400],
    ]);
  });
});
