import type { Engine } from '../startup/engine.js';
import type { Clock } from '../support/clock.js';

/** After a refresh that could not read everything, invocations do not wait for another one for this long. */
const PAUSE_MS = 30_000;
/** A tick this late means that the clock of the process stood still: the instance was frozen. */
const LATE_MS = 1000;

type Watched = Pick<Engine, 'ageMs' | 'nextRefreshAtMs' | 'refreshOrJoin' | 'repair'>;

/**
 * What is asked before every invocation, of which there may be thousands a second. No promise while the values
 * are fresh. Puts back what a reload of the worker wiped; makes up for ticks that were missed while the instance
 * was frozen; waits only for values that are older than `maxAgeMs`. Never rejects.
 */
export function createAgeCheck(
  watched: () => Watched | undefined,
  maxAgeMs: number,
  clock: Clock,
): () => Promise<void> | undefined {
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let madeUpForMs: number | undefined;

  async function refresh(engine: Watched): Promise<void> {
    await engine.refreshOrJoin().catch(() => {});
    if ((engine.ageMs() ?? 0) > maxAgeMs) pausedUntilMs = clock.monotonic() + Math.min(PAUSE_MS, maxAgeMs);
  }

  return () => {
    const engine = watched();
    const age = engine?.ageMs();
    if (!engine || age === undefined) return undefined;
    engine.repair();
    if (age > maxAgeMs && clock.monotonic() >= pausedUntilMs) return refresh(engine);
    const next = engine.nextRefreshAtMs();
    if (next === undefined || next === madeUpForMs || clock.now() <= next + LATE_MS) return undefined;
    // Once: the tick itself may come a whole interval later, when the wall clock was set forward or the machine slept.
    madeUpForMs = next;
    engine.refreshOrJoin().catch(() => {});
    return undefined;
  };
}
