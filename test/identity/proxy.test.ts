// An identity header must not reach a proxy, whatever the environment says of proxies.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulator, type IdentityHost, startEmulator } from '../../src/testing/index.js';
import { type Child, createChild } from './child.js';
import { canImitate } from './harness.js';

let azure: Emulator;
let child: Child;
let proxy: http.Server;
let proxied: string[];
let proxies: Record<string, string>;

beforeAll(async () => {
  proxy = http.createServer((request, response) => {
    proxied.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end('{"access_token":"forged","expires_in":3600}');
  });
  proxy.on('connect', (request, socket) => {
    proxied.push(`CONNECT ${request.url}`);
    socket.destroy();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  proxies = { HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, http_proxy: url, NODE_USE_ENV_PROXY: '1' };
  [azure, child] = await Promise.all([startEmulator(), createChild()]);
});
afterAll(async () => {
  proxy.close();
  child.remove();
  await azure.close();
});
afterEach(() => azure.requests.clear());

test.each<IdentityHost>(
  (
    [
      'app-service-2019',
      'app-service-2017',
      'container-apps',
      'service-fabric',
      'msi-endpoint',
      'imds',
      'azure-ml',
      'azure-arc',
      'workload-identity',
    ] as const
  ).filter(canImitate),
)('%s is asked directly', async (host) => {
  proxied = [];
  const outcome = await child.ask({ ...azure.envFor(host), ...proxies }, { probe: `${azure.identityEndpoint}/probe` });
  expect(outcome).toMatchObject({ ok: true, requests: 1 });
  // The proxy is in force: what goes by the global agent does reach it (Node from 22.21 and 24.5).
  const expected = process.allowedNodeEnvironmentFlags.has('--use-env-proxy')
    ? [expect.stringContaining('/probe')]
    : [];
  expect(proxied).toEqual(expected);
  // Besides these: what Arc's challenge and Entra's description of itself cost.
  const tokens = (await azure.requests()).filter(({ resource }) => resource !== undefined);
  expect(tokens).toMatchObject([{ status: 200, authorized: true }]);
});
