/**
 * Files of their own in dist, loaded when they are first needed. Literal and synchronous, so that a user's
 * bundler follows them.
 */
export function clientModule(): typeof import('../client.js') {
  return require('../client.js');
}

/** What most starts do without. */
export function afterModule(): typeof import('../after.js') {
  return require('../after.js');
}

/** Loaded only for an app that has OpenTelemetry. */
export function telemetryModule(): typeof import('../telemetry.js') {
  return require('../telemetry.js');
}

/** Holds the text of the worker. */
export function workerModule(): typeof import('../worker.js') {
  return require('../worker.js');
}
