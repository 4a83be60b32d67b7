// A vault's replies, by hand: whatever stands in them, a value or a failure in our own words.
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/support/secret.js';
import { readSecretReply, vaultProblem } from '../../src/vault/reply.js';
import { findCanary } from '../helpers/canary.js';
import { failure, readOf } from './harness.js';

const NOW_MS = Date.UTC(2026, 10, 22);
const CANARY = 'c4nary';
const VERSION = 'ab'.repeat(16);
const ID = `https://shop.vault.azure.net/secrets/pw/${VERSION}`;
const reply = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  readSecretReply({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, readOf('pw'));

describe('a secret', () => {
  test('with all that it may bring', () => {
    const attributes = { updated: 1_700_000_000, exp: 1_900_000_000, nbf: 1_600_000_000, enabled: true };
    const result = reply({ value: CANARY, id: ID, attributes }, 200, { date: 'Sun, 22 Nov 2026 00:00:00 GMT' });
    expect(result).toEqual({
      ok: true,
      value: {
        value: new Secret(CANARY),
        version: VERSION,
        updatedMs: 1_700_000_000_000,
        expiresOnMs: 1_900_000_000_000,
        notBeforeMs: 1_600_000_000_000,
        repliedAtMs: NOW_MS,
      },
    });
    expect(result.ok && result.value.value.reveal()).toBe(CANARY);
    expect(findCanary(result, CANARY)).toEqual([]);
  });

  test.each([undefined, null, 'x', 7, [], { updated: '5', exp: null, nbf: true }])(
    'with attributes %o',
    (attributes) => {
      const result = reply({ value: '', id: ID, attributes });
      expect(result).toEqual({ ok: true, value: { value: new Secret(''), version: VERSION } });
    },
  );

  test('a number that JSON cannot hold is no time', () => {
    const result = reply(`{"value":"","id":"${ID}","attributes":{"updated":1e999,"exp":-1e999}}`);
    expect(result).toEqual({ ok: true, value: { value: new Secret(''), version: VERSION } });
  });

  test('case of the identifier does not matter, and a version that was asked for is the one', () => {
    const read = readOf('pw', { version: VERSION });
    const of = (id: string) =>
      readSecretReply({ status: 200, headers: {}, body: JSON.stringify({ value: '', id }) }, read);
    expect(of(ID.toUpperCase().replace('HTTPS', 'https'))).toMatchObject({ ok: true, value: { version: VERSION } });
    expect(of(ID.replace(VERSION, 'cd'.repeat(16)))).toMatchObject({
      failure: { code: 'ERR_VAULT_REPLY', details: "the reply of vault 'shop' has another version's id." },
    });
  });

  const WHOLE = { value: CANARY, id: ID };
  test.each<[unknown, string]>([
    ['', 'is not JSON'],
    [`{"value":"${CANARY}`, 'is not JSON'],
    ['null', 'has no value'],
    [[CANARY], 'has no value'],
    [{ id: ID }, 'has no value'],
    [{ ...WHOLE, value: 7 }, 'has no value'],
    [{ ...WHOLE, value: [CANARY] }, 'has no value'],
    [{ value: CANARY }, "has another secret's id"],
    [{ ...WHOLE, id: 7 }, "has another secret's id"],
    [{ ...WHOLE, id: [ID] }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace('/pw/', '/other/') }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace('/pw/', '/') }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace('https', 'http') }, "has another secret's id"],
    [{ ...WHOLE, id: ` ${ID}` }, "has another secret's id"],
    [{ ...WHOLE, id: `${ID}/` }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace('shop.vault.azure.net', 'a/b') }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace(VERSION, '') }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace(VERSION, 'a'.repeat(65)) }, "has another secret's id"],
    [{ ...WHOLE, id: ID.replace(VERSION, 'a_b') }, "has another secret's id"],
  ])('%j is none', (body, what) => {
    const result = reply(body);
    expect(failure(result)).toEqual({
      status: 'OtherReasons',
      code: 'ERR_VAULT_REPLY',
      details: `the reply of vault 'shop' ${what}.`,
      hint: expect.stringContaining('a proxy?'),
      retry: 'few',
    });
    expect(findCanary(result, CANARY)).toEqual([]);
  });
});

