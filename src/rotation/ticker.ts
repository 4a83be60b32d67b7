import { nextDelayMs } from './schedule.js';

export interface Ticker {
  /** The wall-clock time of the next tick, if one is planned. */
  nextAtMs(): number | undefined;
  start(): void;
  stop(): void;
  /** Plans an earlier tick (a group that has to settle). */
  sooner(delayMs: number): void;
}

/**
 * A clock for one process. It never keeps the process alive, and never throws: an unhandled rejection
 * kills the Functions worker. `tick` resolves to whether everything could be read.
 */
export function createTicker(
  intervalMs: number,
  tick: () => Promise<boolean>,
  random: () => number = Math.random,
): Ticker {
  let timer: NodeJS.Timeout | undefined;
  let nextAt: number | undefined;
  let running = false;
  let wasWell = true;
  let stopped = true;

  function plan(delayMs: number): void {
    clearTimeout(timer);
    nextAt = Date.now() + delayMs;
    timer = setTimeout(() => void run(), delayMs).unref();
  }

  async function run(): Promise<void> {
    running = true;
    nextAt = undefined;
    const well = await tick().catch(() => false);
    running = false;
    const delayMs = nextDelayMs(intervalMs, wasWell && !well, random());
    wasWell = well;
    // The clock was stopped meanwhile, or `tick` asked for an earlier one; never a later one instead.
    if (!stopped && (nextAt === undefined || nextAt > Date.now() + delayMs)) plan(delayMs);
  }

  return {
    nextAtMs: () => nextAt,
    start() {
      stopped = false;
      if (nextAt === undefined && !running) plan(nextDelayMs(intervalMs, true, random()));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      nextAt = undefined;
    },
    sooner(delayMs) {
      if (!stopped && (nextAt === undefined || nextAt > Date.now() + delayMs)) plan(Math.max(1, Math.round(delayMs)));
    },
  };
}
