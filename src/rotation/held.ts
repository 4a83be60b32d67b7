import type { Failure, Result } from '../support/failure.js';
import type { Moment } from '../support/moment.js';
import type { ReadResults } from '../vault/client.js';
import type { SecretValue } from '../vault/reader.js';

/** The last good value of one secret, and what has been learned since. */
export interface Held {
  /** Absent: it could never be read (a default is used, or an inherited value). */
  readonly good?: SecretValue;
  readonly resolvedAtMs?: number;
  /** Why the latest read gave nothing to use. */
  readonly failure?: Failure;
  /** Refused for good (gone, disabled, forbidden) since then, on the monotonic scale; `confirmed` by a second read. */
  readonly refused?: { readonly sinceMs: number; readonly confirmed: boolean };
  /** A version older than the good one, and since when it is seen: believed when a second read confirms it. */
  readonly older?: { readonly sinceMs: number; readonly version: string };
}

export type HeldSecrets = ReadonlyMap<string, Held>;

const NOTHING: Held = {};

/** Refused by two reads that confirm each other: it is not coming back by itself. */
export function isRevoked({ refused }: Held): boolean {
  return refused?.confirmed === true;
}

/** The state after a start: what was read is held, whatever its age, beside what was held before. */
export function holdFirst(results: ReadResults, now: Moment, before?: HeldSecrets): HeldSecrets {
  const held = new Map(before);
  results.forEach((result, key) => {
    held.set(
      key,
      result.ok ? accept(result.value, now) : refuse(NOTHING, result.failure, { now, settleMs: 0, isTick: true }),
    );
  });
  return held;
}

export interface Acceptance {
  readonly held: HeldSecrets;
  /** Some group has changed and not settled, whether it waits or not: read again after this long. */
  readonly readAgainInMs?: number;
}

export interface AcceptOptions {
  readonly now: Moment;
  /** 0: everything counts as settled, and nothing waits for what cannot be read. */
  readonly settleMs: number;
  /**
   * Whether this is one of two reads that confirm each other, and groups wait until they have settled. In an app's own
   * haste: no.
   */
  readonly isTick: boolean;
  /** What values in the process are made of. Nothing can be caught halfway with what has never been in one. */
  readonly used: ReadonlySet<string>;
}

/**
 * Decides, secret by secret and group by group, what the latest reads change. Pure.
 *
 * - A failure leaves the good value in place.
 * - An older version than the held one is believed when two reads agree, a settling time apart: replicas of a vault may lag.
 * - Secrets that are used together (see `groupsOf`) change together, once all have settled: a user and a
 *   password rotated one after the other must not be caught halfway, nor by a refresh that takes longer than
 *   both writes. `updated` and the reply's `Date` are both the vault's clock. As long as one of them cannot be
 *   read, the others wait too: the vault may be throttling between the two halves. Or as long as one of them is
 *   seen in an older version that no second read has confirmed. The vault's own refusal is an answer, and holds
 *   nobody up.
 */
export function acceptResults(
  previous: HeldSecrets,
  results: ReadResults,
  groups: readonly (readonly string[])[],
  options: AcceptOptions,
): Acceptance {
  const { settleMs, isTick, used } = options;
  const held = new Map(previous);
  let readAgainInMs: number | undefined;
  for (const group of groups) {
    const next = new Map<string, Held>();
    for (const key of group) {
      const result = results.get(key);
      const before = previous.get(key) ?? NOTHING;
      next.set(
        key,
        !result
          ? before
          : result.ok
            ? consider(before, result.value, options)
            : refuse(before, result.failure, options),
      );
    }
    // Only what was read now tells: a pinned member is never read again.
    const read = group.flatMap((key) => {
      const result = results.get(key);
      return result?.ok ? [result.value] : [];
    });
    const moves = group.length > 1 && settleMs > 0 && isChanged(previous, next);
    const waitMs = moves ? unsettledMs(read, settleMs) : 0;
    const isOpen = (key: string) => {
      const result = results.get(key);
      return used.has(key) && (isUnknown(result) || (result?.ok === true && next.get(key)?.older !== undefined));
    };
    const waits = moves && (waitMs > 0 || group.some(isOpen));
    for (const [key, value] of next) held.set(key, waits && isTick ? withoutChange(previous.get(key), value) : value);
    if (waitMs > 0) readAgainInMs = Math.max(readAgainInMs ?? 0, waitMs);
  }
  return { held, ...(readAgainInMs !== undefined && { readAgainInMs }) };
}

