import { VaultstrapError } from '../support/errors.js';
import type { BootstrapOptions } from '../support/options.js';

/**
 * Another start with other options than those in force is a mistake; with the same, or none, it is the same start.
 *
 * @throws VaultstrapError `ERR_ALREADY_STARTED`.
 */
export function refuseOthers(options: BootstrapOptions, inForce: BootstrapOptions): void {
  const given = whatIsSet(options);
  // Before it is compared, which loads more of Node: `register` has none.
  if (Object.keys(given).length === 0) return;
  if (process.getBuiltinModule('node:util').isDeepStrictEqual(given, whatIsSet(inForce))) return;
  throw new VaultstrapError(
    'ERR_ALREADY_STARTED',
    'bootstrap was called with other options than the start before it.',
    'Start once: give the options to the first call, or as VAULTSTRAP_ settings, which register reads too.',
  );
}

function whatIsSet(options: BootstrapOptions): BootstrapOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
