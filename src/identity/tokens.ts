import type { Environment } from '../settings/environment.js';
import { publish } from '../support/channels.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { type Failure, fail, guarded, type Result, succeed } from '../support/failure.js';
import { type IdentitySelector, printIdentity } from '../support/identity-selector.js';
import { ageMs, type Moment, momentOf } from '../support/moment.js';
import { type RetryLimits, withRetry } from '../support/retry.js';
import { Secret } from '../support/secret.js';
import { requestToken } from './direct.js';
import type { TokenContext } from './failure.js';
import type { AccessToken } from './reply.js';
import { createSdkTokens } from './sdk.js';
import { detectSource, type IdentitySource } from './source.js';

/** Renewal begins this long before expiry, earlier by up to as much again (jitter). */
const RENEW_BEFORE_MS = 5 * 60_000;
/** A token that looks expired on arrival (a wrong clock) is used this long all the same. */
const LIFE_WHEN_EXPIRED_MS = 30_000;
/** The platform returns the same token for a day: asking more often is no use. */
const RENEWAL_EVERY_MS = 60_000;
const RENEWAL_LIMIT_MS = 20_000;

interface Entry {
  readonly token: AccessToken;
  /** Its age is counted on both scales: the wall clock may be set back, and the expiry was told on it. */
  readonly came: Moment;
  /** The age from which on a renewal is tried. */
  renewAgeMs: number;
  readonly lifeMs: number;
}

/** A cached token in a form that crosses threads. */
export interface TokenSeed extends Omit<Entry, 'token'>, Omit<AccessToken, 'token'> {
  readonly key: string;
  readonly token: string;
}

type TokenLimits = Pick<RetryLimits, 'deadlineMs' | 'retryUntilMs'>;

export interface TokenCache {
  /**
   * A token for `resource` (`https://vault.azure.net`, no trailing slash, no `/.default`).
   * Callers of the same token share one request; who may wait longer than the first asks again. Never rejects.
   */
  get(resource: string, identity: IdentitySelector, limits: TokenLimits): Promise<Result<AccessToken>>;
  /** A vault refused this token. True when asking for another one makes sense. */
  refuse(resource: string, identity: IdentitySelector, token: Secret): boolean;
  /** The source in force, read afresh: the platform rotates its header, and specialisation brings it. */
  source(): Result<IdentitySource>;
  /** Token requests sent so far. */
  readonly requests: number;
  /** Which credentials of the SDK's chain gave the tokens in use. */
  givenBy(): readonly string[];
  seeds(): readonly TokenSeed[];
  plant(seeds: readonly TokenSeed[]): void;
}

export interface TokenCacheOptions {
  readonly config: Pick<Config, 'identityFrom' | 'identity' | 'vaultCa'>;
  readonly clock: Clock;
  readonly env: () => Environment;
  /** Where to look for the SDK's packages: files or folders, in this order. */
  readonly sdkAnchors: readonly string[];
  readonly random?: () => number;
}

function triesUntil({ deadlineMs, retryUntilMs = deadlineMs }: TokenLimits): number {
  return Math.min(deadlineMs, retryUntilMs);
}

/**
 * Tokens per source, identity and resource; one request in flight for each, however many
 * callers. A renewal that fails leaves the token in use for as long as it is good.
 */
