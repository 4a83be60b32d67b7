// One contract, two lanes: whatever a vault answers, nobody can tell from outside which lane asked.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, type Fault, startEmulator } from '../../src/testing/index.js';
import { findCanaries } from '../identity/harness.js';
import {
  bearerRequests,
  failure,
  hastyClock,
  LANES,
  outcomeOf,
  type Reader,
  reader,
  readOf,
  secretJson,
  serveHttps,
  tokenRequests,
  value,
} from './harness.js';

const SECRET = 'CANARY-VALUE-5c1e';
const TEXT = 'CANARY-TEXT-02bb';
const EXPIRES = new Date('2030-05-06T07:08:09Z');
const NOT_BEFORE = new Date('2020-01-02T03:04:05Z');

let azure: Emulator;
beforeAll(async () => {
  azure = await startEmulator({
    vaults: {
      shop: {
        'db-password': SECRET,
        dated: { value: 'x', expiresOn: EXPIRES, notBefore: NOT_BEFORE },
        disabled: { value: 'x', enabled: false },
      },
    },
    vaultOptions: { policies: { accessModel: 'policy' } },
  });
  // Loads the SDK, which may take longer than a test of a hang waits.
  value(await reader(azure.env, { client: 'sdk' }).read('db-password'));
  await azure.reset();
});
afterAll(() => azure.close());
afterEach(async () => {
  await azure.reset();
});

/** Both lanes must say the same; returns what they say. */
async function inBothLanes<T>(act: (lane: Reader) => Promise<T>): Promise<T> {
  const [direct, sdk] = [
    await act(reader(azure.env, { client: 'direct' })),
    await act(reader(azure.env, { client: 'sdk' })),
  ];
  expect(sdk).toEqual(direct);
  return direct;
}

describe('a value', () => {
  test.each<[what: string, text: string]>([
    ['plain', 's3cret'],
    ['empty', ''],
    ['spaces around', '  s3cret \t'],
    ['line feeds', '-----BEGIN X-----\r\nabc\n-----END X-----\n'],
    ['quotes and slashes', `"'\\/\b\f`],
    ['dollars', `pa$$w0rd $\{HOME} $(id) %PATH%`],
    ['control characters', Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('')],
    ['NUL', 'a\0b'],
    ['beyond the plane', 'pässwörd 密码 🔑 \u2028\u2029\ufeff'],
    ['looks like a reference', '@KeyVault(VaultName=shop;SecretName=db-password)'],
    ['25 KB, each character escaped', '\u0001'.repeat(25_000)],
  ])('%s', async (_, text) => {
    const { version } = await azure.vault('shop').set('any', text);
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('any')))).toMatchObject({ value: text, version });
  });

  test('the newest version, or the one that is named', async () => {
    const first = await azure.vault('shop').set('api-key', 'one');
    const second = await azure.vault('shop').set('api-key', 'two');
    const both = await inBothLanes(async ({ readAll }) =>
      (await readAll([readOf('api-key'), readOf('api-key', { version: first.version })])).map(outcomeOf),
    );
    expect(both).toMatchObject([
      { value: 'two', version: second.version },
      { value: 'one', version: first.version },
    ]);
  });

  test('times: updated, exp, nbf, and the Date of the reply', async () => {
    const { updatedOn } = (await azure.vault('shop').versions('dated'))[0] ?? {};
    for (const client of LANES) {
      const { read } = reader(azure.env, { client });
      expect(await read('dated')).toMatchObject({
        ok: true,
        value: {
          version: expect.stringMatching(/^[0-9a-f]{32}$/),
          updatedMs: updatedOn?.getTime(),
          expiresOnMs: EXPIRES.getTime(),
          notBeforeMs: NOT_BEFORE.getTime(),
          repliedAtMs: expect.any(Number),
        },
      });
    }
  });

  test('without Date, attributes or sense in them', async () => {
    const { version } = await azure.vault('shop').set('odd', 'x');
    const id = `https://shop.vault.azure.net/secrets/odd/${version}`;
    for (const attributes of [undefined, null, 'x', [], { updated: '5', exp: null, nbf: {} }]) {
      await azure.faults.clear();
      await azure.faults.add({ target: 'vault', body: { value: 'x', id, attributes }, headers: { Date: 'yesterday' } });
      expect(await inBothLanes(async ({ read }) => outcomeOf(await read('odd')))).toEqual({ value: 'x', version });
    }
  });

  test('an identifier in other case is the same', async () => {
    const id = `https://SHOP.vault.azure.net/secrets/DB-Password/${'AB'.repeat(16)}`;
    await azure.faults.add({ target: 'vault', body: { value: 'x', id } });
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('db-password')))).toMatchObject({
      value: 'x',
      version: 'ab'.repeat(16),
    });
  });

  test('requests: one token, one read each, none unauthorized in the direct lane', async () => {
    const reads = Array.from({ length: 20 }, () => readOf('db-password')).map((read, i) => ({ ...read, key: `${i}` }));
    for (const client of LANES) {
      await azure.requests.clear();
      const one = reader(azure.env, { client });
      for (const result of await one.readAll(reads)) expect(value(result)).toBe(SECRET);
      expect([one.client.tokens.requests, await tokenRequests(azure)]).toEqual([1, 1]);
      expect(await bearerRequests(azure)).toHaveLength(20);
      const all = (await azure.requests()).filter(({ target }) => target === 'vault').length;
      expect(one.client.counts).toEqual({ vault: all, unauthorized: all - 20 });
      if (client === 'direct') expect(all).toBe(20);
    }
  });
});

