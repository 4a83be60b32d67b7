// Time can run faster in this process: for dates, for the monotonic clock, for timers. The network keeps its own.
const real = {
  now: Date.now,
  bigint: process.hrtime.bigint,
  uptime: process.uptime,
  performance: performance.now.bind(performance),
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
};

/** What measures has to go by the real one. */
export const realTime = { now: real.performance, setInterval: real.setInterval };

const look = () => ({ now: real.now(), bigint: real.bigint(), uptime: real.uptime(), performance: real.performance() });
let factor = 1;
let start = look();
Date.now = () => Math.floor(start.now + (real.performance() - start.performance) * factor);
process.hrtime.bigint = () => start.bigint + (real.bigint() - start.bigint) * BigInt(factor);
process.uptime = () => start.uptime + (real.uptime() - start.uptime) * factor;
performance.now = () => start.performance + (real.performance() - start.performance) * factor;
globalThis.setTimeout = Object.assign(
  (act, ms = 0, ...args) => real.setTimeout(act, ms / factor, ...args),
  real.setTimeout,
);

/**
 * From here on.
 *
 * @param {number} by
 */
export function speedUp(by) {
  start = look();
  factor = by;
}
