import { VaultstrapError } from '../support/errors.js';
import type { BootstrapOptions } from '../support/options.js';

/** Options as one text, which is the same for the same options, in whatever order. */
export function printOptions(options: BootstrapOptions): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return JSON.stringify(
    given.sort(([a], [b]) => (a < b ? -1 : 1)),
    (_key, value) => (typeof value === 'bigint' ? String(value) : value),
  );
}

export const NO_OPTIONS = printOptions({});

/**
 * Another start with other options than those in force is a mistake; with the same, or none, it is the same start.
 *
 * @throws VaultstrapError `ERR_ALREADY_STARTED`.
 */
export function refuseOthers(options: BootstrapOptions, inForce: string): void {
  const text = printOptions(options);
  if (text === NO_OPTIONS || text === inForce) return;
  throw new VaultstrapError(
    'ERR_ALREADY_STARTED',
    'bootstrap was called with other options than the start before it.',
    'Start once: give the options to the first call, or as VAULTSTRAP_ settings, which register reads too.',
  );
}
