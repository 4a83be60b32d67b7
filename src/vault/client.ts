import { createTokenCache, type TokenCache } from '../identity/tokens.js';
import type { Environment } from '../settings/environment.js';
import type { SecretRead } from '../settings/plan.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { type Failure, fail, type Result } from '../support/failure.js';
import { createLimiter } from '../support/limiter.js';
import { createDirectLane } from './direct.js';
import { resourceForHost } from './host.js';
import { proxyApplies } from './proxy.js';
import { createSecretReader, type SecretReader, type SecretValue, type VaultCounts, type VaultLane } from './reader.js';
import { createSdkLane } from './sdk.js';

export interface VaultClientOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Read at every call: the platform rotates the identity header. */
  readonly env: () => Environment;
  readonly sdkAnchors: readonly string[];
}

export interface ReadAllLimits {
  /** No try begins after this moment, and none outlasts it; on the clock's monotonic scale. */
  readonly deadlineMs: number;
  /** No second tries after this moment; default: the deadline. */
  readonly retryUntilMs?: number;
  /** A failure that is a fact ends the waiting for the others, too: the answer will be an error anyway. */
  readonly failFast: boolean;
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

/** When one secret has failed for good, the others under way get this much longer. */
const GRACE_MS = 1000;

export function createVaultClient({ config, clock, env, sdkAnchors }: VaultClientOptions): VaultClient {
  const tokens = createTokenCache({ config, clock, env, sdkAnchors });
  const direct = createDirectLane({ config, clock });
  const sdk = createSdkLane({ config, clock, sdkAnchors });
  const readers = new Map<VaultLane, SecretReader>(
    [direct, sdk].map((lane) => [lane, createSecretReader(lane, { config, tokens, clock })]),
  );

  /** Which lane reads from a host; decided at every call, as the source of the identity is. */
  function laneFor(host: string, environment: Environment): VaultLane {
    if (config.client === 'sdk') return sdk;
    const source = tokens.source();
    if (source.ok && source.value.lane === 'sdk') return sdk;
    return !config.vaultEndpoint && proxyApplies(environment, host) ? sdk : direct;
  }

  return {
    tokens,
    get counts() {
      return {
        vault: direct.counts.vault + sdk.counts.vault,
        unauthorized: direct.counts.unauthorized + sdk.counts.unauthorized,
      };
    },
    rest() {
      direct.rest();
      sdk.rest();
    },

    async readAll(reads, { deadlineMs, retryUntilMs = deadlineMs, failFast }) {
      const environment = env();
      const stop = new AbortController();
      const abort = new AbortController();
      // Every read listens, and that is no leak.
      process.getBuiltinModule('node:events').setMaxListeners(0, stop.signal, abort.signal);
      const results = new Map<string, Result<SecretValue>>();
      const limiters = new Map<string, ReturnType<typeof createLimiter>>();
      const lanes = new Map<string, VaultLane>();
      const wanted = [...reads].map((read) => {
        const lane = lanes.get(read.host) ?? laneFor(read.host, environment);
        lanes.set(read.host, lane);
        return { read, lane };
      });

      const finished = new AbortController();
      const after = (ms: number, act: () => void) =>
        void clock.sleep(ms, finished.signal).then(() => finished.signal.aborted || act());
      // A little later than the deadline, which every try minds by itself: a net, not a rule.
      after(deadlineMs - clock.monotonic() + GRACE_MS / 4, () => abort.abort());

      // The token first, since everything waits for it: its request goes out before the TLS work below keeps
      // this thread busy, and the connections open while it is under way.
      const allowed = wanted.flatMap(({ read, lane }) => {
        const resource = resourceForHost(read.host, config);
        return resource.ok ? [{ read, lane, resource: resource.value }] : [];
      });
      for (const { read, resource } of allowed) void tokens.get(resource, read.identity, { deadlineMs, retryUntilMs });
      await new Promise((resolve) => setImmediate(resolve));
      direct.warm(allowed.filter(({ lane }) => lane === direct).map(({ read }) => read));

      await Promise.all(
        wanted.map(async ({ read, lane }) => {
          const limiter = limiters.get(read.host) ?? createLimiter(config.concurrency);
          limiters.set(read.host, limiter);
          const result = await limiter(async (): Promise<Result<SecretValue>> => {
            const reading = readers
              .get(lane)
              ?.read(read, { deadlineMs, retryUntilMs, stop: stop.signal, abort: abort.signal });
            return orAbort(reading ?? Promise.resolve(fail(NOT_WAITED_FOR)), abort.signal);
          });
          results.set(read.key, result);
          if (failFast && isHopeless(read, result) && !stop.signal.aborted) {
            stop.abort();
            after(GRACE_MS, () => abort.abort());
          }
        }),
      );
      finished.abort();
      return results;
    },
  };
}

function isHopeless(read: SecretRead, result: Result<SecretValue>): boolean {
  return !result.ok && result.failure.retry === 'never' && !(result.failure.absent && read.mayBeAbsent);
}

/** The work itself heeds the signal; this is for what does not (a name lookup, a foreign credential). */
function orAbort<T>(work: Promise<Result<T>>, signal: AbortSignal): Promise<Result<T>> {
  return new Promise((resolve) => {
    const give = () => resolve(fail(NOT_WAITED_FOR));
    if (signal.aborted) return give();
    signal.addEventListener('abort', give, { once: true });
    void work.then((result) => {
      signal.removeEventListener('abort', give);
      resolve(result);
    });
  });
}

const NOT_WAITED_FOR: Failure = {
  status: 'FetchTimedOut',
  code: 'ERR_TIMEOUT',
  details: 'no answer came in the time there was.',
  hint: 'If another setting failed for good, mend that first. VAULTSTRAP_TIMEOUT_SECONDS sets how long to wait.',
  retry: 'deadline',
};
