// Whatever an identity endpoint or a vault sends, something of ours comes out: a value, or a failure in our own words.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expiryMs } from '../../src/identity/expiry.js';
import type { TokenContext } from '../../src/identity/failure.js';
import { readTokenReply } from '../../src/identity/reply.js';
import { parseRetryAfterMs } from '../../src/support/http.js';
import { vaultFailure } from '../../src/vault/failure.js';
import { readSecretReply } from '../../src/vault/reply.js';
import { anyCharacter } from '../helpers/any-text.js';
import { findCanary } from '../helpers/canary.js';
import { readOf } from '../vault/harness.js';

const NOW_MS = Date.UTC(2026, 10, 22);
const DATE = new Date(NOW_MS).toUTCString();
const CANARY = 'c4nary-c4nary';
const VERSION = 'ab'.repeat(16);
const CONTEXT: TokenContext = { source: 'app-service-2019', identity: { kind: 'system' }, identityFrom: 'default' };

/** What JSON can say in a place where something else belongs. */
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(CANARY, '', ' ', null, 0, -1, 1e300, '1e5', '0x10', true, [], {}, [CANARY], {
    code: CANARY,
  }),
  fc.string({ unit: anyCharacter, maxLength: 100 }),
);
const status = fc.oneof(fc.constantFrom(200, 400, 401, 403, 404, 408, 410, 429, 500, 503), fc.nat(999));
const header = fc.oneof(
  fc.constantFrom(
    '7',
    '-7',
    '1e9',
    'Sun, 22 Nov 2026 00:00:09 GMT',
    'Sun, 99',
    `Bearer authorization="https://${CANARY}/x"`,
  ),
  fc.string({ maxLength: 80 }),
);
const headers = fc.record(
  { 'retry-after': header, 'www-authenticate': header, date: header },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;
const textOf = (body: unknown, tear: number) => {
  const text = JSON.stringify(body) ?? '';
  return tear < 90 ? text : text.slice(0, (text.length * (tear - 90)) / 10);
};
const NEVER_LONGER_MS = 600_000;

test("a vault's reply: a value of its own, or a failure that quotes nothing of it", () => {
  const body = fc.record(
    {
      value: odd,
      id: fc.oneof(odd, fc.constant(`https://shop.vault.azure.net/secrets/pw/${VERSION}`)),
      attributes: fc.oneof(odd, fc.record({ updated: odd, exp: odd, nbf: odd }, { requiredKeys: [] })),
      error: fc.oneof(odd, fc.record({ code: odd, message: odd, innererror: odd }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(status, headers, fc.oneof(body, odd), fc.nat(99), (code, given, content, tear) => {
      const read = readOf('pw');
      const result = readSecretReply({ status: code, headers: given, body: textOf(content, tear) }, read);
      if (result.ok) {
        expect(code).toBe(200);
        expect(result.value.value.reveal()).toBe((content as { value: unknown }).value);
        expect(result.value.version).toBe(VERSION);
        const { value: _, version: __, ...times } = result.value;
        for (const ms of Object.values(times)) expect(ms === undefined || Number.isFinite(ms)).toBe(true);
      } else {
        expect(result.failure.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
        expect(result.failure.retryAfterMs ?? 0).toBeLessThanOrEqual(NEVER_LONGER_MS);
        // Words may come from outside (error codes): never more than a word, and never into a text for people.
        expect(`${result.failure.details} ${result.failure.hint}`).not.toContain('c4nary');
        expect(JSON.stringify(result.failure.cause ?? {})).toMatch(/^\{("status":\d+)?(,"code":"\w{1,64}")?\}$/);
      }
      expect(findCanary(result.ok ? result.value : result.failure.details, CANARY)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test('a time that JSON can say and no clock can hold is none', () => {
  const id = `https://shop.vault.azure.net/secrets/pw/${VERSION}`;
  for (const updated of [1e308, -1e308, 1.8e305, '1e999']) {
    const body = `{"value":"","id":"${id}","attributes":{"updated":${updated},"exp":${updated},"nbf":${updated}}}`;
    const result = readSecretReply({ status: 200, headers: {}, body }, readOf('pw'));
    if (!result.ok) throw new Error(result.failure.details);
    const { updatedMs, expiresOnMs, notBeforeMs } = result.value;
    expect([updatedMs, expiresOnMs, notBeforeMs]).toEqual([undefined, undefined, undefined]);
  }
});

test("an identity endpoint's reply: a token that fits a header, or a failure that quotes nothing of it", () => {
  const body = fc.record(
    { access_token: fc.oneof(odd, fc.constant(CANARY)), expires_on: odd, expires_in: odd, client_id: odd },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(status, headers, fc.oneof(body, odd), fc.nat(99), (code, given, content, tear) => {
      const reply = { status: code, headers: given, body: textOf(content, tear) };
      const result = readTokenReply(reply, CONTEXT, NOW_MS);
      expect(findCanary(result, CANARY)).toEqual([]);
      expect(result.ok || (result.failure.retryAfterMs ?? 0) <= NEVER_LONGER_MS).toBe(true);
      if (!result.ok) return;
      expect(code).toBe(200);
      expect(result.value.token.reveal()).toMatch(/^[\x21-\x7e]{1,64000}$/);
      expect(Number.isFinite(result.value.expiresOnMs)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('an expiry is a time, whatever says it, and every form of one moment is that moment', () => {
  fc.assert(
    fc.property(odd, odd, fc.oneof(fc.string(), fc.constant('a.e30.b')), (expires_on, expires_in, access_token) => {
      expect(Number.isFinite(expiryMs({ expires_on, expires_in, access_token }, NOW_MS))).toBe(true);
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000_000_000 }), (seconds) => {
      const at = new Date(seconds * 1000);
      const two = (n: number) => String(n).padStart(2, '0');
      const hour = at.getUTCHours();
      const american =
        `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()} ` +
        `${hour % 12 || 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${hour < 12 ? 'AM' : 'PM'} +00:00`;
      const claims = `a.${Buffer.from(JSON.stringify({ exp: seconds })).toString('base64url')}.b`;
      const forms = [seconds, String(seconds), ` ${seconds} `, at.toISOString(), at.toUTCString(), american];
      for (const expires_on of forms) expect(expiryMs({ expires_on, access_token: '' }, NOW_MS)).toBe(seconds * 1000);
      expect(expiryMs({ access_token: claims }, NOW_MS)).toBe(seconds * 1000);
      expect(expiryMs({ expires_in: seconds, access_token: claims }, NOW_MS)).toBe(NOW_MS + seconds * 1000);
    }),
  );
});

test('Retry-After is between now and ten minutes, or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(header, fc.string({ unit: anyCharacter }), fc.nat().map(String)), (text) => {
      const ms = parseRetryAfterMs({ 'retry-after': text, date: DATE });
      if (ms !== undefined) expect(ms >= 0 && ms <= NEVER_LONGER_MS).toBe(true);
      if (/^\d{1,9}$/.test(text)) expect(ms).toBe(Math.min(Number(text) * 1000, NEVER_LONGER_MS));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), (seconds) => {
      const at = new Date(NOW_MS + seconds * 1000).toUTCString();
      expect(parseRetryAfterMs({ 'retry-after': at, date: DATE })).toBe(
        Math.min(Math.max(seconds * 1000, 0), NEVER_LONGER_MS),
      );
    }),
  );
});

test('of WWW-Authenticate, a tenant id is all that is ever told', () => {
  const piece = fc.constantFrom(
    ...['Bearer ', 'authorization="', 'https://', 'login.windows.net', '/', '"', ', ', 'resource="', CANARY],
    ...['33333333-3333-4333-8333-333333333333', 'x'.repeat(36), '-'.repeat(36), '\u0000', '\\"'],
  );
  const challenge = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
    fc.string(),
  );
  fc.assert(
    fc.property(challenge, (text) => {
      const { hint, details } = vaultFailure(readOf('pw'), {
        status: 401,
        code: undefined,
        reason: undefined,
        challenge: text,
      });
      expect(details).toBe("vault 'shop' did not accept the token (401).");
      expect(hint).toMatch(/^The vault accepts tokens of its own tenant only(, which is [0-9a-f-]{36})?: check that /i);
    }),
    { numRuns: 1000 },
  );
});
