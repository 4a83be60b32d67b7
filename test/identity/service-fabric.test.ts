// Service Fabric: the header goes to the one certificate that was announced, and to nothing else.
import https from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refuseOther } from '../../src/identity/pinned.js';
import type { IdentitySelector } from '../../src/support/identity-selector.js';
import { type Emulator, type Fault, startEmulator } from '../../src/testing/index.js';
import { createSelfSignedCertificate, type SelfSignedCertificate } from '../../src/testing/server/certificate.js';
import {
  asker,
  CLIENT_ID,
  failureOf,
  findCanaries,
  jumpingClock,
  OBJECT_ID,
  RESOURCE_ID,
  sendJson,
  serve,
  unwrap,
  VAULT_RESOURCE,
} from './harness.js';

const HEADER = 'CANARY-IDENTITY-HEADER';
const RIGHT = createSelfSignedCertificate(Date.now());
const WRONG = createSelfSignedCertificate(Date.now());

interface Cluster {
  readonly env: Record<string, string>;
  readonly seen: { readonly url: string; readonly headers: NodeJS.Dict<string | string[]> }[];
  /** Connections, with a completed handshake or without. */
  connections: number;
  /** The certificate shown at the nth handshake, from 1. */
  shows: (count: number) => SelfSignedCertificate;
  close(): Promise<void>;
}