describe('a certificate as PEM', () => {
  const PFX = 'MIIJ-CANARY-PFX-91aa';
  const PEM =
    '-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n';
  const pem = { format: 'pem' as const };
  /** As a vault that does not know that version of the API. The SDK asks without a token first. */
  const refusesOnce = (client: string): Fault => ({
    target: 'vault',
    status: 400,
    body: { error: { code: 'BadParameter', message: TEXT } },
    skip: client === 'sdk' ? 1 : 0,
    times: 1,
  });
  const readPem = async ({ read }: Reader) => outcomeOf(await read('tls', pem));

  test('is converted by the vault, byte for byte; read as stored, it stays a PFX', async () => {
    const { version } = await azure
      .vault('shop')
      .set('tls', { value: PFX, contentType: 'application/x-pkcs12', pem: PEM });
    expect(await inBothLanes(readPem)).toMatchObject({ value: PEM, version });
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('tls')))).toMatchObject({ value: PFX, version });
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('tls', { ...pem, version })))).toMatchObject({
      value: PEM,
    });
  });

  test('passes when it is PEM already, also where the vault refuses to convert', async () => {
    const text = `Bag Attributes\r\n${PEM.replaceAll('\n', '\r\n')}`;
    await azure.vault('shop').set('tls', { value: text, contentType: 'application/x-pem-file' });
    expect(await inBothLanes(readPem)).toMatchObject({ value: text });
    for (const client of LANES) {
      await azure.faults.clear();
      const first = await azure.faults.add(refusesOnce(client));
      expect(value(await reader(azure.env, { client }).read('tls', pem))).toBe(text);
      expect(await first.hits()).toBe(1);
    }
  });

  const TO_PEM = 'application/x-pem-file';
  const WRITE_IT = 'npx vaultstrap set shop tls < key.pem';
  test.each<[string, object, boolean, remedy: string]>([
    ['a text that is no certificate', { value: SECRET }, false, TO_PEM],
    ['a PFX that stays one', { value: PFX, contentType: 'application/x-pkcs12' }, false, TO_PEM],
    ['a PFX, in a cloud without that version', { value: PFX, contentType: 'application/x-pkcs12' }, true, TO_PEM],
    ['PEM that lost its line feeds', { value: PEM.replaceAll('\n', ' ') }, false, WRITE_IT],
    ['PEM as JSON writes it', { value: PEM.replaceAll('\n', '\\n') }, false, WRITE_IT],
  ])('%s is a failure that says what to do, and quotes nothing', async (_what, secret, refused, remedy) => {
    await azure.vault('shop').set('tls', { value: '', ...secret });
    for (const client of LANES) {
      await azure.faults.clear();
      if (refused) await azure.faults.add(refusesOnce(client));
      const result = failure(await reader(azure.env, { client }).read('tls', pem));
      expect(result).toMatchObject({ status: 'OtherReasons', code: 'ERR_FORMAT', retry: 'never' });
      expect(result.hint).toContain(remedy);
      expect(findCanaries(result, ['CANARY', 'BEGIN'])).toEqual([]);
    }
  });

  test('any other refusal stays what it is, and is no reason to ask again', async () => {
    await azure.requests.clear();
    const gone = await inBothLanes(async ({ read }) => outcomeOf(await read('nothing', pem)));
    expect(gone).toMatchObject({ code: 'ERR_SECRET_NOT_FOUND', absent: true });
    expect(await bearerRequests(azure)).toHaveLength(2);
  });

  test('only these reads ask for the newer version of the API', async () => {
    const server = await serveHttps((request, response) => {
      const name = /^\/secrets\/(\w+)/.exec(request.url ?? '')?.[1] ?? '';
      response.end(secretJson(`localhost:${server.port}`, name, PEM));
    });
    try {
      const host = `localhost:${server.port}`;
      const { VAULTSTRAP_VAULT_ENDPOINT: _none, ...rest } = azure.env;
      const env = { ...rest, VAULTSTRAP_VAULT_CA: server.ca, VAULTSTRAP_ALLOWED_HOSTS: host };
      await reader(env).readAll([readOf('plain', { host }), { ...readOf('tls', { host, ...pem }), key: 'pem' }]);
      expect(server.seen.map(({ path }) => path).sort()).toEqual([
        '/secrets/plain?api-version=7.4',
        '/secrets/tls?api-version=2025-07-01&outContentType=application%2Fx-pem-file',
      ]);
    } finally {
      await server.close();
    }
  });
});

