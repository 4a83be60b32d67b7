import type { Environment } from '../settings/environment.js';
import { type Changes, writeVariables } from './apply.js';

/**
 * What stood in each of our variables before, and what we last wrote there. A variable that holds
 * anything else has been overridden by somebody, and is left alone.
 */
export interface Ledger {
  /** Remembers what stood there first. */
  note(names: Iterable<string>, env: Environment): void;
  original(name: string): string | undefined;
  /** What we last wrote; `undefined` when we removed it or never wrote it. */
  written(name: string): string | undefined;
  /** Whether that is what stands there. */
  hasWritten(name: string, value: string | undefined): boolean;
  /** Writes all that is not overridden, in one synchronous step. Returns the names that are. */
  write(changes: Changes, env: Environment): ReadonlySet<string>;
  /** Puts the raw values that we took out of the environment into a copy of it. */
  restoreRemoved(copy: Record<string, string | undefined>): void;
  /** Puts back what stood there first, where our value still stands, and forgets everything. */
  undo(env: Environment): void;
}

export function createLedger(): Ledger {
  const originals = new Map<string, string | undefined>();
  const written = new Map<string, string | undefined>();

  /** Whether what stands in a variable is neither ours nor what was there first. */
  function isOthers(name: string, value: string | undefined): boolean {
    if (written.has(name) && value === written.get(name)) return false;
    // The raw value again: refilled by the worker, or never touched.
    return !(originals.has(name) && value === originals.get(name));
  }

  return {
    note(names, env) {
      for (const name of names) {
        // A new raw value in a variable of ours is a new beginning for it.
        if (!originals.has(name) || (env[name] !== undefined && env[name] !== written.get(name)))
          originals.set(name, env[name]);
      }
    },
    original: (name) => originals.get(name),
    written: (name) => written.get(name),
    hasWritten: (name, value) => written.get(name) === value,
    write(changes, env) {
      const overridden = new Set<string>();
      const differing = new Map<string, string | undefined>();
      changes.forEach((value, name) => {
        // Read once: the system goes through all variables for each.
        const current = env[name];
        // A thread that shares this environment may have been first with the new value.
        if (current !== value && isOthers(name, current)) {
          overridden.add(name);
        } else {
          if (current !== value) differing.set(name, value);
          written.set(name, value);
        }
      });
      writeVariables(differing);
      return overridden;
    },
    restoreRemoved(copy) {
      for (const [name, value] of written) if (value === undefined) copy[name] ??= originals.get(name);
    },
    undo(env) {
      writeVariables(new Map([...originals].filter(([name]) => written.has(name) && env[name] === written.get(name))));
      originals.clear();
      written.clear();
    },
  };
}
