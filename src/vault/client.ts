import type { AccessToken } from '../identity/reply.js';
import { createTokenCache, type TokenCache } from '../identity/tokens.js';
import type { Environment } from '../settings/environment.js';
import type { SecretRead } from '../settings/plan.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { fail, type Result } from '../support/failure.js';
import { held } from '../support/held.js';
import { printIdentity } from '../support/identity-selector.js';
import { workThrough } from '../support/limiter.js';
import { createCircuits } from './circuit.js';
import { createDirectLane } from './direct.js';
import { resourceForHost } from './host.js';
import { proxyApplies } from './proxy.js';
import { createSecretReader, NOT_WAITED_FOR, type SecretValue, type VaultCounts } from './reader.js';
import { createSdkLane } from './sdk.js';

export interface VaultClientOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Read at every call: the platform rotates the identity header. */
  readonly env: () => Environment;
  readonly sdkAnchors: readonly string[];
  /** Those in hand, of another client. */
  readonly tokens?: TokenCache;
}

export interface ReadAllLimits {
  /** No try begins after this moment, and none outlasts it; on the clock's monotonic scale. */
  readonly deadlineMs: number;
  /** No second tries after this moment; default: the deadline. */
  readonly retryUntilMs?: number;
  /** A failure that is a fact ends the waiting for the others, too: the answer will be an error anyway. */
  readonly failFast: boolean;
  /** Called once, when second tries have ended and some reads have not: with what there is by then. */
  readonly onSome?: (results: ReadResults) => void;
  /**
   * The next one comes anyway: the first 429 of a vault ends its turn, and for a while it is not asked at all; and the
   * process may end meanwhile. Default false: a start has to go on trying, and is waited for.
   */
  readonly isRefresh?: boolean;
}

export type ReadResults = ReadonlyMap<string, Result<SecretValue>>;

/** Secrets of many vaults by many identities. */
export interface VaultClient {
  /** Reads every secret once, in parallel. Never rejects: each has its result. */
  readAll(reads: Iterable<SecretRead>, limits: ReadAllLimits): Promise<ReadResults>;
  readonly tokens: TokenCache;
  readonly counts: VaultCounts;
  /** Closes idle connections. */
  rest(): void;
}

/** Sockets and reads under way over all vaults, unless one vault alone may have more: each costs memory and time. */
const MOST_AT_ONCE = 48;
/** When one secret has failed for good, the others under way get this much longer. */
const GRACE_MS = 1000;

