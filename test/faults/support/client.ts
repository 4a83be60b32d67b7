// One read of one or many secrets under a fault, with time that does not have to pass.
import { type Clock, systemClock } from '../../../src/support/clock.js';
import { readConfig } from '../../../src/support/config.js';
import type { BootstrapOptions } from '../../../src/support/options.js';
import { sdkAnchors } from '../../../src/support/sdk-loader.js';
import { createVaultClient } from '../../../src/vault/client.js';
import { readOf } from '../../vault/harness.js';

type Settings = Readonly<Record<string, string | undefined>>;

/** Time for tries. */
export const WITHIN_MS = 15_000;
const LAST_TRY_MS = 10_000;

export interface LeapingClock extends Clock {
  readonly sleeps: readonly number[];
}

/**
 * Jumps over the waits between tries; what would last until the deadline or longer is waited for really.
 *
 * @param isReal which others are waited for, too
 */
export function leapingClock(isReal: (ms: number) => boolean = () => false): LeapingClock {
  let aheadMs = 0;
  const sleeps: number[] = [];
  return {
    now: () => systemClock.now() + aheadMs,
    monotonic: () => systemClock.monotonic() + aheadMs,
    sleep: async (ms, signal) => {
      // 0 is a turn of the loop, no wait.
      if (ms === 0 || ms >= WITHIN_MS - 1000 || isReal(ms)) return systemClock.sleep(ms, signal);
      sleeps.push(ms);
      aheadMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    sleeps,
  };
}

/** Reads secret `x` of each host, as a start does that lists all its failures. */
export async function readUnder(
  env: Settings,
  {
    hosts,
    clock,
    withinMs = WITHIN_MS,
    options = {},
  }: {
    readonly hosts: readonly string[];
    readonly clock: Clock;
    readonly withinMs?: number;
    readonly options?: BootstrapOptions;
  },
) {
  const client = createVaultClient({
    config: readConfig(env, options),
    clock,
    env: () => env,
    sdkAnchors: sdkAnchors(),
  });
  const startedMs = clock.monotonic();
  const reads = hosts.map((host) => readOf('x', { host }));
  const results = await client.readAll(reads, {
    // What is under way at the end of the time for tries may still finish: on a busy machine a last moment is too short.
    deadlineMs: startedMs + withinMs + (clock === systemClock ? 0 : LAST_TRY_MS),
    retryUntilMs: startedMs + withinMs,
    failFast: false,
  });
  client.rest();
  return {
    outcomes: reads.map(({ key }) => {
      const result = results.get(key);
      if (!result || result.ok) throw new Error(`${key}: ${result ? 'a value' : 'nothing'}`);
      return result.failure;
    }),
    tokenRequests: client.tokens.requests,
    vaultRequests: client.counts.vault,
    tookMs: clock.monotonic() - startedMs,
  };
}
