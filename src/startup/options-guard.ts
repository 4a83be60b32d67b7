import { VaultstrapError } from '../support/errors.js';
import type { BootstrapOptions } from '../support/options.js';

/**
 * Another start with other options than those in force is a mistake; with the same, or none, it is the same start.
 *
 * @throws VaultstrapError `ERR_ALREADY_STARTED`.
 */
export function refuseOthers(options: BootstrapOptions, inForce: BootstrapOptions): void {
  const [given, known] = [options, inForce].map((all) =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
  );
  const { isDeepStrictEqual } = process.getBuiltinModule('node:util');
  if (isDeepStrictEqual(given, {}) || isDeepStrictEqual(given, known)) return;
  throw new VaultstrapError(
    'ERR_ALREADY_STARTED',
    'bootstrap was called with other options than the start before it.',
    'Start once: give the options to the first call, or as VAULTSTRAP_ settings, which register reads too.',
  );
}