const forbidden = (code: string | undefined, more: object = {}): Partial<Fault> => ({
  status: 403,
  body: { error: { code: 'Forbidden', message: TEXT, ...(code !== undefined && { innererror: { code } }), ...more } },
});
const json = (body: unknown): Partial<Fault> => ({ status: 200, body });
const ID = `https://shop.vault.azure.net/secrets/db-password/${'0'.repeat(32)}`;
const DENIED = 'AccessToKeyVaultDenied';

/** Every way in which a vault can fail, and what it is called. */
const FAILURES: readonly (readonly [what: string, fault: Partial<Fault>, expected: object])[] = [
  ['403 ForbiddenByRbac', forbidden('ForbiddenByRbac'), { status: DENIED, code: 'ERR_VAULT_RBAC', retry: 'never' }],
  ['403 ForbiddenByPolicy', forbidden('ForbiddenByPolicy'), { status: DENIED, code: 'ERR_VAULT_POLICY' }],
  ['403 AccessDenied', forbidden('AccessDenied'), { status: DENIED, code: 'ERR_VAULT_POLICY' }],
  ['403 ForbiddenByFirewall', forbidden('ForbiddenByFirewall'), { status: DENIED, code: 'ERR_VAULT_FIREWALL' }],
  ['403 ForbiddenByConnection', forbidden('ForbiddenByConnection'), { status: DENIED, code: 'ERR_VAULT_CONNECTION' }],
  ['403 SecretDisabled', forbidden('SecretDisabled'), { status: 'OtherReasons', code: 'ERR_SECRET_DISABLED' }],
  ['403 of a new kind', forbidden('ForbiddenByMoon'), { status: DENIED, code: 'ERR_VAULT_FORBIDDEN', retry: 'never' }],
  ['403 with a text for a code', forbidden(`${TEXT} with spaces`), { status: DENIED, code: 'ERR_VAULT_FORBIDDEN' }],
  ['403 without a reason', forbidden(undefined), { status: DENIED, code: 'ERR_VAULT_FORBIDDEN' }],
  ['403 with null for one', forbidden(undefined, { innererror: null }), { code: 'ERR_VAULT_FORBIDDEN' }],
  ['403 HTML', { status: 403, body: `<html>${TEXT}` }, { status: DENIED, code: 'ERR_VAULT_FORBIDDEN' }],
  ['403 empty', { status: 403 }, { status: DENIED, code: 'ERR_VAULT_FORBIDDEN' }],
  ['404 bare', { status: 404 }, { status: 'VaultNotFound', code: 'ERR_VAULT_NOT_FOUND', retry: 'never' }],
  ['404 HTML', { status: 404, body: `<html>${TEXT}` }, { status: 'VaultNotFound', code: 'ERR_VAULT_NOT_FOUND' }],
  [
    '404 JSON of somebody else',
    { status: 404, body: { error: { code: 'ResourceNotFound', message: TEXT } } },
    { status: 'VaultNotFound', code: 'ERR_VAULT_NOT_FOUND' },
  ],
  [
    '404 that is a string',
    { status: 404, body: '"SecretNotFound"' },
    { status: 'VaultNotFound', code: 'ERR_VAULT_NOT_FOUND' },
  ],
  [
    '400',
    { status: 400, body: { error: { code: 'BadParameter', message: TEXT } } },
    { code: 'ERR_VAULT_REPLY', retry: 'never' },
  ],
  ['405', { status: 405 }, { code: 'ERR_VAULT_REPLY', retry: 'never' }],
  ['201', { status: 201, body: { value: SECRET, id: ID } }, { code: 'ERR_VAULT_REPLY' }],
  ['204', { status: 204 }, { code: 'ERR_VAULT_REPLY' }],
  ['408', { status: 408 }, { status: 'FetchTimedOut', code: 'ERR_VAULT_UNAVAILABLE', retry: 'deadline' }],
  ['500', { status: 500, body: TEXT }, { status: 'OtherReasons', code: 'ERR_VAULT_UNAVAILABLE', retry: 'deadline' }],
  ['502', { status: 502, body: `<html>${TEXT}` }, { status: 'OtherReasons', code: 'ERR_VAULT_UNAVAILABLE' }],
  ['503', { status: 503 }, { status: 'OtherReasons', code: 'ERR_VAULT_UNAVAILABLE', retry: 'deadline' }],
  ['504', { status: 504 }, { status: 'FetchTimedOut', code: 'ERR_VAULT_UNAVAILABLE', retry: 'deadline' }],
  [
    '429',
    { status: 429, body: { error: { code: 'Throttled', message: TEXT } } },
    { code: 'ERR_THROTTLED', retry: 'deadline' },
  ],
  [
    'redirect 301',
    { redirectTo: 'https://evil.vault.azure.net/', status: 301 },
    { code: 'ERR_VAULT_REDIRECT', retry: 'never' },
  ],
  ['redirect 302', { redirectTo: 'https://evil.vault.azure.net/', status: 302 }, { code: 'ERR_VAULT_REDIRECT' }],
  ['redirect 307', { redirectTo: 'https://evil.vault.azure.net/' }, { code: 'ERR_VAULT_REDIRECT' }],
  ['redirect 308', { redirectTo: '/secrets/other', status: 308 }, { code: 'ERR_VAULT_REDIRECT' }],
  [
    'HTML',
    { status: 200, body: `<html>${SECRET}</html>` },
    { status: 'OtherReasons', code: 'ERR_VAULT_REPLY', retry: 'few' },
  ],
  ['an empty body', { status: 200, body: '' }, { code: 'ERR_VAULT_REPLY', retry: 'few' }],
  ['torn JSON', { status: 200, body: `{"value":"${SECRET}` }, { code: 'ERR_VAULT_REPLY' }],
  ['null', json('null'), { code: 'ERR_VAULT_REPLY' }],
  ['an array', json([SECRET]), { code: 'ERR_VAULT_REPLY' }],
  ['no value', json({ id: ID }), { code: 'ERR_VAULT_REPLY', retry: 'few' }],
  ['value null', json({ value: null, id: ID }), { code: 'ERR_VAULT_REPLY' }],
  ['value a number', json({ value: 5, id: ID }), { code: 'ERR_VAULT_REPLY' }],
  ['value an object', json({ value: { text: SECRET }, id: ID }), { code: 'ERR_VAULT_REPLY' }],
  ['no id', json({ value: SECRET }), { code: 'ERR_VAULT_REPLY' }],
  ['an id of another secret', json({ value: SECRET, id: ID.replace('db-', 'other-') }), { code: 'ERR_VAULT_REPLY' }],
  ['an id without a version', json({ value: SECRET, id: ID.replace(/\/0+$/, '') }), { code: 'ERR_VAULT_REPLY' }],
  ['an id that is none', json({ value: SECRET, id: 7 }), { code: 'ERR_VAULT_REPLY' }],
  ['a body of 2 GB', { hugeBytes: 2_000_000_000 }, { status: 'OtherReasons', code: 'ERR_VAULT_REPLY', retry: 'few' }],
  ['JSON of 1 MB', json({ value: SECRET.padEnd(1_000_000, 'x'), id: ID }), { code: 'ERR_VAULT_REPLY' }],
  ['a reset connection', { reset: true }, { status: 'OtherReasons', code: 'ERR_VAULT_UNREACHABLE', retry: 'deadline' }],
  ['a torn body', { truncate: true }, { status: 'OtherReasons', code: 'ERR_VAULT_UNREACHABLE', retry: 'deadline' }],
  ['a hang', { hang: true }, { status: 'FetchTimedOut', code: 'ERR_VAULT_TIMEOUT', retry: 'deadline' }],
  ['a body that drips', { drip: { everyMs: 100 } }, { status: 'FetchTimedOut', code: 'ERR_VAULT_TIMEOUT' }],
];

