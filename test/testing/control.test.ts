import https from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { askIdentity, askVault } from './client.js';

const VALUE = 'canary-s3cret';
let azure: Emulator;
let token: string;
const read = (path = '/secrets/pw', host = 'shop.vault.azure.net') => askVault(azure, path, { token, host });

beforeAll(async () => {
  azure = await startEmulator({
    vaults: { shop: { pw: VALUE, other: 'x' }, stock: { pw: 'y' } },
    vaultOptions: { stock: { accessModel: 'policy' } },
    identities: {
      userAssigned: [{ clientId: 'reader', grants: [{ vault: 'shop', secret: 'pw', actions: ['get'] }] }],
    },
  });
  token = await azure.tokens.issue();
});
afterAll(() => azure.close());
afterEach(() => azure.reset());

describe('grants', () => {
  const as = async (identity: string, method: string, path: string, host = 'shop.vault.azure.net') => {
    const body = method === 'PUT' ? '{"value":"v"}' : '';
    const answer = await askVault(azure, path, {
      token: await azure.tokens.issue({ identity }),
      method,
      host,
      body,
    });
    return [answer.status, answer.json?.error?.innererror?.code];
  };

  test('nothing but what was granted', async () => {
    expect(await as('reader', 'GET', '/secrets/PW')).toEqual([200, undefined]);
    expect(await as('reader', 'GET', '/secrets/other')).toEqual([403, 'ForbiddenByRbac']);
    expect(await as('reader', 'PUT', '/secrets/pw')).toEqual([403, 'ForbiddenByRbac']);
    expect(await as('reader', 'GET', '/secrets')).toEqual([403, 'ForbiddenByRbac']);
    expect(await as('reader', 'GET', '/secrets/pw', 'stock.vault.azure.net')).toEqual([403, 'ForbiddenByPolicy']);
    expect((await azure.requests()).map(({ identity, authorized }) => [identity, authorized])).toEqual([
      ['reader', true],
      ['reader', false],
      ['reader', false],
      ['reader', false],
      ['reader', false],
    ]);
  });

  test('granted and revoked while it runs', async () => {
    const reader = azure.identity('reader');
    await reader.grant({ vault: 'shop', actions: ['list', 'set'] });
    expect(await as('reader', 'GET', '/secrets')).toEqual([200, undefined]);
    expect(await as('reader', 'PUT', '/secrets/other')).toEqual([200, undefined]);
    await reader.revoke([{ vault: 'SHOP', secret: 'pw' }]);
    expect(await as('reader', 'GET', '/secrets/pw')).toEqual([403, 'ForbiddenByRbac']);
    expect(await as('reader', 'GET', '/secrets')).toEqual([200, undefined]);
    await reader.grant('all');
    expect(await as('reader', 'DELETE', '/secrets/pw', 'stock.vault.azure.net')).toEqual([200, undefined]);
    await reader.revoke();
    expect(await as('reader', 'GET', '/secrets')).toEqual([403, 'ForbiddenByRbac']);
    await azure.reset();
    expect(await as('reader', 'GET', '/secrets/pw')).toEqual([200, undefined]);
  });

  test('the system-assigned identity may do everything unless told otherwise', async () => {
    expect(await as('system', 'DELETE', '/secrets/pw')).toEqual([200, undefined]);
    await azure.identity().revoke('all');
    expect(await as('system', 'GET', '/secrets/other')).toEqual([403, 'ForbiddenByRbac']);
  });

  test('identities are found by any of their ids', () => {
    const { clientId, objectId, resourceId = '', kind } = azure.identity('READER');
    expect(kind).toBe('user-assigned');
    for (const id of [clientId, objectId, resourceId]) expect(azure.identity(id).clientId).toBe('reader');
    expect(azure.identity().kind).toBe('system');
    expect(() => azure.identity('nobody')).toThrow('there is no identity "nobody"; there is: system, reader');
  });
});

