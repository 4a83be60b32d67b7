import { getBuiltinModule } from '../support/builtin.js';
import { nextDelayMs } from './schedule.js';

export interface Ticker {
  /** The wall-clock time of the next tick, if one is planned. */
  nextAtMs(): number | undefined;
  start(): void;
  stop(): void;
  /** Plans an earlier tick (a group that has to settle). */
  sooner(delayMs: number): void;
}

/** As this file was loaded: a start may be part of a request, and so may be who asks for a tick. No tick is. */
const apart = getBuiltinModule('node:async_hooks').AsyncResource.bind((work: () => unknown) => void work());

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
  let dueMs = 0;
  let running = false;
  let wasWell = true;
  let stopped = true;

  /** Never a later one in the place of one that is planned. */
  function plan(delayMs: number): void {
    // As timers count, while the wall clock may be set: what it says is long past can be minutes away.
    const atMs = Number(process.hrtime.bigint()) / 1e6 + delayMs;
    if (stopped || (nextAt !== undefined && dueMs <= atMs)) return;
    clearTimeout(timer);
    dueMs = atMs;
    nextAt = Date.now() + delayMs;
    timer = setTimeout(apart, delayMs, run).unref();
  }

  async function run(): Promise<void> {
    running = true;
    nextAt = undefined;
    const well = await tick().catch(() => false);
    running = false;
    plan(nextDelayMs(intervalMs, wasWell && !well, random()));
    wasWell = well;
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
    sooner: (delayMs) => plan(Math.max(1, Math.round(delayMs))),
  };
}