export function createVaultClient({
  config,
  clock,
  env,
  sdkAnchors,
  tokens = createTokenCache({ config, clock, env, sdkAnchors }),
}: VaultClientOptions): VaultClient {
  const circuits = createCircuits(clock.monotonic);
  const direct = createDirectLane(config);
  const sdk = createSdkLane({ config, sdkAnchors });
  const readers = {
    direct: createSecretReader(direct, { config, tokens, clock }),
    sdk: createSecretReader(sdk, { config, tokens, clock }),
  };

  /** Which lane reads from a host; decided at every call, as the source of the identity is. */
  function laneFor(host: string): 'direct' | 'sdk' {
    if (config.client === 'sdk') return 'sdk';
    const source = tokens.source();
    if (source.ok && source.value.lane === 'sdk') return 'sdk';
    return !config.vaultEndpoint && proxyApplies(env(), host) ? 'sdk' : 'direct';
  }

  /** Asks for the tokens first, since everything waits for them, and for each once, even if it cannot be had. */
  function prepare(reads: Iterable<SecretRead>, limits: Parameters<TokenCache['get']>[2]): readonly Wanted[] {
    const vaultOf = memo((host) => ({ lane: laneFor(host), resource: resourceForHost(host, config) }));
    const tokenFor = memo((_key: string, read: SecretRead, resource: string) =>
      tokens.get(resource, read.identity, limits),
    );
    return [...reads].map((read) => {
      const { lane, resource } = vaultOf(read.host);
      if (!resource.ok) return { read, lane };
      return { read, lane, token: tokenFor(`${resource.value} ${printIdentity(read.identity)}`, read, resource.value) };
    });
  }

  async function readAll(reads: Iterable<SecretRead>, limits: ReadAllLimits): Promise<ReadResults> {
    const { deadlineMs, retryUntilMs = deadlineMs, failFast, onSome, isRefresh = false } = limits;
    const stop = new AbortController();
    // Every read that waits listens, and that is no leak.
    process.getBuiltinModule('node:events').setMaxListeners(0, stop.signal);
    // One for each worker: a signal goes through all its listeners to add or remove one, and with 48 of them that alone
    // makes Node compile with all its might: 7 MB.
    const aborts: AbortController[] = [];
    const givenUp = Promise.withResolvers<void>();
    let isOver = false;
    function giveUp(): void {
      isOver = true;
      for (const abort of aborts) abort.abort();
      givenUp.resolve();
    }
    const finished = new AbortController();
    // A turn later: what has come while the process stood still, a frozen instance say, is read before.
    const after = (ms: number, act: () => void) =>
      void clock
        .sleep(ms, finished.signal)
        .then(() => clock.sleep(0))
        .then(() => finished.signal.aborted || act());
    // A little later than the deadline, which every try minds by itself: a net, not a rule.
    after(deadlineMs - clock.monotonic() + GRACE_MS / 4, giveUp);

    const throttled = (host: string) => (isRefresh ? circuits.failureFor(host) : undefined);
    const wanted = prepare(reads, { deadlineMs, retryUntilMs });
    // Their requests go out before the TLS work below keeps this thread busy: a turn of the loop connects and sends,
    // and what is left of the present one is none.
    await clock.sleep(0);
    await clock.sleep(0);
    direct.warm(
      wanted.flatMap(({ read, lane, token }) => (lane === 'direct' && token && !throttled(read.host) ? read : [])),
    );

    const results = new Map<string, Result<SecretValue>>();
    async function readOne({ read, lane, token }: Wanted, worker: number): Promise<void> {
      if (isOver) return;
      aborts[worker] ??= new AbortController();
      const beganMs = clock.monotonic();
      const failure = throttled(read.host);
      const result = failure
        ? fail(failure)
        : await readers[lane].read(read, {
            deadlineMs,
            retryUntilMs,
            isRefresh,
            token,
            stop: stop.signal,
            abort: aborts[worker].signal,
          });
      // Too late: the answer has been given.
      if (isOver) return;
      results.set(read.key, result);
      if (result.ok) circuits.close(read.host, beganMs);
      else if (result.failure.code === 'ERR_THROTTLED') circuits.open(read.host, result.failure, beganMs);
      if (failFast && isHopeless(read, result) && !stop.signal.aborted) {
        stop.abort();
        after(GRACE_MS, giveUp);
      }
    }

    if (onSome) after(retryUntilMs - clock.monotonic(), () => onSome(new Map(results)));
    const most = { each: config.concurrency, all: Math.max(MOST_AT_ONCE, config.concurrency) };
    // The work itself heeds the signal; the race is for what does not (a name lookup, a foreign credential).
    const queues = [...Map.groupBy(wanted, ({ read }) => read.host).values()];
    await Promise.race([workThrough(queues, most, readOne), givenUp.promise]);
    for (const { read } of wanted) if (!results.has(read.key)) results.set(read.key, fail(NOT_WAITED_FOR));
    finished.abort();
    return results;
  }

  return {
    tokens,
    readAll: (reads, limits) => (limits.isRefresh ? readAll(reads, limits) : held(readAll(reads, limits))),
    get counts() {
      return {
        vault: direct.counts.vault + sdk.counts.vault,
        unauthorized: direct.counts.unauthorized + sdk.counts.unauthorized,
      };
    },
    rest: direct.rest,
  };
}

/** A read, the lane that it takes, and the token that it waits for. */
interface Wanted {
  readonly read: SecretRead;
  readonly lane: 'direct' | 'sdk';
  /** Absent: none can be sent to this host. */
  readonly token?: Promise<Result<AccessToken>>;
}

/** Makes each thing once. */
function memo<A extends unknown[], T>(make: (key: string, ...more: A) => T): (key: string, ...more: A) => T {
  const made = new Map<string, T>();
  return (key, ...more) => {
    if (!made.has(key)) made.set(key, make(key, ...more));
    return made.get(key) as T;
  };
}

function isHopeless(read: SecretRead, result: Result<SecretValue>): boolean {
  return !result.ok && result.failure.retry === 'never' && !(result.failure.absent && read.mayBeAbsent);
}