describe('an error', () => {
  test('tells its words: code and reason, no text', () => {
    const error = { code: 'Forbidden', message: CANARY, innererror: { code: 'ForbiddenByRbac', message: CANARY } };
    const result = reply({ error }, 403, { 'www-authenticate': CANARY });
    expect(failure(result)).toMatchObject({ code: 'ERR_VAULT_RBAC', cause: { status: 403, code: 'ForbiddenByRbac' } });
    expect(failure(result)).not.toHaveProperty('retryAfterMs');
    expect(findCanary(result, CANARY)).toEqual([]);
  });

  test('the tenant of its challenge, and how long to wait', () => {
    const challenge = `Bearer authorization="https://login.windows.net/${'1'.repeat(8)}-${'2'.repeat(27)}"`;
    expect(failure(reply('', 401, { 'www-authenticate': challenge })).hint).toContain('which is 11111111-2');
    expect(failure(reply('', 429, { 'retry-after': '7' })).retryAfterMs).toBe(7000);
    const dates = { date: 'Sun, 22 Nov 2026 00:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 00:00:03 GMT' };
    expect(failure(reply('', 503, dates)).retryAfterMs).toBe(3000);
  });

  test.each<[unknown, unknown]>([
    ['', { status: 403 }],
    ['null', { status: 403 }],
    ['7', { status: 403 }],
    [{ error: null }, { status: 403 }],
    [{ error: CANARY }, { status: 403 }],
    [{ error: { innererror: null } }, { status: 403 }],
    [{ error: { innererror: { code: 7 } } }, { status: 403 }],
    [{ error: { innererror: { code: `${CANARY} ` } } }, { status: 403 }],
    [{ error: { innererror: { code: ` ${CANARY}` } } }, { status: 403 }],
    [{ error: { innererror: { code: '' } } }, { status: 403 }],
    [{ error: { innererror: { code: 'x'.repeat(65) } } }, { status: 403 }],
    [{ error: { innererror: { code: 'x'.repeat(64) } } }, { status: 403, code: 'x'.repeat(64) }],
  ])('%j is one without reason', (body, cause) => {
    const result = reply(body, 403);
    expect(failure(result)).toMatchObject({ code: 'ERR_VAULT_FORBIDDEN' });
    expect(failure(result).cause).toEqual(cause);
    expect(findCanary(result, CANARY)).toEqual([]);
  });

  test("a 404 is Key Vault's own by its code", () => {
    expect(failure(reply({ error: { code: 'SecretNotFound' } }, 404)).absent).toBe(true);
    expect(failure(reply({ error: { code: 'SecretNotFound!' } }, 404)).absent).toBeUndefined();
  });
});

describe('no reply', () => {
  test.each([
    ['too-large', {}, 'OtherReasons', 'ERR_VAULT_REPLY', 'few', 'is too long', 'a proxy?'],
    ['timeout', {}, 'FetchTimedOut', 'ERR_VAULT_TIMEOUT', 'deadline', 'in time', 'VAULTSTRAP_TIMEOUT_SECONDS'],
    ['aborted', {}, 'FetchTimedOut', 'ERR_VAULT_TIMEOUT', 'deadline', 'in time', 'private endpoint'],
    ['dns', { code: 'ENOTFOUND' }, 'VaultNotFound', 'ERR_VAULT_DNS', 'few', 'looked up (ENOTFOUND)', '--name shop'],
    ['dns', { code: 'EAI_AGAIN' }, 'VaultNotFound', 'ERR_VAULT_DNS', 'deadline', '(EAI_AGAIN)', 'DNS zone'],
    ['dns', {}, 'VaultNotFound', 'ERR_VAULT_DNS', 'deadline', 'be looked up.', 'DNS zone'],
    ['tls', { code: 'CERT_X' }, 'OtherReasons', 'ERR_VAULT_TLS', 'never', '(CERT_X)', 'NODE_EXTRA_CA_CERTS'],
    [
      'tls',
      { code: 'CERT_NOT_YET_VALID' },
      'OtherReasons',
      'ERR_VAULT_TLS',
      'never',
      '(CERT_NOT_YET_VALID)',
      'clock right',
    ],
    [
      'tls',
      { code: 'CERT_HAS_EXPIRED' },
      'OtherReasons',
      'ERR_VAULT_TLS',
      'never',
      '(CERT_HAS_EXPIRED)',
      'clock right',
    ],
    ['network', { code: 'ECONN' }, 'OtherReasons', 'ERR_VAULT_UNREACHABLE', 'deadline', 'reached (ECONN)', 'firewall'],
  ] as const)('%s %o', (kind, cause, status, code, retry, details, hint) => {
    const problem = vaultProblem({ kind, cause }, readOf('pw'));
    expect(problem).toMatchObject({ status, code, retry, ...(kind !== 'too-large' && { cause }) });
    expect(problem.details).toContain("vault 'shop'");
    expect(problem.details).toContain(details);
    expect(problem.hint).toContain(hint);
  });

  test('because Node may not use the network: the remedy is an option of Node, whatever the vault', () => {
    const problem = vaultProblem({ kind: 'denied', cause: { code: 'ERR_ACCESS_DENIED' } }, readOf('pw'));
    expect(problem).toMatchObject({ code: 'ERR_NETWORK_PERMISSION', retry: 'never', hint: 'Add --allow-net.' });
  });
});
