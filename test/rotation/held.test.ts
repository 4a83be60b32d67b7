// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { describe, expect, test } from 'vitest';
import {
  acceptResults,
  type HeldSecrets,
  holdFirst,
  isOlder,
  readAgainInMs,
  sameSecret,
} from '../../src/rotation/held.js';
import type { Result } from '../../src/support/failure.js';
import type { SecretValue } from '../../src/vault/reader.js';
import {
  ABSENT,
  at,
  BARE_404,
  bad,
  FORBIDDEN,
  good,
  NOW_MS,
  OUTAGE,
  secretOf,
  V1,
  V2,
  V3,
} from '../helpers/fixtures.js';

type Reads = Record<string, Result<SecretValue>>;
const SETTLE = { settleMs: 30_000, isTick: true, used: new Set(['user', 'pw', 'a', 'x']) };

const MINUTE_MS = 60_000;
const once = (minutes: number) => ({ sinceMs: at(minutes * MINUTE_MS).monotonicMs, confirmed: false });

/** A start with these reads, then a tick for each of the others; all keys in one group, or each alone. */
const ticks = (grouped: boolean, first: Reads, ...later: Reads[]) => ticksEvery(MINUTE_MS, grouped, first, ...later);
function ticksEvery(everyMs: number, grouped: boolean, first: Reads, ...later: Reads[]) {
  let held: HeldSecrets = holdFirst(new Map(Object.entries(first)), at(0));
  const keys = Object.keys(first);
  const groups = grouped ? [keys] : keys.map((key) => [key]);
  const acceptances = later.map((reads, i) => {
    const acceptance = acceptResults(held, new Map(Object.entries(reads)), groups, {
      now: at((i + 1) * everyMs),
      ...SETTLE,
    });
    held = acceptance.held;
    return acceptance;
  });
  const value = (key: string) => held.get(key)?.good?.value.reveal();
  return { held, value, last: acceptances.at(-1), acceptances };
}

/** Written `ageS` before the vault's reply. */
const aged = (value: string, version: string, ageS: number) =>
  good(value, { version, updatedMs: NOW_MS - ageS * 1000, repliedAtMs: NOW_MS });

