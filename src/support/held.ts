import { clearTimeout, setTimeout } from './timers.js';

/** As long as a timer can be set for. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive until this is done. No request of ours does so by itself once it is connected, and no pause:
 * what a refresh in the background waits for must not hold up a process that has nothing else to do. Who needs the answer
 * holds it so.
 */
export function held<T>(work: Promise<T>): Promise<T> {
  const hold = setTimeout(() => {}, LONGEST_MS);
  return work.finally(() => clearTimeout(hold));
}