const challengeOf = (resource: string) =>
  `Bearer authorization="https://login.windows.net/33333333-3333-4333-8333-333333333333", resource="${resource}"`;

describe('a failure', () => {
  test.each(FAILURES)('%s', async (_, fault, expected) => {
    const isSlow = 'hang' in fault || 'drip' in fault;
    // At the first request (of the SDK: its challenge), and at the one with the token.
    for (const skip of [0, 1]) {
      const outcomes = [];
      for (const client of LANES) {
        if (skip === 1 && client === 'direct') continue;
        await azure.reset();
        await azure.faults.add({ target: 'vault', skip, ...fault });
        const one = reader(azure.env, { client });
        const result = await one.read('db-password', {}, { retry: false, ...(isSlow && { withinMs: 400 }) });
        expect(findCanaries(result, [SECRET, TEXT, azure.env['IDENTITY_HEADER'] ?? '', 'eyJ'])).toEqual([]);
        outcomes.push(outcomeOf(result));
      }
      for (const outcome of outcomes) expect(outcome).toMatchObject(expected);
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toHaveLength(1);
    }
  });

  test('a secret that does not exist is absent; a vault that does not is not', async () => {
    const missing = await inBothLanes(async ({ read }) => outcomeOf(await read('nothing')));
    expect(missing).toMatchObject({
      status: 'SecretNotFound',
      code: 'ERR_SECRET_NOT_FOUND',
      retry: 'never',
      absent: true,
    });
    const vault = await inBothLanes(async ({ read }) => outcomeOf(await read('x', { host: 'none.vault.azure.net' })));
    expect(vault).toMatchObject({ status: 'VaultNotFound', code: 'ERR_VAULT_NOT_FOUND' });
    expect(vault).not.toHaveProperty('absent');
  });

  test('a version that does not exist', async () => {
    const version = 'f'.repeat(32);
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('db-password', { version })))).toMatchObject({
      status: 'SecretVersionNotFound',
      code: 'ERR_SECRET_VERSION_NOT_FOUND',
      absent: true,
      hint: expect.stringContaining('list-versions'),
    });
  });

  test('another version than asked for', async () => {
    await azure.faults.add({ target: 'vault', body: { value: 'x', id: ID } });
    const outcome = await inBothLanes(async ({ read }) =>
      outcomeOf(await read('db-password', { version: 'f'.repeat(32) }, { retry: false })),
    );
    expect(outcome).toMatchObject({ code: 'ERR_VAULT_REPLY' });
  });

  test('a deleted, a disabled, and a forbidden secret, as the vault says it', async () => {
    await azure.vault('shop').delete('db-password');
    await azure.identity().revoke({ vault: 'shop', secret: 'dated' });
    const outcomes = await inBothLanes(async ({ readAll }) =>
      (await readAll(['db-password', 'disabled', 'dated'].map((name) => readOf(name)))).map(outcomeOf),
    );
    expect(outcomes).toMatchObject([
      { code: 'ERR_SECRET_NOT_FOUND', hint: expect.stringContaining('az keyvault secret recover') },
      { code: 'ERR_SECRET_DISABLED', hint: expect.stringContaining('--enabled true') },
      { code: 'ERR_VAULT_RBAC', hint: expect.stringContaining('Key Vault Secrets User') },
    ]);
    await azure.vault('policies').set('x', 'y');
    await azure.identity().revoke({ vault: 'policies' });
    const policy = await inBothLanes(async ({ read }) =>
      outcomeOf(await read('x', { host: 'policies.vault.azure.net' })),
    );
    expect(policy).toMatchObject({ code: 'ERR_VAULT_POLICY', hint: expect.stringContaining('az keyvault set-policy') });
  });

  test('a vault of another tenant: the hint names the tenant', async () => {
    const body = { error: { code: 'Unauthorized', message: 'AKV10032: Invalid issuer.' } };
    const challenge = `Bearer authorization="https://login.windows.net/${azure.tenantId}", resource="https://vault.azure.net"`;
    await azure.faults.add({ target: 'vault', status: 401, body, headers: { 'WWW-Authenticate': challenge } });
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('db-password')))).toMatchObject({
      status: 'UnauthorizedClient',
      code: 'ERR_VAULT_UNAUTHORIZED',
      hint: expect.stringContaining(azure.tenantId),
    });
  });

  test.each([
    ['without a challenge', {}],
    ['with one that is none', { 'WWW-Authenticate': 'Negotiate' }],
    ['with one of another service', { 'WWW-Authenticate': challengeOf('https://management.azure.com') }],
    ['with one of somebody else', { 'WWW-Authenticate': challengeOf('https://evil.example') }],
    ['with one that is no address', { 'WWW-Authenticate': challengeOf('nonsense') }],
  ])('401 %s', async (_, headers) => {
    await azure.faults.add({ target: 'vault', status: 401, headers });
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('db-password')))).toMatchObject({
      status: 'UnauthorizedClient',
      code: 'ERR_VAULT_UNAUTHORIZED',
    });
  });

  test('no identity: the token failure is the answer, and no vault is asked', async () => {
    await azure.faults.add({ target: 'identity', status: 400 });
    expect(await inBothLanes(async ({ read }) => outcomeOf(await read('db-password')))).toMatchObject({
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_NOT_ASSIGNED',
    });
    expect(await bearerRequests(azure)).toEqual([]);
  });
});