export function createTokenCache({
  config,
  clock,
  env,
  sdkAnchors,
  random = Math.random,
}: TokenCacheOptions): TokenCache {
  const entries = new Map<string, Entry>();
  const inFlight = new Map<string, { readonly result: Promise<Result<AccessToken>>; readonly triesUntilMs: number }>();
  const forcedAtMs = new Map<string, number>();
  /** Endpoints that asked to be left alone, by `Retry-After`. */
  const pauses = new Map<string, { readonly failure: Failure; readonly untilMs: number }>();
  const sdk = createSdkTokens({ env, anchors: sdkAnchors, ca: config.vaultCa });
  let requests = 0;

  const source = () => detectSource(env());
  const keyOf = (from: IdentitySource, resource: string, identity: IdentitySelector) =>
    [from.name, 'endpoint' in from ? from.endpoint.href : '', resource, printIdentity(identity)].join(' ');

  function store(key: string, token: AccessToken): void {
    const came = momentOf(clock);
    const leftMs = token.expiresOnMs - came.wallMs;
    const lifeMs = leftMs > 0 ? leftMs : LIFE_WHEN_EXPIRED_MS;
    // A token of a few minutes is renewed at half its life.
    const renewAgeMs = lifeMs - Math.min(RENEW_BEFORE_MS * (1 + random()), lifeMs / 2);
    entries.set(key, { token, came, lifeMs, renewAgeMs });
  }

  async function fetchOnce(
    key: string,
    from: IdentitySource,
    resource: string,
    identity: IdentitySelector,
    limits: TokenLimits,
  ): Promise<Result<AccessToken>> {
    const running = inFlight.get(key);
    if (running) return running.result;
    const pause = pauses.get(key);
    const pauseLeftMs = () => (pause?.untilMs ?? 0) - clock.monotonic();
    // Who has no time to wait for its end is told at once.
    if (pause && pause.untilMs > Math.max(clock.monotonic(), triesUntil(limits))) return fail(pause.failure);
    // Only the configured default can come from AZURE_CLIENT_ID; a reference's own identity was spelt out.
    const context: TokenContext = {
      source: from.name,
      identity,
      identityFrom: printIdentity(identity) === printIdentity(config.identity) ? config.identityFrom : 'option',
    };
    const startedAtMs = clock.now();
    const startMs = clock.monotonic();
    const onRequest = () => void requests++;
    const result = withRetry<AccessToken>(
      (remainingMs) =>
        guarded(async () => {
          const retryAfterMs = pauseLeftMs();
          if (pause && retryAfterMs > 0) return fail({ ...pause.failure, retryAfterMs });
          return from.lane === 'direct'
            ? requestToken(from, resource, context, { clock, remainingMs, onRequest })
            : sdk.request(resource, context, { remainingMs, onRequest });
        }),
      { clock, random, ...limits },
    ).then((given) => {
      inFlight.delete(key);
      if (given.ok) store(key, given.value);
      else if (given.failure.retryAfterMs !== undefined) {
        pauses.set(key, { failure: given.failure, untilMs: clock.monotonic() + given.failure.retryAfterMs });
      }
      publish('token', {
        source: from.name,
        resource,
        startedAtMs,
        durationMs: Math.round(clock.monotonic() - startMs),
        ...(!given.ok && { code: given.failure.code }),
      });
      return given;
    });
    inFlight.set(key, { result, triesUntilMs: triesUntil(limits) });
    return result;
  }

  return {
    get requests() {
      return requests;
    },
    source,

    async get(resource, identity, limits) {
      const from = source();
      if (!from.ok) return from;
      const key = keyOf(from.value, resource, identity);
      const entry = entries.get(key);
      const age = entry ? ageMs(entry.came, clock) : 0;
      if (entry && age < entry.lifeMs) {
        if (age >= entry.renewAgeMs) {
          // Good for a while yet: renewed in the background, never at the caller's cost.
          entry.renewAgeMs = age + RENEWAL_EVERY_MS;
          void fetchOnce(key, from.value, resource, identity, { deadlineMs: clock.monotonic() + RENEWAL_LIMIT_MS });
        }
        return succeed(entry.token);
      }
      for (let running = inFlight.get(key); running; running = inFlight.get(key)) {
        const shared = await running.result;
        const hadAsLong = running.triesUntilMs >= triesUntil(limits);
        if (shared.ok || shared.failure.retry !== 'deadline' || hadAsLong) return shared;
      }
      return fetchOnce(key, from.value, resource, identity, limits);
    },

    refuse(resource, identity, token) {
      const from = source();
      if (!from.ok) return false;
      const key = keyOf(from.value, resource, identity);
      const entry = entries.get(key);
      // Somebody dropped or renewed it meanwhile: the newer one deserves its try.
      if (!entry?.token.token.equals(token)) return true;
      const nowMs = clock.monotonic();
      if (nowMs - (forcedAtMs.get(key) ?? -RENEWAL_EVERY_MS) < RENEWAL_EVERY_MS) return false;
      forcedAtMs.set(key, nowMs);
      entries.delete(key);
      return true;
    },

    givenBy: () => [...new Set([...entries.values()].flatMap(({ token }) => token.by ?? []))],

    seeds: () =>
      [...entries].map(([key, { token, ...rest }]) => ({ ...token, ...rest, key, token: token.token.reveal() })),

    plant(seeds) {
      for (const { key, token, ...seed } of seeds) {
        // They may have lain there for hours, or come behind newer ones.
        const isOld = seed.came.monotonicMs < (entries.get(key)?.came.monotonicMs ?? 0);
        if (isOld || ageMs(seed.came, clock) >= seed.lifeMs) continue;
        entries.set(key, { ...seed, token: { ...seed, token: new Secret(token) } });
      }
    },
  };
}