describe('faults', () => {
  test('a status with headers and a body, a number of times', async () => {
    const fault = await azure.faults.add({
      target: 'vault',
      times: 2,
      status: 503,
      headers: { 'Retry-After': '7' },
      body: { error: { code: 'Busy' } },
    });
    const first = await read();
    expect([first.status, first.headers['retry-after'], first.json.error.code]).toEqual([503, '7', 'Busy']);
    expect((await read()).status).toBe(503);
    expect((await read()).status).toBe(200);
    expect(await fault.hits()).toBe(2);
    expect((await azure.requests()).map((request) => request.status)).toEqual([503, 503, 200]);
  });

  test('only what matches, after what is skipped, until removed', async () => {
    const fault = await azure.faults.add({
      target: 'vault',
      vault: 'Shop',
      secret: 'PW',
      skip: 1,
      status: 500,
    });
    expect((await read('/secrets/other')).status).toBe(200);
    expect((await read('/secrets/pw', 'stock.vault.azure.net')).status).toBe(200);
    expect((await askIdentity(azure)).status).toBe(200);
    expect((await read()).status).toBe(200);
    expect((await read()).status).toBe(500);
    expect((await read('/secrets/pw/')).status).toBe(500);
    await fault.remove();
    expect((await read()).status).toBe(200);
  });

  test('listed with what they did, and removed by their number', async () => {
    const { id } = await azure.faults.add({ target: 'vault', vault: 'SHOP', status: 503, times: 3 });
    await azure.faults.add({ target: 'identity', delayMs: 1 });
    await read();
    expect(await azure.faults.list()).toEqual([
      { id, fault: { target: 'vault', vault: 'shop', status: 503, times: 3 }, hits: 1 },
      { id: id + 1, fault: { target: 'identity', delayMs: 1 }, hits: expect.any(Number) },
    ]);
    await azure.faults.remove(id);
    expect((await azure.faults.list()).map((one) => one.id)).toEqual([id + 1]);
    await expect(azure.faults.remove(0)).rejects.toThrow('"id" must be an integer');
  });

  test('in the order they were added; cleared together', async () => {
    await azure.faults.add({ target: 'identity', times: 1, status: 500 });
    await azure.faults.add({ target: 'identity', status: 429 });
    expect((await askIdentity(azure)).status).toBe(500);
    expect((await askIdentity(azure)).status).toBe(429);
    await azure.faults.clear();
    expect((await askIdentity(azure)).status).toBe(200);
  });

  test('headers alone are added to the real answer', async () => {
    await azure.faults.add({
      target: 'vault',
      headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT', 'X-More': 'yes' },
    });
    const { status, json, headers } = await read();
    expect([status, json.value, headers['x-more']]).toEqual([200, VALUE, 'yes']);
    expect(headers.date).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
  });

  test('a destroyed connection', async () => {
    await azure.faults.add({ target: 'vault', reset: true, times: 1 });
    await azure.faults.add({ target: 'identity', reset: true, times: 1 });
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(askIdentity(azure)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await read()).status).toBe(200);
    expect((await azure.requests()).map((request) => request.status)).toEqual([null, null, 200]);
  });

  test.each([true, 5, 0])('a torn body (%j)', async (truncate) => {
    await azure.faults.add({ target: 'vault', truncate, times: 1 });
    await azure.faults.add({ target: 'identity', truncate, times: 1 });
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(askIdentity(azure)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('no answer at all, until the client gives up or the emulator is reset', async () => {
    await azure.faults.add({ target: 'vault', hang: true });
    const given = new AbortController();
    const abandoned = askVault(azure, '/secrets/pw', { token, signal: given.signal });
    const outcomes = Promise.allSettled([abandoned, read()]);
    while ((await azure.requests()).length < 2);
    given.abort();
    await expect(abandoned).rejects.toMatchObject({ name: 'AbortError' });
    await azure.reset();
    expect(await outcomes).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected', reason: { code: 'ECONNRESET' } },
    ]);
  });

  test('a body drop by drop, whole in the end', async () => {
    await azure.faults.add({ target: 'vault', drip: { everyMs: 1, bytes: 20 } });
    expect((await read()).json.value).toBe(VALUE);
  });

  test('a redirect', async () => {
    await azure.faults.add({ target: 'identity', redirectTo: 'http://127.0.0.1:9/elsewhere', times: 1 });
    await azure.faults.add({ target: 'identity', redirectTo: '/elsewhere', status: 302 });
    const { status, headers } = await askIdentity(azure);
    expect([status, headers.location]).toEqual([307, 'http://127.0.0.1:9/elsewhere']);
    expect((await askIdentity(azure)).status).toBe(302);
  });

  test('a huge body', async () => {
    await azure.faults.add({ target: 'identity', hugeBytes: 3_000_001 });
    const { status, text } = await askIdentity(azure, '', { 'X-IDENTITY-HEADER': 'whatever' });
    expect([status, text.length]).toEqual([200, 3_000_001]);
  });

  test('a delay, then the real answer', async () => {
    await azure.faults.add({ target: 'vault', delayMs: 1 });
    expect((await read()).json.value).toBe(VALUE);
  });

  test.each([
    [{}, '"fault.target" must be "identity" or "vault"'],
    [{ target: 'disk' }, '"fault.target" must be one of "identity", "vault", got "disk"'],
    [{ target: 'vault', staus: 500 }, '"fault" has no member "staus"'],
    [{ target: 'vault', status: 99 }, '"fault.status" must be an integer from 200 to 599, got 99'],
    [{ target: 'vault', times: 0 }, '"fault.times" must be an integer from 1'],
    [{ target: 'vault', delayMs: 2 ** 31 }, '"fault.delayMs" must be an integer'],
    [{ target: 'vault', hang: true, reset: true }, '"fault" must have only one of reset, hang'],
    [{ target: 'vault', hang: true, status: 503 }, '"fault.status" has no effect beside "hang"'],
    [{ target: 'vault', reset: true, body: 'x' }, '"fault.body" has no effect beside "reset"'],
    [{ target: 'vault', hugeBytes: 9, redirectTo: 'x' }, '"fault.redirectTo" has no effect beside "hugeBytes"'],
    [{ target: 'identity', secret: 'pw' }, 'need the target "vault"'],
    [{ target: 'vault', headers: { 'a b': 'c' } }, '"fault.headers" must be headers by name'],
    [{ target: 'vault', headers: { a: 'b\n' } }, '"fault.headers.a" must be printable ASCII text'],
    [{ target: 'vault', body: () => 0 }, '"fault.body" must be text or something JSON can hold'],
    [{ target: 'vault', drip: {} }, '"fault.drip.everyMs" must be an integer'],
  ])('a malformed one is an error: %o', async (fault, message) => {
    await expect(azure.faults.add(fault as never)).rejects.toThrow(message);
  });
});