describe('trying again', () => {
  test.each<[what: string, fault: Partial<Fault>]>([
    ['429', { status: 429 }],
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['408', { status: 408 }],
    ['a reset connection', { reset: true }],
    ['a torn body', { truncate: true }],
    ['HTML', { status: 200, body: '<html>' }],
  ])('%s twice, then the value', async (_, fault) => {
    for (const client of LANES) {
      await azure.reset();
      const handle = await azure.faults.add({ target: 'vault', times: 2, ...fault });
      const { read } = reader(azure.env, { client }, { clock: hastyClock() });
      expect(value(await read('db-password'))).toBe(SECRET);
      expect(await handle.hits()).toBe(2);
    }
  });

  test.each<[what: string, fault: Partial<Fault>, code: string]>([
    ['429', { status: 429 }, 'ERR_THROTTLED'],
    ['503', { status: 503 }, 'ERR_VAULT_UNAVAILABLE'],
    ['a reset connection', { reset: true }, 'ERR_VAULT_UNREACHABLE'],
  ])('%s without end: several tries, then the last answer', async (_, fault, code) => {
    const handle = await azure.faults.add({ target: 'vault', ...fault });
    const lanes = LANES.map((client) => reader(azure.env, { client }).read('db-password', {}, { withinMs: 1500 }));
    const outcomes = (await Promise.all(lanes)).map(outcomeOf);
    expect(outcomes[0]).toMatchObject({ code });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(await handle.hits()).toBeGreaterThan(5);
  });

  test('a malformed reply is tried three times, a fact once', async () => {
    for (const client of LANES) {
      for (const [fault, tries] of [
        [{ status: 200, body: '<html>' }, 3],
        [{ status: 403 }, 1],
        [{ status: 404 }, 1],
      ] as const) {
        await azure.reset();
        const handle = await azure.faults.add({ target: 'vault', ...fault });
        failure(await reader(azure.env, { client }, { clock: hastyClock() }).read('db-password'));
        expect(await handle.hits()).toBe(tries);
      }
    }
  });

  test('Retry-After is waited for', async () => {
    for (const client of LANES) {
      await azure.reset();
      await azure.faults.add({ target: 'vault', times: 1, status: 429, headers: { 'Retry-After': '2' } });
      const clock = hastyClock();
      expect(value(await reader(azure.env, { client }, { clock }).read('db-password'))).toBe(SECRET);
      expect(clock.sleeps).toContain(2000);
    }
  });

  test('and ends the waiting when it lies behind the deadline', async () => {
    for (const client of LANES) {
      await azure.reset();
      await azure.vault('shop').throttle({ requests: 0, perSeconds: 60, retryAfterSeconds: 30 });
      const result = await reader(azure.env, { client }).read('db-password');
      expect(failure(result)).toMatchObject({ code: 'ERR_THROTTLED', retryAfterMs: 30_000 });
      expect(await bearerRequests(azure)).toHaveLength(1);
    }
  });

  test('a hang ends by the deadline', async () => {
    for (const client of LANES) {
      await azure.reset();
      await azure.faults.add({ target: 'vault', hang: true });
      const reads = Array.from({ length: 20 }, (_, i) => ({ ...readOf('db-password'), key: `${i}` }));
      const startedMs = performance.now();
      for (const result of await reader(azure.env, { client }).readAll(reads, { withinMs: 400 })) {
        expect(failure(result)).toMatchObject({ status: 'FetchTimedOut', code: 'ERR_VAULT_TIMEOUT' });
      }
      expect(performance.now() - startedMs).toBeLessThan(5000);
    }
  });
});

