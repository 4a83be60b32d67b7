import { clearTimeout, setImmediate, setTimeout } from './timers.js';

/** Time, passed in wherever it matters. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never go back: the machine's, and so the same in its threads and processes. */
  monotonic(): number;
  /** Resolves after `ms`, 0: after a turn of the loop, or at once when the signal is aborted. Does not hold the process. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The last moment that a `Date` can hold; before 1970 as far. */
export const LAST_DATE_MS = 8.64e15;

/** As it is now, for the same reason. */
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
      const timer = setTimeout(done, ms).unref();
      signal?.addEventListener('abort', done, { once: true });
    }),
};
