import { clearTimeout, setImmediate, setTimeout } from './timers.js';

/** Time, passed in wherever it matters. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never go back: since this process began, and so the same in its threads. */
  monotonic(): number;
  /** Resolves after `ms`, 0: after a turn of the loop, or at once when the signal is aborted. Does not hold the process. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The last moment that a `Date` can hold; before 1970 as far. */
export const LAST_DATE_MS = 8.64e15;

/** The one clock that fake ones leave alone: `hrtime`, loaded behind them, would stand still here and go on in the thread. */
const { uptime } = process;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => uptime() * 1000,
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
