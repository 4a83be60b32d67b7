import { afterEach, describe, expect, test, vi } from 'vitest';
import { claimsOf } from '../../src/identity/claims.js';
import { expiryMs } from '../../src/identity/expiry.js';
import { jwt } from './results.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const IN_A_DAY_MS = NOW_MS + 86_400_000;
const IN_A_DAY = IN_A_DAY_MS / 1000;
const OPAQUE = 'opaque-token';

describe('when a reply says that a token expires', () => {
  test.each<[form: string, reply: Record<string, unknown>, expected: number]>([
    ['epoch string', { expires_on: String(IN_A_DAY) }, IN_A_DAY_MS],
    ['epoch number', { expires_on: IN_A_DAY }, IN_A_DAY_MS],
    ['epoch string in spaces', { expires_on: ` ${IN_A_DAY} ` }, IN_A_DAY_MS],
    ['epoch with a fraction', { expires_on: `${IN_A_DAY}.25` }, IN_A_DAY_MS + 250],
    ['epoch in milliseconds', { expires_on: IN_A_DAY_MS }, IN_A_DAY_MS],
    ['the last epoch in seconds', { expires_on: 1e11 - 1 }, (1e11 - 1) * 1000],
    ['the first in milliseconds', { expires_on: 1e11 }, 1e11],
    ['date, morning', { expires_on: '1/16/2026 12:00:00 AM +00:00' }, Date.UTC(2026, 0, 16)],
    ['date, noon', { expires_on: '1/16/2026 12:00:00 PM +00:00' }, IN_A_DAY_MS],
    ['date with zeros', { expires_on: '01/16/2026 07:08:09 PM +00:00' }, Date.UTC(2026, 0, 16, 19, 8, 9)],
    ["the documentation's own sample", { expires_on: '09/14/2017 00:00:00 PM +00:00' }, Date.UTC(2017, 8, 14, 12)],
    ['ISO', { expires_on: '2026-01-16T12:00:00Z' }, IN_A_DAY_MS],
    ['ISO with milliseconds', { expires_on: '2026-01-16T12:00:00.250Z' }, IN_A_DAY_MS + 250],
    ['ISO with an offset', { expires_on: '2026-01-16T14:00:00+02:00' }, IN_A_DAY_MS],
    ['expires_in', { expires_in: 86_400 }, IN_A_DAY_MS],
    ['expires_in as text', { expires_in: '86400' }, IN_A_DAY_MS],
    ['both: the moment wins', { expires_on: String(IN_A_DAY), expires_in: 10 }, IN_A_DAY_MS],
    ['a moment that is none, and expires_in', { expires_on: 'soon', expires_in: 86_400 }, IN_A_DAY_MS],
    ['null, and expires_in', { expires_on: null, expires_in: '86400' }, IN_A_DAY_MS],
    ["nothing: the token's own claim", { access_token: jwt({ exp: IN_A_DAY }) }, IN_A_DAY_MS],
    ['nothing, and no claim', { access_token: jwt({}) }, NOW_MS + 300_000],
    ['nothing, and no JWT', {}, NOW_MS + 300_000],
    ['nonsense in all places', { expires_on: {}, expires_in: [], access_token: jwt({ exp: true }) }, NOW_MS + 300_000],
    ['what JavaScript would make a time of', { expires_on: ['2026-01-16'], expires_in: ['60'] }, NOW_MS + 300_000],
    ['zero', { expires_on: 0, expires_in: 0 }, NOW_MS + 300_000],
    ['less', { expires_on: -5, expires_in: -5 }, NOW_MS + 300_000],
    ['longer than any clock goes', { expires_in: 1e11 }, NOW_MS + 300_000],
    ['Infinity, as JSON may say it', { expires_on: Number.POSITIVE_INFINITY }, NOW_MS + 300_000],
  ])('%s', (_, reply, expected) => {
    expect(expiryMs({ access_token: OPAQUE, ...reply }, NOW_MS)).toBe(expected);
  });

  describe("in a process whose own time is another's", () => {
    afterEach(() => void vi.unstubAllEnvs());

    test.each([
      ['ISO', '2026-01-16T12:00:00', IN_A_DAY_MS],
      ['ISO with milliseconds', '2026-01-16T12:00:00.250', IN_A_DAY_MS + 250],
      ['ISO, a day', '2026-01-16', Date.UTC(2026, 0, 16)],
      ['date', '1/16/2026 12:00:00 PM', IN_A_DAY_MS],
      ['date with an offset', '1/16/2026 2:00:00 PM +02:00', IN_A_DAY_MS],
      ['ISO with an offset', '2026-01-16T14:00:00+0200', IN_A_DAY_MS],
      ['a zone by its name', 'Fri, 16 Jan 2026 12:00:00 GMT', IN_A_DAY_MS],
    ])('%s names the same moment', (_, expires_on, expected) => {
      for (const zone of ['America/New_York', 'Asia/Tokyo', 'UTC']) {
        vi.stubEnv('TZ', zone);
        if (zone !== 'UTC') expect(new Date(expected).getTimezoneOffset()).not.toBe(0);
        expect(expiryMs({ access_token: OPAQUE, expires_on }, NOW_MS), zone).toBe(expected);
      }
    });
  });

  test('claims are those of the second part, if it is an object', () => {
    expect(claimsOf(jwt({ appid: 'x' }))).toEqual({ appid: 'x' });
    for (const payload of ['null', '7', '"x"', '{', '']) {
      expect(claimsOf(`a.${Buffer.from(payload).toString('base64url')}.c`), payload).toEqual({});
    }
    expect(claimsOf(Buffer.from('{}').toString('base64url'))).toEqual({});
  });

  test.each(['', 'a', 'a.b', 'a.e30.c', `a.${Buffer.from('[1]').toString('base64url')}.c`, 'a.bnVsbA.c', 'a.%%%.c'])(
    'claims of %o never throw',
    (token) => {
      expect(() => claimsOf(token)).not.toThrow();
    },
  );
});
