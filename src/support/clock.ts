/** Time, passed in wherever it matters. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never go back: the machine's, and so the same in its threads and processes. */
  monotonic(): number;
  /** Resolves after `ms`, 0: after a turn of the loop, or at once when the signal is aborted. Keeps the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** On both scales. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { wallMs: clock.now(), monotonicMs: clock.monotonic() };
}

/** Age on the clock that moved more: the wall clock jumps, the monotonic one sleeps with the machine. */
export function ageMs(since: Moment, now: Moment): number {
  return Math.max(now.wallMs - since.wallMs, now.monotonicMs - since.monotonicMs);
}

/** The last moment that a `Date` can hold; before 1970 as far. */
export const LAST_DATE_MS = 8.64e15;

/**
 * As they are now, and not the global ones: an app's tests put clocks of their own in their place, on which no reply ever
 * comes, and which the thread at work does not share.
 */
export const { setTimeout, clearTimeout, setImmediate } = process.getBuiltinModule('node:timers');
const { bigint: hrtime } = process.hrtime;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Number(hrtime()) / 1e6,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      if (ms <= 0) return void setImmediate(resolve);
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
