// Whatever a reply says of a token's end: it is kept for its time, and asked for anew behind it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, type ExpiryForm, type IdentityHost, startEmulator } from '../../src/testing/index.js';
import { asker, jumpingClock, sendJson, serve, unwrap } from './harness.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const OPAQUE = 'opaque-token';

describe('every form is cached', () => {
  let azure: Emulator;
  beforeAll(async () => {
    azure = await startEmulator();
  });
  afterAll(() => azure.close());

  const forms: ExpiryForm[] = ['protocol', 'epoch-string', 'epoch-number', 'date', 'iso', 'expires_in', 'none'];
  const hosts: IdentityHost[] = ['app-service-2019', 'app-service-2017', 'service-fabric', 'msi-endpoint'];
  test.each(hosts.flatMap((host) => forms.map((form) => [host, form] as const)))('%s: %s', async (host, expiryForm) => {
    await azure.requests.clear();
    await azure.tokens.configure({ expiryForm, lifeSeconds: 3600 });
    const { ask } = asker(azure.envFor(host));
    const first = unwrap(await ask());
    for (let i = 0; i < 5; i++) expect(unwrap(await ask())).toBe(first);
    expect(await azure.requests()).toHaveLength(1);
    expect(Math.abs(first.expiresOnMs - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  test('so is a token that nothing is known of', async () => {
    const server = await serve((_, response) => sendJson(response, { access_token: OPAQUE }));
    const { ask } = asker({ IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: 'h' });
    for (let i = 0; i < 5; i++) unwrap(await ask());
    expect(server.seen).toHaveLength(1);
    await server.close();
  });

  test('and one that had expired on arrival, for 30 s', async () => {
    const clock = jumpingClock(NOW_MS);
    const server = await serve((_, response) =>
      sendJson(response, { access_token: OPAQUE, expires_on: NOW_MS / 1000 - 3600 }),
    );
    const { ask } = asker({ IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: 'h' }, clock);
    for (let i = 0; i < 5; i++) expect(unwrap(await ask()).expiresOnMs).toBe(NOW_MS - 3_600_000);
    clock.advance(14_000);
    unwrap(await ask());
    expect(server.seen).toHaveLength(1);
    clock.advance(17_000);
    unwrap(await ask());
    expect(server.seen).toHaveLength(2);
    await server.close();
  });
});
