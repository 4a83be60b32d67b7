import { VaultstrapError } from '../support/errors.js';
import type { BootstrapOptions } from '../support/options.js';

/** The options of the start in force: another start with other ones is a mistake; with the same, or none, it is the same start. */
export interface OptionsGuard {
  /** Whatever comes now is the first. */
  accept(options: BootstrapOptions): void;
  /** @throws VaultstrapError `ERR_ALREADY_STARTED`. */
  check(options: BootstrapOptions): void;
}

export function createOptionsGuard(): OptionsGuard {
  let inForce = NONE;
  return {
    accept(options) {
      inForce = textOf(options);
    },
    check(options) {
      const text = textOf(options);
      if (text === NONE || text === inForce) return;
      throw new VaultstrapError(
        'ERR_ALREADY_STARTED',
        'bootstrap was called with other options than the start before it.',
        'Start once: give the options to the first call, or as VAULTSTRAP_ settings, which register reads too.',
      );
    },
  };
}

const NONE = '[]';

function textOf(options: BootstrapOptions): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return JSON.stringify(
    given.sort(([a], [b]) => (a < b ? -1 : 1)),
    (_key, value) => (typeof value === 'bigint' ? String(value) : value),
  );
}