describe('a token that was revoked', () => {
  test('is dropped, and the read succeeds with the next: 40 reads, one renewal, and none that waited in line is refused', async () => {
    const reads = Array.from({ length: 40 }, (_, i) => ({ ...readOf('db-password'), key: `${i}` }));
    for (const client of LANES) {
      await azure.reset();
      const one = reader(azure.env, { client, concurrency: 4 });
      expect(value(await one.read('db-password'))).toBe(SECRET);
      await azure.tokens.revokeAll();
      for (const result of await one.readAll(reads)) expect(value(result)).toBe(SECRET);
      expect(await tokenRequests(azure)).toBe(2);
      // Those that were under way; in the SDK's lane each with a challenge before it.
      expect(one.client.counts.unauthorized).toBeLessThanOrEqual(2 * 4 + 1);
      expect(value(await one.read('db-password'))).toBe(SECRET);
    }
  });

  test('at the end of an outage, too', async () => {
    for (const client of LANES) {
      await azure.reset();
      const one = reader(azure.env, { client }, { clock: hastyClock() });
      await one.read('db-password');
      await azure.tokens.revokeAll();
      await azure.faults.add({ target: 'vault', times: 4, status: 503 });
      expect(value(await one.read('db-password'))).toBe(SECRET);
    }
  });

  test('forces one renewal a minute; within it the refusal is the answer', async () => {
    for (const client of LANES) {
      await azure.reset();
      const one = reader(azure.env, { client });
      await one.read('db-password');
      await azure.tokens.revokeAll();
      expect(value(await one.read('db-password'))).toBe(SECRET);
      await azure.tokens.revokeAll();
      for (let i = 0; i < 3; i++) {
        expect(failure(await one.read('db-password'))).toMatchObject({
          status: 'UnauthorizedClient',
          code: 'ERR_VAULT_UNAUTHORIZED',
        });
      }
      expect(await tokenRequests(azure)).toBe(2);
    }
  });
});
