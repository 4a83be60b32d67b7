// Which lane reads, and what neither of them may do.

import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/support/config.js';
import { sdkAnchors } from '../../src/support/sdk-loader.js';
import { Secret } from '../../src/support/secret.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { proxyApplies } from '../../src/vault/proxy.js';
import { createSdkLane } from '../../src/vault/sdk.js';
import { findCanaries, jwt, sendJson, serve, type TestServer } from '../identity/harness.js';
import { failure, LANES, reader, readOf, secretJson, serveHttps, value } from './harness.js';

let azure: Emulator;
beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: { a: 'x' } } });
});
afterAll(() => azure.close());
afterEach(() => azure.reset());

const vaultRequests = async () => (await azure.requests()).filter(({ target }) => target === 'vault');

describe('a proxy', () => {
  const HOST = 'shop.vault.azure.net';
  test.each<[env: Record<string, string>, applies: boolean]>([
    [{}, false],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, true],
    [{ https_proxy: 'http://proxy:3128' }, true],
    [{ HTTP_PROXY: 'http://proxy:3128' }, true],
    [{ http_proxy: 'http://proxy:3128' }, true],
    [{ ALL_PROXY: 'http://proxy:3128' }, true],
    [{ all_proxy: 'http://proxy:3128' }, true],
    [{ HTTPS_PROXY: '' }, false],
    [{ NO_PROXY: '*' }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: HOST }, false],
    [{ HTTPS_PROXY: 'p', no_proxy: HOST }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '*' }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: ` other.example , ${HOST} ` }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '.vault.azure.net' }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '.shop.vault.azure.net' }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '.net' }, false],
    [{ HTTPS_PROXY: 'p', NO_PROXY: 'vault.azure.net' }, true],
    [{ HTTPS_PROXY: 'p', NO_PROXY: 'hop.vault.azure.net' }, true],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '*.vault.azure.net' }, true],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '10.0.0.0/8' }, true],
    [{ HTTPS_PROXY: 'p', NO_PROXY: ',, ,' }, true],
    [{ HTTPS_PROXY: 'p', NO_PROXY: '' }, true],
  ])('%o: %s', (env, applies) => {
    expect(proxyApplies(env, HOST)).toBe(applies);
    expect(proxyApplies(env, `${HOST}:8443`)).toBe(applies);
  });

  test('is used by the SDK lane, as a tunnel, even if the direct one was asked for; identity stays off it', async () => {
    const seen: string[] = [];
    const proxy = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.writeHead(502).end();
    });
    proxy.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { VAULTSTRAP_VAULT_ENDPOINT: _, ...env } = azure.env;
    process.env['HTTPS_PROXY'] = url;
    const result = await reader({ ...env, HTTPS_PROXY: url }).read('a', {}, { retry: false });
    delete process.env['HTTPS_PROXY'];
    expect(result.ok).toBe(false);
    expect(seen).toEqual(['CONNECT shop.vault.azure.net:443']);
    expect((await azure.requests()).map(({ target, status }) => [target, status])).toEqual([['identity', 200]]);
    proxy.close();
  });

  test('is not used on the way to the emulator', async () => {
    for (const client of LANES) {
      process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
      const result = await reader({ ...azure.env, HTTPS_PROXY: 'http://127.0.0.1:9' }, { client }).read('a');
      delete process.env['HTTPS_PROXY'];
      expect(value(result)).toBe('x');
    }
  });
});

describe("with the emulator's endpoint, another token than the emulator's", () => {
  const REAL = jwt({ iss: 'https://sts.windows.net/33333333-3333-4333-8333-333333333333/', exp: 2e9 });
  let identity: TestServer;
  let token: string;
  beforeAll(async () => {
    identity = await serve((_, response) => sendJson(response, { access_token: token }));
  });
  afterAll(() => identity.close());

  test.each(
    LANES.flatMap((client) =>
      [REAL, 'opaque', jwt({}), jwt({ iss: ['https://emulator.vaultstrap.invalid/'] })].map(
        (one) => [client, one] as const,
      ),
    ),
  )('%s: %s is not sent', async (client, one) => {
    token = one;
    const env = { ...azure.env, IDENTITY_ENDPOINT: identity.url, IDENTITY_HEADER: 'h' };
    const result = await reader(env, { client }).read('a');
    expect(failure(result)).toMatchObject({ status: 'UnauthorizedClient', code: 'ERR_EMULATOR_TOKEN', retry: 'never' });
    expect(await vaultRequests()).toEqual([]);
    expect(findCanaries(result, [one])).toEqual([]);
  });
});