describe('throttling', () => {
  test('429 without Retry-After, until the window has passed', async () => {
    await azure.vault('shop').throttle({ requests: 2, perSeconds: 10 });
    expect((await read()).status).toBe(200);
    expect((await read()).status).toBe(200);
    const { status, json, headers } = await read();
    expect([status, json.error.code, headers['retry-after']]).toEqual([429, 'Throttled', undefined]);
    expect((await read('/secrets/pw', 'stock.vault.azure.net')).status).toBe(200);
    await azure.clock.advance(11_000);
    expect((await read()).status).toBe(200);
  });

  test('with Retry-After, and taken away again', async () => {
    await azure.vault('shop').throttle({ requests: 0, perSeconds: 10, retryAfterSeconds: 3 });
    expect((await read()).headers['retry-after']).toBe('3');
    await azure.vault('shop').throttle(null);
    expect((await read()).status).toBe(200);
  });

  test('as an option, where unauthenticated requests do not count', async () => {
    const busy = await startEmulator({
      vaultOptions: { shop: { throttle: { requests: 1, perSeconds: 60 } } },
    });
    const token = await busy.tokens.issue();
    expect((await askVault(busy, '/secrets')).status).toBe(401);
    expect((await askVault(busy, '/secrets', { token })).status).toBe(200);
    expect((await askVault(busy, '/secrets', { token })).status).toBe(429);
    await busy.close();
  });
});

