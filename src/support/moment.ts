import type { Clock } from './clock.js';

/** On both scales. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function momentOf(clock: Pick<Clock, 'now' | 'monotonic'>): Moment {
  return { wallMs: clock.now(), monotonicMs: clock.monotonic() };
}

/** Age on the clock that moved more: the wall clock jumps, the monotonic one sleeps with the machine. */
export function ageMs(since: Moment, clock: Pick<Clock, 'now' | 'monotonic'>): number {
  return Math.max(clock.now() - since.wallMs, clock.monotonic() - since.monotonicMs);
}