describe('one secret', () => {
  test('a start holds what was read, or why not', () => {
    const { held } = ticks(false, { a: good('x'), b: bad(FORBIDDEN), c: bad(OUTAGE) });
    expect(held.get('a')).toEqual({ good: expect.anything(), resolvedAtMs: NOW_MS });
    expect(held.get('b')).toEqual({ failure: FORBIDDEN, refused: once(0) });
    expect(held.get('c')).toEqual({ failure: OUTAGE });
  });

  test('a new version or value is taken at once', () => {
    expect(ticks(false, { a: good('x') }, { a: good('y', { version: V2 }) }).value('a')).toBe('y');
    expect(ticks(false, { a: good('x') }, { a: good('y') }).value('a')).toBe('y');
    // Settling is for groups.
    expect(ticks(false, { a: aged('x', V1, 1000) }, { a: aged('y', V2, 1) }).value('a')).toBe('y');
  });

  test('what could not be read at first is taken when it can be', () => {
    expect(ticks(false, { a: bad(OUTAGE) }, { a: aged('x', V1, 5) }).value('a')).toBe('x');
    const { held } = acceptResults(new Map(), new Map([['a', aged('x', V1, 60)]]), [['a', 'b']], {
      now: at(0),
      ...SETTLE,
    });
    expect([held.get('a')?.resolvedAtMs, held.get('b')]).toEqual([NOW_MS, {}]);
  });

  test('a failure leaves the good value, and heals without a trace', () => {
    const failing = ticks(false, { a: good('x') }, { a: bad(OUTAGE) }, { a: bad(ABSENT) });
    expect(failing.held.get('a')).toMatchObject({ failure: ABSENT, refused: once(2), resolvedAtMs: NOW_MS });
    expect(failing.value('a')).toBe('x');
    const healed = ticks(false, { a: good('x') }, { a: bad(OUTAGE) }, { a: good('x') }).held.get('a');
    expect(healed).toEqual({ good: expect.anything(), resolvedAtMs: NOW_MS + 2 * MINUTE_MS });
  });

  test('what was not asked stays as it was', () => {
    const { held } = ticks(false, { a: good('x'), b: bad(OUTAGE) }, {});
    expect(held.get('a')).toMatchObject({ resolvedAtMs: NOW_MS });
    expect(held.get('b')).toEqual({ failure: OUTAGE });
  });

  test('only the vault’s own word counts as a refusal; an outage in between does not reset it', () => {
    const isRefused = (...reads: Result<SecretValue>[]) =>
      ticks(false, { a: good('x') }, ...reads.map((a) => ({ a }))).held.get('a')?.refused?.confirmed;
    expect(isRefused(bad(FORBIDDEN), bad(FORBIDDEN))).toBe(true);
    expect(isRefused(bad(ABSENT), bad(OUTAGE), bad(ABSENT), bad(OUTAGE))).toBe(true);
    expect(isRefused(bad({ ...FORBIDDEN, status: 'OtherReasons', code: 'ERR_SECRET_DISABLED' }))).toBe(false);
    expect(isRefused(bad(FORBIDDEN), good('x'), bad(FORBIDDEN))).toBe(false);
    // A gateway's 404, an identity that is gone, a host that is none: facts, but not about the secret.
    expect(isRefused(bad(BARE_404), bad(BARE_404))).toBeUndefined();
    expect(isRefused(bad({ ...FORBIDDEN, status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_FOUND' }))).toBeUndefined();
    expect(
      isRefused(bad({ ...FORBIDDEN, status: 'UnauthorizedClient', code: 'ERR_VAULT_UNAUTHORIZED' })),
    ).toBeUndefined();
  });
});

test('two reads within moments confirm nothing: both may have asked the same replica', () => {
  const [newer, older, gone] = [aged('new', V2, 100), aged('old', V1, 200), bad(ABSENT)];
  const after = (everyMs: number, read: Result<SecretValue>, reads: number) =>
    ticksEvery(everyMs, false, { a: newer }, ...Array.from({ length: reads }, () => ({ a: read })));
  // Each is as far from the one before: it is the first that counts.
  for (const [reads, confirmed] of [
    [3, false],
    [4, true],
    [5, true],
  ] as const) {
    expect(after(10_000, older, reads).value('a')).toBe(confirmed ? 'old' : 'new');
    expect(after(10_000, gone, reads).held.get('a')?.refused?.confirmed).toBe(confirmed);
  }
});

describe('an older version', () => {
  const NEW = aged('new', V2, 100);
  const OLD = aged('old', V1, 200);
  const OLDER = aged('older', V3, 300);
  const value = (...reads: Result<SecretValue>[]) => ticks(false, { a: NEW }, ...reads.map((a) => ({ a }))).value('a');

  test('is believed when two reads agree, a settling time apart', () => {
    expect(value(OLD)).toBe('new');
    expect(value(OLD, OLD)).toBe('old');
    // Replicas that disagree.
    expect(value(OLD, NEW, OLD)).toBe('new');
    expect(value(OLD, OLDER)).toBe('new');
    expect(value(OLD, OLDER, OLDER)).toBe('older');
  });

  test('an outage in between changes nothing; a newer one is taken at once', () => {
    expect(value(OLD, bad(OUTAGE), OLD)).toBe('old');
    expect(value(OLD, aged('newest', V3, 1))).toBe('newest');
  });

  test('seen once is no failure', () => {
    const held = ticks(false, { a: NEW }, { a: bad(OUTAGE) }, { a: OLD }).held.get('a');
    expect(held).toEqual({
      good: expect.anything(),
      resolvedAtMs: NOW_MS,
      older: { sinceMs: at(2 * MINUTE_MS).monotonicMs, version: V1 },
    });
  });

  test('the same version is none, whatever its date', () => {
    const held = ticks(false, { a: NEW }, { a: aged('new', V2, 200) }).held.get('a');
    expect(held).toMatchObject({ resolvedAtMs: NOW_MS + MINUTE_MS });
    expect(held).not.toHaveProperty('older');
  });

  test('of a member that waits for another counts', () => {
    const young = aged('u2', V2, 5);
    const first = { user: aged('u1', V1, 300), pw: aged('p2', V2, 200) };
    const back = aged('p1', V1, 300);
    const run = ticks(true, first, { user: young, pw: back }, { user: aged('u2', V2, 60), pw: back });
    expect([run.value('user'), run.value('pw')]).toEqual(['u2', 'p1']);
    // Unless it was contradicted meanwhile.
    const again = ticks(
      true,
      first,
      { user: young, pw: back },
      { user: young, pw: first.pw },
      { user: young, pw: back },
    );
    expect([again.value('user'), again.value('pw')]).toEqual(['u1', 'p2']);
  });

  test('without dates nothing is older', () => {
    expect(isOlder(secretOf('a'), secretOf('b', { updatedMs: 1 }))).toBe(false);
    expect(isOlder(secretOf('a', { updatedMs: 1 }), secretOf('b'))).toBe(false);
    expect(isOlder(secretOf('a', { updatedMs: 1 }), secretOf('b', { updatedMs: 1 }))).toBe(false);
    expect(isOlder(secretOf('a', { updatedMs: 1 }), secretOf('b', { updatedMs: 2 }))).toBe(true);
  });
});

describe('a group', () => {
  const first = { user: aged('u1', V1, 1000), pw: aged('p1', V1, 1000) };
  const values = (run: ReturnType<typeof ticks>) => [run.value('user'), run.value('pw')];

  test('waits until all have settled, by the vault’s own clock', () => {
    const caught = ticks(true, first, { user: aged('u2', V2, 5), pw: first.pw });
    expect(values(caught)).toEqual(['u1', 'p1']);
    expect(caught.last?.readAgainInMs).toBe(25_000);
    const both = ticks(
      true,
      first,
      { user: aged('u2', V2, 5), pw: first.pw },
      { user: aged('u2', V2, 31), pw: aged('p2', V2, 30) },
    );
    expect(values(both)).toEqual(['u2', 'p2']);
    expect(both.last?.readAgainInMs).toBeUndefined();
  });

  test('the youngest decides', () => {
    const run = ticks(true, first, { user: aged('u2', V2, 20), pw: aged('p2', V2, 1) });
    expect(values(run)).toEqual(['u1', 'p1']);
    expect(run.last?.readAgainInMs).toBe(29_000);
    expect(values(ticks(true, first, { user: aged('u2', V2, 30), pw: aged('p2', V2, 29.999) }))).toEqual(['u1', 'p1']);
  });

  test('nothing waits when nothing has changed, however young', () => {
    const young = { user: aged('u1', V1, 1), pw: aged('p1', V1, 1) };
    const run = ticks(true, young, young);
    expect(run.last?.readAgainInMs).toBeUndefined();
    expect(run.held.get('user')?.resolvedAtMs).toBe(NOW_MS + MINUTE_MS);
  });

  test('waits for a member that cannot be read now: it may have changed, too', () => {
    const half = ticks(true, first, { user: aged('u2', V2, 60), pw: bad(OUTAGE) });
    expect(values(half)).toEqual(['u1', 'p1']);
    expect(half.held.get('pw')?.failure).toBe(OUTAGE);
    expect(half.held.get('user')?.failure).toBeUndefined();
    expect(half.last?.readAgainInMs).toBeUndefined();
    const rest = { user: aged('u2', V2, 90), pw: aged('p2', V2, 90) };
    expect(values(ticks(true, first, { user: aged('u2', V2, 60), pw: bad(OUTAGE) }, rest))).toEqual(['u2', 'p2']);
  });

  test.each([
    ['a 404 of a gateway', BARE_404],
    ['no identity', { ...FORBIDDEN, status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_ASSIGNED' } as const],
    [
      'a token that is refused',
      { ...FORBIDDEN, status: 'UnauthorizedClient', code: 'ERR_VAULT_UNAUTHORIZED' } as const,
    ],
  ])('waits as well for a member that somebody else refuses: %s', (_, failure) => {
    const half = ticks(true, first, { user: aged('u2', V2, 60), pw: bad(failure) });
    expect(values(half)).toEqual(['u1', 'p1']);
    expect(half.held.get('pw')?.failure).toBe(failure);
  });

  test('waits for a member that is seen in an older version, until a second read confirms that', () => {
    const [rolledBack, newest] = [{ user: aged('u1', V1, 9000), pw: aged('s1', V1, 9000) }, aged('s2', V2, 5000)];
    const both = { user: aged('u2', V2, 5000), pw: newest };
    const lagging = [{ ...rolledBack, pw: newest }, rolledBack, rolledBack];
    const pairs = [1, 2, 3].map((count) => {
      const { value } = ticks(true, both, ...lagging.slice(0, count));
      return [value('user'), value('pw')];
    });
    expect(pairs).toEqual([
      ['u2', 's2'],
      ['u2', 's2'],
      ['u1', 's1'],
    ]);
    // Nor does one that was changed since move beside it.
    const { value } = ticks(true, both, { user: aged('u3', V3, 60), pw: aged('s1', V1, 9000) });
    expect([value('user'), value('pw')]).toEqual(['u2', 's2']);
    // What was seen before a refusal is answered by that.
    const refused = ticks(true, both, rolledBack, { user: aged('u3', V3, 60), pw: bad(FORBIDDEN) });
    expect([refused.value('user'), refused.value('pw')]).toEqual(['u3', 's2']);
  });

  test('a member that is refused keeps its value, and holds nobody up', () => {
    // Even if it was young when it was last read.
    const run = ticks(true, { ...first, pw: aged('p1', V1, 1) }, { user: aged('u2', V2, 60), pw: bad(FORBIDDEN) });
    expect(values(run)).toEqual(['u2', 'p1']);
    expect(run.held.get('pw')?.failure).toBe(FORBIDDEN);
  });

  test('nor does a member that no value is made of: there is nothing that could be caught halfway', () => {
    const held = holdFirst(new Map(Object.entries({ user: first.user, pw: bad(OUTAGE) })), at(0));
    const results = new Map(Object.entries({ user: aged('u2', V2, 60), pw: bad(OUTAGE) }));
    const userAfter = (used: string[]) =>
      acceptResults(held, results, [['user', 'pw']], { now: at(0), ...SETTLE, used: new Set(used) })
        .held.get('user')
        ?.good?.value.reveal();
    expect(userAfter(['user'])).toBe('u2');
    // An inherited value, or the platform's, is made of what was never read here.
    expect(userAfter(['user', 'pw'])).toBe('u1');
  });

  test('nor does a pinned member, which is never read again', () => {
    const run = ticks(true, { user: first.user, pinned: aged('p', V1, 1) }, { user: aged('u2', V2, 60) });
    expect(run.value('user')).toBe('u2');
    expect(run.last?.readAgainInMs).toBeUndefined();
  });

  test('a failure is known although the group waits', () => {
    const run = ticks(true, first, { user: aged('u2', V2, 1), pw: bad(FORBIDDEN) });
    expect(run.held.get('pw')).toMatchObject({ failure: FORBIDDEN, refused: once(1) });
    expect(run.held.get('user')).toEqual({ good: expect.anything(), resolvedAtMs: NOW_MS });
    expect(run.held.get('user')?.failure).toBeUndefined();
  });

  test('without dates, or without settling time, it moves at once', () => {
    const undated = { user: good('u2', { version: V2 }), pw: good('p2', { version: V2 }) };
    expect(values(ticks(true, first, undated))).toEqual(['u2', 'p2']);
    const { held } = acceptResults(
      ticks(true, first).held,
      new Map(Object.entries({ user: aged('u2', V2, 1) })),
      [['user', 'pw']],
      {
        now: at(0),
        ...SETTLE,
        settleMs: 0,
      },
    );
    expect(held.get('user')?.good?.value.reveal()).toBe('u2');
  });

  test('without settling time nobody waits for a member that cannot be read', () => {
    const results = new Map(Object.entries({ user: aged('u2', V2, 1), pw: bad(OUTAGE) }));
    const options = { now: at(0), ...SETTLE, settleMs: 0 };
    const { held } = acceptResults(ticks(true, first).held, results, [['user', 'pw']], options);
    expect(held.get('user')?.good?.value.reveal()).toBe('u2');
  });

  test('a member without dates does not hide that another is young', () => {
    for (const [dates, waitMs] of [
      [{}, 25_000],
      [{ repliedAtMs: NOW_MS }, 25_000],
      // The reply beside it says what time it is.
      [{ updatedMs: NOW_MS }, 30_000],
    ] as const) {
      const run = ticks(true, first, { user: aged('u2', V2, 5), pw: good('p2', { version: V2, ...dates }) });
      expect([...values(run), run.last?.readAgainInMs]).toEqual(['u1', 'p1', waitMs]);
    }
  });

  test('one member read before both writes, the other long after them: settled, but not together', () => {
    const long = { user: good('u1', { version: V1, updatedMs: NOW_MS - 1_000_000, repliedAtMs: NOW_MS }) };
    const pw = good('p2', { version: V2, updatedMs: NOW_MS + 5000, repliedAtMs: NOW_MS + 40_000 });
    for (const reads of [
      { ...long, pw },
      { pw, ...long },
    ]) {
      const run = ticks(true, first, reads);
      expect([...values(run), run.last?.readAgainInMs]).toEqual(['u1', 'p1', 30_000]);
      expect(readAgainInMs(holdFirst(new Map(Object.entries(reads)), at(0)), [['user', 'pw']], 30_000)).toBe(30_000);
    }
    const user = good('u2', { version: V2, updatedMs: NOW_MS + 4000, repliedAtMs: NOW_MS + 36_000 });
    expect(values(ticks(true, first, { ...long, pw }, { user, pw }))).toEqual(['u2', 'p2']);
  });

  test('a replica that lags behind says when it was asked, as any other', () => {
    const hour = NOW_MS + 3_600_000;
    const lagging = good('u1', { version: V1, updatedMs: NOW_MS - 1_000_000, repliedAtMs: hour });
    const pw = good('p3', { version: V3, updatedMs: hour - 20_000, repliedAtMs: hour });
    const user = aged('u2', V2, 100);
    const run = ticks(true, { user, pw: aged('p2', V2, 100) }, { user: lagging, pw });
    expect([...values(run), run.last?.readAgainInMs]).toEqual(['u2', 'p2', 10_000]);
  });

  test('groups do not wait for each other', () => {
    const held = holdFirst(new Map(Object.entries({ ...first, x: aged('x1', V1, 1000) })), at(0));
    const results = new Map(Object.entries({ user: aged('u2', V2, 1), pw: first.pw, x: aged('x2', V2, 1) }));
    const after = acceptResults(held, results, [['user', 'pw'], ['x']], { now: at(0), ...SETTLE }).held;
    expect(after.get('user')?.good?.value.reveal()).toBe('u1');
    expect(after.get('x')?.good?.value.reveal()).toBe('x2');
  });

  test('after a start: read again once it has settled, if it had not', () => {
    const young = holdFirst(new Map(Object.entries({ user: aged('u', V1, 10), pw: aged('p', V1, 1000) })), at(0));
    expect(readAgainInMs(young, [['user', 'pw']], 30_000)).toBe(20_000);
    expect(readAgainInMs(young, [['user'], ['pw']], 30_000)).toBeUndefined();
    expect(readAgainInMs(young, [['user', 'pw']], 0)).toBeUndefined();
    expect(readAgainInMs(new Map(), [['user', 'pw']], 30_000)).toBeUndefined();
  });

  test('after a later start, beside what one before it has read: the settling time from now, and not their distance', () => {
    const hour = NOW_MS + 3_600_000;
    const pw = good('p', { updatedMs: hour - 60_000, repliedAtMs: hour });
    const held = holdFirst(
      new Map([['pw', pw]]),
      at(3_600_000),
      holdFirst(new Map([['user', aged('u', V1, 1000)]]), at(0)),
    );
    expect(readAgainInMs(held, [['user', 'pw']], 30_000)).toBe(30_000);
  });

  test('the reading before is not changed', () => {
    const before = ticks(true, first).held;
    acceptResults(before, new Map(Object.entries({ user: aged('u2', V2, 60), pw: bad(OUTAGE) })), [['user', 'pw']], {
      now: at(0),
      ...SETTLE,
    });
    expect(before.get('user')?.good?.value.reveal()).toBe('u1');
    expect(before.get('pw')?.failure).toBeUndefined();
  });
});

test('sameSecret compares versions and values', () => {
  const a = secretOf('x');
  expect(sameSecret(a, a)).toBe(true);
  expect(sameSecret(a, secretOf('x', { updatedMs: 5 }))).toBe(true);
  expect(sameSecret(a, secretOf('y'))).toBe(false);
  expect(sameSecret(a, secretOf('x', { version: V2 }))).toBe(false);
  expect(sameSecret(undefined, undefined)).toBe(true);
  expect(sameSecret(a, undefined)).toBe(false);
  expect(sameSecret(undefined, a)).toBe(false);
});