describe('clock', () => {
  test('moves everything that has a time', async () => {
    await azure.clock.set(new Date('2031-02-03T04:05:06Z'));
    await azure.vault('shop').set('pw', 'later');
    const { json, headers } = await askVault(azure, '/secrets/pw', { token: await azure.tokens.issue() });
    expect(new Date(json.attributes.created * 1000).toISOString()).toMatch(/^2031-02-03T04:0[56]/);
    expect(headers.date).toMatch(/^Mon, 03 Feb 2031 04:0[56]/);
    expect((await azure.requests()).at(-1)?.at.getUTCFullYear()).toBe(2031);
    const before = await azure.clock.now();
    expect((await azure.clock.advance(86_400_000)).getTime()).toBeGreaterThanOrEqual(before.getTime() + 86_400_000);
    expect((await read()).status).toBe(401);
    await azure.reset();
    expect((await azure.clock.now()).getUTCFullYear()).toBe(new Date().getUTCFullYear());
  });

  test('malformed times are errors', async () => {
    await expect(azure.clock.set('soon')).rejects.toThrow('"date" must be a date, got "soon"');
    await expect(azure.clock.advance(Number.NaN)).rejects.toThrow('"ms" must be a number of milliseconds');
  });

  test('a time that dates cannot hold is refused, and the clock stays where it is', async () => {
    const before = await azure.clock.now();
    for (const ms of [1e300, -1e300, 8.64e15]) {
      await expect(azure.clock.advance(ms)).rejects.toMatchObject({ code: 'ERR_EMULATOR_STATE' });
    }
    await expect(azure.clock.set(new Date(8.64e15))).rejects.toThrow('from 1970 to 9999');
    const after = await azure.clock.now();
    expect(after.getTime() - before.getTime()).toBeLessThan(60_000);
  });
});

describe('log', () => {
  test('who read what, without tokens and values', async () => {
    const { json } = await askIdentity(azure);
    await askVault(azure, `/secrets/pw?x=${VALUE}`, { token: json.access_token });
    await askVault(azure, '/secrets/pw', { token, method: 'PUT', body: JSON.stringify({ value: VALUE }) });
    const log = await azure.requests();
    expect(log).toMatchObject([
      { target: 'identity', method: 'GET', path: '/msi/token', identity: 'system', status: 200 },
      {
        target: 'vault',
        method: 'GET',
        path: '/secrets/pw',
        vault: 'shop',
        secret: 'pw',
        identity: 'system',
        status: 200,
        authorized: true,
      },
      { target: 'vault', method: 'PUT', status: 200 },
    ]);
    expect(log[0]?.at).toBeInstanceOf(Date);
    const text = JSON.stringify(log);
    for (const hidden of [VALUE, token, json.access_token, azure.env['IDENTITY_HEADER'] ?? '']) {
      expect(text).not.toContain(hidden);
    }
    await azure.requests.clear();
    expect(await azure.requests()).toEqual([]);
  });

  test('connections are numbered and counted', async () => {
    const agent = new https.Agent({ keepAlive: true });
    await read();
    for (let i = 0; i < 3; i++) await askVault(azure, '/secrets/pw', { token, agent });
    const numbers = (await azure.requests()).map((request) => request.connection);
    expect(new Set(numbers).size).toBe(2);
    expect(new Set(numbers.slice(1)).size).toBe(1);
    expect(await azure.connections()).toEqual({ identity: 0, vault: 2 });
    const closed = new Promise((resolve) => Object.values(agent.freeSockets)[0]?.[0]?.once('close', resolve));
    await azure.dropConnections();
    await closed;
    await azure.requests.clear();
    expect(await azure.connections()).toEqual({ identity: 0, vault: 0 });
    agent.destroy();
  });
});

test('latency changes only what is named', async () => {
  await azure.latency({ vaultMs: 1 });
  await azure.latency({ identityMs: 1 });
  expect((await read()).status).toBe(200);
  await expect(azure.latency({ vaultMs: -1 })).rejects.toThrow('"latency.vaultMs" must be an integer from 0');
});