/** An endpoint that may show another certificate every time. */
async function cluster(host = '127.0.0.1'): Promise<Cluster> {
  const seen: Cluster['seen'] = [];
  const control = { connections: 0, shows: (_count: number) => RIGHT };
  const server = https.createServer({ key: RIGHT.key, cert: RIGHT.certificate }, (request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    sendJson(response, { access_token: 'token', expires_on: Math.floor(Date.now() / 1000) + 3600 });
  });
  // Before TLS looks at the connection.
  server.prependListener('connection', () => {
    const { key, certificate } = control.shows(++control.connections);
    server.setSecureContext({ key, cert: certificate });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(control, {
    seen,
    env: {
      IDENTITY_ENDPOINT: `https://${host}:${(server.address() as AddressInfo).port}/metadata/identity/oauth2/token`,
      IDENTITY_HEADER: HEADER,
      IDENTITY_SERVER_THUMBPRINT: RIGHT.thumbprint,
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

let endpoint: Cluster;
beforeEach(async () => {
  endpoint = await cluster();
});
afterEach(() => endpoint.close());

test('the request: header, api-version, resource, and no more', async () => {
  unwrap(await asker(endpoint.env).ask());
  unwrap(await asker({ ...endpoint.env, IDENTITY_API_VERSION: '2020-05-01' }).ask());
  expect(endpoint.seen.map(({ url }) => Object.fromEntries(new URL(url, 'https://x').searchParams))).toEqual([
    { 'api-version': '2019-07-01-preview', resource: VAULT_RESOURCE },
    { 'api-version': '2020-05-01', resource: VAULT_RESOURCE },
  ]);
  const { url, headers } = endpoint.seen[0] ?? { url: '', headers: {} };
  expect(url).toMatch(/^\/metadata\/identity\/oauth2\/token\?/);
  expect(Object.keys(headers).filter((name) => headers[name] === HEADER)).toEqual(['secret']);
  expect(headers).not.toHaveProperty('metadata');
});

test('a handshake to look, and a connection to ask; the token is cached', async () => {
  const { ask, cache } = asker(endpoint.env);
  for (let i = 0; i < 3; i++) unwrap(await ask());
  expect([endpoint.connections, endpoint.seen.length, cache.requests]).toEqual([2, 1, 1]);
});

test('by name, too', async () => {
  await endpoint.close();
  endpoint = await cluster('localhost');
  unwrap(await asker(endpoint.env).ask());
});

test.each(['lower case', 'colons'])('the thumbprint in %s', async (how) => {
  const { thumbprint } = RIGHT;
  const written = how === 'colons' ? thumbprint.replace(/..(?!$)/g, '$&:') : thumbprint.toLowerCase();
  unwrap(await asker({ ...endpoint.env, IDENTITY_SERVER_THUMBPRINT: written }).ask());
});

describe('another certificate', () => {
  afterEach(() => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  });

  test('gets no header, and is not asked again', async () => {
    endpoint.shows = () => WRONG;
    const { ask, cache } = asker(endpoint.env, jumpingClock());
    const result = await ask();
    expect(failureOf(result)).toMatchObject({
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_ENDPOINT',
      retry: 'never',
      details: expect.stringContaining('IDENTITY_SERVER_THUMBPRINT'),
    });
    expect([endpoint.connections, endpoint.seen, cache.requests]).toEqual([1, [], 0]);
    expect(findCanaries(result, [HEADER, RIGHT.thumbprint, WRONG.thumbprint])).toEqual([]);
  });

  test.each([undefined, '0'])(
    'that shows up behind the first look: no header (verification switched off: %s)',
    async (off) => {
      if (off !== undefined) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = off;
      endpoint.shows = (count) => (count % 2 === 1 ? RIGHT : WRONG);
      const result = await asker(endpoint.env, jumpingClock()).ask();
      expect(failureOf(result)).toMatchObject({ code: 'ERR_IDENTITY_UNREACHABLE', retry: 'never' });
      expect(endpoint.seen).toEqual([]);
      expect(findCanaries(result, [HEADER])).toEqual([]);
    },
  );

  test('is refused by its thumbprint, whoever vouches for it', () => {
    const fingerprint = RIGHT.thumbprint.replace(/..(?!$)/g, '$&:');
    expect(refuseOther(fingerprint, RIGHT.thumbprint)).toBeUndefined();
    for (const other of [undefined, '', WRONG.thumbprint, fingerprint.slice(3)]) {
      expect(refuseOther(other, RIGHT.thumbprint)).toMatchObject({ code: 'ERR_TLS_THUMBPRINT' });
    }
  });

  test('with verification switched off, the right one is still asked for', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    unwrap(await asker(endpoint.env).ask());
    endpoint.shows = () => WRONG;
    expect(failureOf(await asker(endpoint.env).ask()).code).toBe('ERR_IDENTITY_ENDPOINT');
    expect(endpoint.seen).toHaveLength(1);
  });
});

test.each<IdentitySelector>([
  { kind: 'client', id: CLIENT_ID },
  { kind: 'object', id: OBJECT_ID },
  { kind: 'resource', id: RESOURCE_ID },
])('%o cannot be selected: not even a handshake', async (selector) => {
  const { ask, cache } = asker(endpoint.env);
  const failure = failureOf(await ask(selector));
  expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_SELECTOR', retry: 'never' });
  expect(failure.hint).toContain('VAULTSTRAP_IDENTITY=system');
  expect([endpoint.connections, endpoint.seen, cache.requests]).toEqual([0, [], 0]);
});

describe('trouble on the way', () => {
  const at = (port: number) => ({ ...endpoint.env, IDENTITY_ENDPOINT: `https://127.0.0.1:${port}/token` });

  test('nobody listens', async () => {
    const closed = await serve(() => {});
    await closed.close();
    const { ask } = asker(at(closed.port), jumpingClock(), { random: () => 0.5 });
    expect(failureOf(await ask())).toMatchObject({
      code: 'ERR_IDENTITY_UNREACHABLE',
      retry: 'deadline',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  test('somebody who speaks no TLS sees no header', async () => {
    const plain = await serve((_, response) => response.end());
    const result = await asker(at(plain.port), jumpingClock(), { random: () => 0.5 }).ask();
    expect(failureOf(result).code).toBe('ERR_IDENTITY_UNREACHABLE');
    expect(plain.seen).toEqual([]);
    await plain.close();
  });

  test('somebody who takes the connection and says nothing', async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const failure = failureOf(await asker(at(port)).ask(undefined, { withinMs: 300 }));
    expect(failure).toMatchObject({ status: 'FetchTimedOut', code: 'ERR_IDENTITY_TIMEOUT' });
    mute.close();
  });

  test('a connection that is cut during the handshake', async () => {
    const rude = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const { port } = rude.address() as AddressInfo;
    const { ask } = asker(at(port), jumpingClock(), { random: () => 0.5 });
    expect(failureOf(await ask())).toMatchObject({ code: 'ERR_IDENTITY_UNREACHABLE', retry: 'deadline' });
    rude.close();
  });

  test('an old TLS is not spoken', async () => {
    const old = tls.createServer({
      key: RIGHT.key,
      cert: RIGHT.certificate,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    });
    old.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as AddressInfo;
    expect(failureOf(await asker(at(port), jumpingClock()).ask()).code).toBe('ERR_IDENTITY_UNREACHABLE');
    old.close();
  });
});

describe('the emulated cluster', () => {
  let azure: Emulator;
  beforeAll(async () => {
    azure = await startEmulator({ vaults: { shop: { a: 'x' } } });
  });
  afterAll(() => azure.close());
  afterEach(() => azure.reset());
  const hasty = () => asker(azure.envFor('service-fabric'), jumpingClock(), { random: () => 0.5 });

  test('redirects are not followed', async () => {
    const elsewhere = await serve((_, response) => sendJson(response, { access_token: 'forged', expires_in: 3600 }));
    await azure.faults.add({ target: 'identity', redirectTo: `${elsewhere.url}/token` });
    expect(failureOf(await hasty().ask())).toMatchObject({ code: 'ERR_IDENTITY_REPLY', retry: 'never' });
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });

  // https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code#error-handling
  test.each<[fault: Partial<Fault>, code: string, requests: number]>([
    [{ status: 404, body: { error: { code: 'ManagedIdentityNotFound' } } }, 'ERR_IDENTITY_NOT_ASSIGNED', 1],
    [{ status: 404 }, 'ERR_IDENTITY_NOT_ASSIGNED', 1],
    [{ status: 400, body: { error: { code: 'InvalidApiVersion' } } }, 'ERR_IDENTITY_REPLY', 1],
    [{ status: 429, times: 2 }, '', 3],
    [{ status: 500, times: 2 }, '', 3],
    [{ reset: true, times: 1 }, '', 2],
  ])('%o: %s, %i requests', async (fault, code, requests) => {
    await azure.faults.add({ target: 'identity', ...fault });
    const { ask, cache } = hasty();
    const result = await ask();
    expect(result.ok ? '' : result.failure.code).toBe(code);
    if (!result.ok) expect(result.failure.retry).toBe('never');
    expect([(await azure.requests()).length, cache.requests]).toEqual([requests, requests]);
  });

  test('the hint of a 404 is about applications, not web apps', async () => {
    await azure.faults.add({ target: 'identity', status: 404 });
    expect(failureOf(await hasty().ask()).hint).toMatch(/application.*template/);
  });
});