describe('the SDK lane without the packages', () => {
  test('says which command installs them, and asks no vault', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-empty-'));
    const result = await reader(azure.env, { client: 'sdk' }, { anchors: [path.join(folder, 'index.js')] }).read('a');
    expect(failure(result)).toMatchObject({
      status: 'OtherReasons',
      code: 'ERR_SDK_NOT_FOUND',
      retry: 'never',
      details: 'this vault is read by @azure/keyvault-secrets, which is not installed.',
      hint: expect.stringContaining('npm install @azure/identity @azure/keyvault-secrets'),
    });
    expect(await vaultRequests()).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('is not needed by the direct one', async () => {
    expect(value(await reader(azure.env, {}, { anchors: [] }).read('a'))).toBe('x');
  });
});

test('who signed in reaches the words of a refusal', async () => {
  const reply = {
    status: 403,
    headers: { toJSON: () => ({}) },
    bodyAsText: '{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}}',
  };
  const lane = createSdkLane({
    config: readConfig({}),
    sdkAnchors: sdkAnchors(),
    operation: async (_client, _read, { onResponse }) => onResponse?.(reply as never, {}),
  });
  const tokenOf = (claims: object) => `e.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  const ask = async (claims: object, by: object = { by: 'AzureCliCredential' }) => {
    const token = { token: new Secret(tokenOf(claims)), expiresOnMs: 0, ...by };
    return failure(await lane.send(readOf('a'), token, { timeoutMs: 1000 })).details;
  };
  expect(await ask({ scp: 'user_impersonation' })).toContain('gives your own sign-in (AzureCliCredential) no right');
  expect(await ask({ idtyp: 'user' })).toContain('gives your own sign-in');
  expect(await ask({ idtyp: 'app' })).toContain('gives the sign-in (AzureCliCredential) no right');
  expect(await ask({ appid: 'x' })).toContain('gives the sign-in (AzureCliCredential) no right');
  expect(await ask({}, {})).toContain('gives the system-assigned identity no right');
});

describe('both lanes', () => {
  test('keep a token from a vault whose challenge names another service', async () => {
    const challenge = `Bearer authorization="https://login.windows.net/${azure.tenantId}", resource="https://management.azure.com"`;
    await azure.faults.add({ target: 'vault', times: 1, status: 401, headers: { 'WWW-Authenticate': challenge } });
    const result = await reader(azure.env, { client: 'sdk' }).read('a', {}, { retry: false });
    expect(failure(result).code).toBe('ERR_VAULT_UNAUTHORIZED');
    expect((await vaultRequests()).map(({ authorized }) => authorized)).toEqual([false]);
  });

  test('use the right token for each of two identities', async () => {
    const tokens: (string | undefined)[] = [];
    const server = await serveHttps((request, response) => {
      tokens.push(request.headers.authorization);
      response.end(secretJson('localhost', 'a', 'x'));
    });
    const identity = await serve((request, response) =>
      sendJson(response, { access_token: `token-of-${request.query['object_id'] ?? 'system'}`, expires_in: 3600 }),
    );
    const host = `localhost:${server.port}`;
    const env = {
      IDENTITY_ENDPOINT: identity.url,
      IDENTITY_HEADER: 'h',
      VAULTSTRAP_VAULT_CA: server.ca,
      VAULTSTRAP_ALLOWED_HOSTS: host,
    };
    for (const client of LANES) {
      tokens.length = 0;
      const one = reader(env, { client });
      const reads = [readOf('a', { host }), readOf('a', { host, identity: { kind: 'object', id: 'other' } })];
      for (const result of await one.readAll(reads)) value(result);
      expect(tokens.sort()).toEqual(['Bearer token-of-other', 'Bearer token-of-system']);
      one.client.rest();
    }
    await Promise.all([server.close(), identity.close()]);
  });
});