describe('administering a vault', () => {
  test('set, get, versions, delete, recover, purge', async () => {
    const shop = azure.vault('shop');
    const expiresOn = new Date(2e12);
    const { version } = await shop.set('pw', {
      value: 'v2',
      contentType: 'text',
      tags: { a: 'b' },
      expiresOn,
    });
    expect(await shop.get('PW')).toEqual({
      value: 'v2',
      version,
      contentType: 'text',
      tags: { a: 'b' },
      expiresOn,
      enabled: true,
    });
    const versions = await shop.versions('pw');
    expect(versions.map((one) => one.version)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), version]);
    expect((await shop.get('pw', versions[0]?.version)).value).toBe(VALUE);
    await shop.delete('pw');
    expect(await shop.secrets()).toEqual(['other']);
    await expect(shop.set('pw', 'x')).rejects.toMatchObject({ code: 'ERR_EMULATOR_STATE' });
    await shop.recover('pw');
    await shop.purge('pw');
    await expect(shop.get('pw')).rejects.toThrow('vault "shop" has no secret "pw"');
    await expect(shop.recover('pw')).rejects.toMatchObject({ code: 'ERR_EMULATOR_NOT_FOUND' });
  });

  test('a version by its name, for references that pin one', async () => {
    const version = 'AB'.repeat(16);
    expect(await azure.vault('shop').set('pinned', { value: 'old', version })).toEqual({
      version: version.toLowerCase(),
    });
    await azure.vault('shop').set('pinned', 'new');
    expect((await azure.vault('shop').get('pinned', version)).value).toBe('old');
    await expect(azure.vault('shop').set('PINNED', { value: 'x', version })).rejects.toThrow(
      'has this version already',
    );
    await expect(azure.vault('shop').set('pinned', { value: 'x', version: '1' })).rejects.toThrow(
      '"value.version" must be a version (32 hexadecimal digits)',
    );
  });

  test('vaults are listed as they come', async () => {
    const before = await azure.vaults();
    await azure.vault('Another').set('a', 'b');
    expect(await azure.vaults()).toEqual([...before, 'Another']);
  });

  test('a vault is made by writing to it', async () => {
    await expect(azure.vault('fresh').secrets()).rejects.toThrow('there is no vault "fresh"');
    await azure.vault('fresh').set('a', 'b');
    expect((await read('/secrets/a', 'fresh.vault.azure.net')).json.value).toBe('b');
    await azure.reset();
    expect((await read('/secrets/a', 'fresh.vault.azure.net')).status).toBe(404);
  });

  test('unknown vaults may be made by asking for them', async () => {
    const open = await startEmulator({ unknownVaults: 'create' });
    const token = await open.tokens.issue();
    expect((await askVault(open, '/secrets/a', { token })).json.error.code).toBe('SecretNotFound');
    expect((await askVault(open, '/secrets', { token, method: 'GET' })).json.value).toEqual([]);
    await open.close();
  });

  test('malformed arguments are errors that do not quote values', async () => {
    expect(() => azure.vault('no_vault')).toThrow('"name" must be the name of a vault');
    await expect(azure.vault('shop').set('a b', 'x')).rejects.toThrow('"secret" must be the name of a secret');
    await expect(azure.vault('shop').set('pw', [VALUE] as never)).rejects.toThrow(
      '"value" must be an object, got an array',
    );
    const extra = azure.vault('shop').set('pw', { value: VALUE, enable: true } as never);
    await expect(extra).rejects.toThrow('"value" has no member "enable"');
    const long = azure.vault('shop').set('pw', VALUE.repeat(3000));
    await expect(long).rejects.toThrow('"value" must have at most 25600 bytes, got 39000');
    await expect(azure.vault('shop').get('pw', 'latest')).rejects.toThrow('"version" must be a version');
  });
});

describe('reset', () => {
  test('goes back to the seed and clears this process', async () => {
    const key = Symbol.for('vaultstrap/1');
    const state = globalThis as unknown as Record<symbol, unknown>;
    const before = state[key];
    let resets = 0;
    state[key] = {
      reset: async () => {
        await Promise.resolve();
        resets += 1;
      },
    };
    try {
      await azure.vault('shop').set('pw', 'changed');
      await azure.faults.add({ target: 'vault', status: 500 });
      await azure.latency({ vaultMs: 10 });
      await azure.reset();
    } finally {
      state[key] = before;
    }
    expect(resets).toBe(1);
    const answer = await read();
    expect([answer.status, answer.json.value]).toEqual([200, VALUE]);
    expect(await azure.requests()).toHaveLength(1);
  });
});
