import type { Clock } from '../support/clock.js';
import { held } from '../support/held.js';

/**
 * At most one start of `run` per `everyMs`. Whoever calls earlier waits for the next one, together with all
 * others that wait: nobody is answered by a run that began before the call.
 */
export function spaced<T>(run: () => Promise<T>, everyMs: number, clock: Clock): () => Promise<T> {
  let startedAtMs = Number.NEGATIVE_INFINITY;
  let next: Promise<T> | undefined;
  return () => {
    next ??= held(clock.sleep(Math.max(0, startedAtMs + everyMs - clock.monotonic()))).then(() => {
      next = undefined;
      startedAtMs = clock.monotonic();
      return run();
    });
    return next;
  };
}
