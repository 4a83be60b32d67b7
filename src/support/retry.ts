import type { Clock } from './clock.js';
import type { Failure, Result } from './failure.js';

export interface RetryLimits {
  readonly clock: Clock;
  /** No try outlasts this moment; on the clock's monotonic scale. */
  readonly deadlineMs: number;
  /** No second try begins after this moment. Default: the deadline. */
  readonly retryUntilMs?: number;
  /** Stops waiting between tries; the last failure is the answer. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a failure is the answer whatever its kind. */
  readonly isFinal?: (failure: Failure) => boolean;
  /** 0 <= x < 1. Injected in tests. */
  readonly random?: () => number;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
const FEW_TRIES = 3;
/** A try that has less time would only turn the last answer into a time-out, and hide why it is not resolved. */
const SHORTEST_TRY_MS = 200;

/**
 * Full-jitter backoff before try number `tries` + 1, and never less than what the server
 * asked for. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function delayBeforeRetryMs(tries: number, failure: Failure, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1));
  return Math.max(random * ceiling, failure.retryAfterMs ?? 0);
}

/**
 * Tries until it succeeds, fails for good, or no further try fits before the deadline.
 * `attempt` gets the milliseconds left.
 */
export async function withRetry<T>(
  attempt: (remainingMs: number) => Promise<Result<T>>,
  { clock, deadlineMs, retryUntilMs = deadlineMs, signal, isFinal, random = Math.random }: RetryLimits,
): Promise<Result<T>> {
  // Counted for themselves: a hiccup at the end of an outage has its own three tries.
  let hiccups = 0;
  for (let tries = 1; ; tries++) {
    const result = await attempt(Math.max(1, deadlineMs - clock.monotonic()));
    if (result.ok || result.failure.retry === 'never' || isFinal?.(result.failure)) return result;
    if (result.failure.retry === 'few' && ++hiccups >= FEW_TRIES) return result;
    const delayMs = delayBeforeRetryMs(tries, result.failure, random());
    const leftMs = Math.min(deadlineMs - SHORTEST_TRY_MS, retryUntilMs) - clock.monotonic();
    // What the server asked for is kept; a wait of our own is cut short, so that the last try comes at the end.
    if (leftMs <= 0 || (result.failure.retryAfterMs ?? 0) > leftMs || signal?.aborted) return result;
    await clock.sleep(Math.min(delayMs, leftMs), signal);
    // A process that was frozen meanwhile wakes up too late.
    if (signal?.aborted || clock.monotonic() >= deadlineMs) return result;
  }
}