function accept(good: SecretValue, { wallMs }: Moment): Held {
  return { good, resolvedAtMs: wallMs };
}

type Now = Pick<AcceptOptions, 'now' | 'settleMs' | 'isTick'>;

function refuse(before: Held, failure: Failure, now: Now): Held {
  if (!now.isTick || !isRefusal(failure)) return { ...before, failure };
  const { sinceMs, confirmed } = before.refused ?? {};
  return {
    ...before,
    failure,
    refused: {
      sinceMs: sinceMs ?? now.now.monotonicMs,
      confirmed: confirmed === true || confirms(now, sinceMs),
    },
  };
}

/** A settling time behind the first: two reads within moments may have asked the same replica. */
function confirms({ now, settleMs }: Now, sinceMs: number | undefined): boolean {
  return sinceMs !== undefined && now.monotonicMs - sinceMs >= settleMs;
}

/** The vault's own word that there is no such secret for us; a gateway's 404 or a lost identity is not. */
function isRefusal({ status, code, absent }: Failure): boolean {
  return absent === true || status === 'AccessToKeyVaultDenied' || code === 'ERR_SECRET_DISABLED';
}

/** Nobody knows what the vault has: an outage, but also a gateway's 404, a redirect, a token that was refused. */
function isUnknown(result: Result<SecretValue> | undefined): boolean {
  return result?.ok === false && !isRefusal(result.failure);
}

function consider(before: Held, latest: SecretValue, now: Now): Held {
  const { good, failure: _healed, refused: _given, older, ...rest } = before;
  const { version } = latest;
  if (!good || good.version === version || !isOlder(latest, good)) return accept(latest, now.now);
  const seen = older?.version === version ? older : undefined;
  if (confirms(now, seen?.sinceMs)) return accept(latest, now.now);
  const since = seen ?? (now.isTick ? { sinceMs: now.now.monotonicMs, version } : older);
  return { ...rest, good, ...(since && { older: since }) };
}

export function isOlder(a: SecretValue, b: SecretValue): boolean {
  return a.updatedMs !== undefined && b.updatedMs !== undefined && a.updatedMs < b.updatedMs;
}

export function sameSecret(a: SecretValue | undefined, b: SecretValue | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.version === b.version && a.value.equals(b.value));
}

function isChanged(previous: HeldSecrets, next: HeldSecrets): boolean {
  return [...next].some(([key, { good }]) => !sameSecret(previous.get(key)?.good, good));
}

/**
 * How long until the youngest member has been unchanged for `settleMs`; 0 when all have, or nothing tells. Counted from
 * the earliest reply: a retry, a stall of the process, a vault that hangs or a later start can put both writes between
 * two replies, and the one before them knows nothing of either. Never more than `settleMs`: by then all have.
 */
function unsettledMs(members: readonly SecretValue[], settleMs: number): number {
  const updated = members.flatMap(({ updatedMs }) => updatedMs ?? []);
  const replied = members.flatMap(({ repliedAtMs }) => repliedAtMs ?? []);
  if (updated.length === 0 || replied.length === 0) return 0;
  const unchangedMs = Math.min(...replied) - Math.max(...updated);
  return Math.min(Math.max(0, settleMs - unchangedMs), settleMs);
}

/** After a start, which applies everything at once: when to read again because a group had not settled by then. */
export function readAgainInMs(
  held: HeldSecrets,
  groups: readonly (readonly string[])[],
  settleMs: number,
): number | undefined {
  const waits = groups
    .filter((group) => group.length > 1)
    .map((group) =>
      unsettledMs(
        group.flatMap((key) => held.get(key)?.good ?? []),
        settleMs,
      ),
    );
  const longestMs = Math.max(0, ...waits);
  return longestMs > 0 ? longestMs : undefined;
}

function withoutChange(before: Held = NOTHING, { good, failure, refused, older }: Held): Held {
  const { failure: _old, refused: _before, older: seen, ...rest } = before;
  // What a member that stays as it is was seen to be counts, whoever it waits for.
  const doubted = sameSecret(before.good, good) ? older : seen;
  return { ...rest, ...(failure && { failure }), ...(refused && { refused }), ...(doubted && { older: doubted }) };
}
