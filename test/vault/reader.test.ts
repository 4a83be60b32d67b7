// One read, on a clock that moves only when told: what a try may cost, and with which token.
import { describe, expect, test } from 'vitest';
import type { AccessToken } from '../../src/identity/reply.js';
import type { TokenCache } from '../../src/identity/tokens.js';
import { readConfig } from '../../src/support/config.js';
import { type Failure, fail, type Result, succeed } from '../../src/support/failure.js';
import { Secret } from '../../src/support/secret.js';
import { createSecretReader, type ReadLimits, type SecretValue, type VaultLane } from '../../src/vault/reader.js';
import { OUTAGE } from '../helpers/fixtures.js';
import { jumpingClock } from '../identity/harness.js';
import { failure, readOf, value } from './harness.js';

type Send = VaultLane['send'];

const BAD_REQUEST: Failure = { ...OUTAGE, retry: 'never', cause: { status: 400 } };
const REFUSED: Failure = { ...OUTAGE, code: 'ERR_VAULT_UNAUTHORIZED', retry: 'never' };
const token = (text: string): AccessToken => ({ token: new Secret(text), expiresOnMs: Number.MAX_SAFE_INTEGER });
const secret = (text: string): Result<SecretValue> => succeed({ value: new Secret(text), version: 'v' });

/** Answers as told; how long each try might have taken is kept. */
function create({ get, send }: { get: () => Promise<Result<AccessToken>>; send: Send }, clock = jumpingClock()) {
  const timeouts: number[] = [];
  const lane: Pick<VaultLane, 'send'> = {
    send: (read, given, limits) => {
      timeouts.push(limits.timeoutMs);
      return send(read, given, limits);
    },
  };
  const tokens = { get, refuse: () => true } as Partial<TokenCache> as TokenCache;
  const reader = createSecretReader(lane, { config: readConfig({}), tokens, clock });
  const read = (more: Partial<ReadLimits> = {}, format?: 'pem') =>
    reader.read(readOf('a', { ...(format && { format }) }), {
      deadlineMs: clock.monotonic() + 10_000,
      retryUntilMs: clock.monotonic() + 10_000,
      isRefresh: false,
      ...more,
    });
  return { clock, read, timeouts };
}

describe('no try outlasts the deadline', () => {
  test('however long the token took', async () => {
    const clock = jumpingClock();
    const get = async () => {
      clock.advance(8000);
      return succeed(token('t'));
    };
    const { read, timeouts } = create({ get, send: async () => secret('x') }, clock);
    expect(value(await read())).toBe('x');
    expect(timeouts).toEqual([2000]);
  });

  test('nor the second request for a format', async () => {
    const clock = jumpingClock();
    const send: Send = async ({ format }) => {
      clock.advance(7000);
      return format ? fail(BAD_REQUEST) : secret('-----BEGIN CERTIFICATE-----');
    };
    const { read, timeouts } = create({ get: async () => succeed(token('t')), send }, clock);
    expect((await read({}, 'pem')).ok).toBe(true);
    expect(timeouts).toEqual([10_000, 3000]);
  });

  test('and none begins behind it', async () => {
    const clock = jumpingClock();
    const get = async () => {
      clock.advance(10_000);
      return succeed(token('t'));
    };
    const { read, timeouts } = create({ get, send: async () => secret('x') }, clock);
    expect(failure(await read())).toMatchObject({ status: 'FetchTimedOut', code: 'ERR_TIMEOUT' });
    expect(timeouts).toEqual([]);
  });
});

test('a token that was given in advance, and refused while others had their turn, is not tried', async () => {
  const old = token('old');
  const sent: string[] = [];
  const send: Send = async (_read, given) => {
    sent.push(given.token.reveal());
    return given === old ? fail(REFUSED) : secret('x');
  };
  const { read } = create({ get: async () => succeed(token('next')), send });
  for (let i = 0; i < 3; i++) expect(value(await read({ token: Promise.resolve(succeed(old)) }))).toBe('x');
  expect(sent).toEqual(['old', 'next', 'next', 'next']);
});
