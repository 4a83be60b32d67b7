import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptResults, type HeldSecrets, holdFirst } from '../../src/rotation/held.js';
import type { Result } from '../../src/support/failure.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { at, bad, good, NOW_MS, OUTAGE } from '../helpers/fixtures.js';

const PAIR = ['user', 'password'] as const;
const SETTLE_MS = 10_000;

/** A user and its password, written one after the other again and again: `gapMs` between the halves, within the rule. */
const rotations = fc.array(
  fc.record({
    pauseMs: fc.integer({ min: 0, max: 40_000 }),
    gapMs: fc.integer({ min: 0, max: SETTLE_MS - 1001 }),
    passwordFirst: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

/** When a tick reads each half, after the end of the tick before it; a process can be stalled in between. */
const ticks = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 30_000 }),
    password: fc.integer({ min: 0, max: 30_000 }),
    fails: fc.constantFrom(undefined, undefined, undefined, ...PAIR),
  }),
  { minLength: 1, maxLength: 20 },
);

interface Write {
  readonly atMs: number;
  readonly generation: number;
}

/** What the vault says has whole seconds: `updated`, and the reply's `Date`. */
const inSeconds = (ms: number) => Math.floor(ms / 1000) * 1000;

function readingAt(writes: readonly Write[], atMs: number): Result<SecretValue> {
  const { generation, atMs: updatedMs } = writes.findLast((write) => write.atMs <= atMs) ?? { generation: 0, atMs: 0 };
  return good(String(generation), {
    version: String(generation).padStart(32, '0'),
    updatedMs: inSeconds(updatedMs),
    repliedAtMs: inSeconds(atMs),
  });
}

describe('a pair that is written within the settling time, less a second', () => {
  test('is never torn, however far apart a tick reads its halves, and is whole again in the end', () => {
    fc.assert(
      fc.property(rotations, ticks, (changes, reads) => {
        const writes: Record<(typeof PAIR)[number], Write[]> = { user: [], password: [] };
        let nowMs = NOW_MS;
        changes.forEach(({ pauseMs, gapMs, passwordFirst }, i) => {
          const [first, second] = passwordFirst ? (['password', 'user'] as const) : PAIR;
          nowMs += pauseMs;
          writes[first].push({ atMs: nowMs, generation: i + 1 });
          nowMs += gapMs;
          writes[second].push({ atMs: nowMs, generation: i + 1 });
        });
        const lastWriteMs = nowMs;

        const resultsAt = (at: Record<(typeof PAIR)[number], number>, fails?: string) =>
          new Map(PAIR.map((half) => [half, half === fails ? bad(OUTAGE) : readingAt(writes[half], at[half])]));
        let held: HeldSecrets = holdFirst(resultsAt({ user: NOW_MS - 1, password: NOW_MS - 1 }), at(0));
        const applied = () => PAIR.map((half) => held.get(half)?.good?.value.reveal());
        function tick(results: ReadonlyMap<string, Result<SecretValue>>) {
          const options = { now: at(nowMs - NOW_MS), settleMs: SETTLE_MS, isTick: true, used: new Set<string>(PAIR) };
          held = acceptResults(held, new Map(results), [[...PAIR]], options).held;
          const [user, password] = applied();
          expect(user).toBe(password);
        }

        let beganMs = NOW_MS;
        for (const { user, password, fails } of reads) {
          tick(resultsAt({ user: beganMs + user, password: beganMs + password }, fails));
          beganMs += Math.max(user, password);
        }
        const endMs = Math.max(beganMs, lastWriteMs) + SETTLE_MS + 1000;
        tick(resultsAt({ user: endMs, password: endMs }));
        expect(applied()).toEqual([String(changes.length), String(changes.length)]);
      }),
      { numRuns: 1000 },
    );
  });
});
