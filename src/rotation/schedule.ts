/** Timers hold 32 bits of milliseconds; a longer delay fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
const JITTER = 0.1;

/**
 * Until the next refresh. The first, and the first after a failure, is uniformly random within
 * the interval: instances that started together (or failed together) must not read together. Later
 * ones, failures that go on among them, wander by 10 %: no outage makes a fleet ask more often. `random` is 0 <= x < 1.
 */
export function nextDelayMs(intervalMs: number, spread: boolean, random: number): number {
  const delayMs = spread ? random * intervalMs : intervalMs * (1 - JITTER + 2 * JITTER * random);
  return Math.min(Math.max(Math.round(delayMs), 1), LONGEST_TIMER_MS);
}
