// Whose certificate is believed.
import https from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { failure, type HttpsServer, LANES, outcomeOf, reader, secretJson, serveHttps, value } from './harness.js';

let azure: Emulator;
let other: Emulator;
let server: HttpsServer;
beforeAll(async () => {
  [azure, other, server] = await Promise.all([
    startEmulator({ vaults: { shop: { a: 'x' } } }),
    startEmulator(),
    serveHttps((_, response) => response.end(secretJson('kv.corp.example', 'a', 'x')), ['somebody.else.example']),
  ]);
});
afterAll(() => Promise.all([azure.close(), other.close(), server.close()]));

const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
afterEach(async () => {
  if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  await azure.reset();
});

/** What Node itself makes of the setting, where nobody says otherwise. */
function connectsByDefault(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    https
      .get({ host: 'localhost', port, agent: false }, (response) => {
        response.resume();
        resolve(true);
      })
      .on('error', () => resolve(false));
  });
}

describe.each(['unset', '1', '0'])('NODE_TLS_REJECT_UNAUTHORIZED %s', (setting) => {
  const env = (ca?: string) => {
    if (setting === 'unset') delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = setting;
    const { VAULTSTRAP_VAULT_CA: _, ...rest } = azure.env;
    return { ...rest, ...(ca !== undefined && { VAULTSTRAP_VAULT_CA: ca }) };
  };

  test('is in force for others', async () => {
    env();
    expect(await connectsByDefault(Number(new URL(azure.vaultEndpoint).port))).toBe(setting === '0');
  });

  test.each([
    ['no CA', () => undefined],
    ['the CA of somebody else', () => other.caCertificate],
  ])('%s: refused for good, in both lanes alike, and no token leaves', async (_, ca) => {
    const outcomes = [];
    for (const client of LANES) {
      const one = reader(env(ca()), { client });
      const result = await one.read('a');
      outcomes.push(outcomeOf(result));
      expect(failure(result).cause?.code).toMatch(/SELF_SIGNED|UNABLE_TO|DEPTH_ZERO/);
      one.client.rest();
    }
    expect(outcomes[0]).toMatchObject({ status: 'OtherReasons', code: 'ERR_VAULT_TLS', retry: 'never' });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect((await azure.requests()).filter(({ target }) => target === 'vault')).toEqual([]);
  });

  test('a trusted certificate for another name: refused too', async () => {
    const outcomes = [];
    for (const client of LANES) {
      const host = `localhost:${server.port}`;
      const { VAULTSTRAP_VAULT_ENDPOINT: __, ...rest }: Record<string, string> = env(server.ca);
      const one = reader({ ...rest, VAULTSTRAP_ALLOWED_HOSTS: host }, { client });
      outcomes.push(outcomeOf(await one.read('a', { host })));
      one.client.rest();
    }
    expect(outcomes[0]).toMatchObject({ code: 'ERR_VAULT_TLS', retry: 'never' });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(server.seen.filter(({ token }) => token !== undefined)).toEqual([]);
  });

  test('the right CA: read', async () => {
    for (const client of LANES) expect(value(await reader(env(azure.caCertificate), { client }).read('a'))).toBe('x');
  });
});
