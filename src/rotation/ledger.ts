import type { Environment } from '../settings/environment.js';
import { writeVariables } from './apply.js';

type Change = readonly [name: string, value: string | undefined];

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
  hasWritten(name: string): boolean;
  /** Writes all that is not overridden, in one synchronous step. Returns the names that are. */
  write(changes: readonly Change[], env: Environment): ReadonlySet<string>;
  isOverridden(name: string, env: Environment): boolean;
  /** Writes again what somebody wiped: the Functions worker refills the whole environment on a reload. */
  repair(env: Environment): void;
  /** The environment, with the raw values that we took out of it. */
  withRemoved(env: Environment): Environment;
  /** Puts back what stood there first, where our value still stands, and forgets everything. */
  undo(env: Environment): void;
}

export function createLedger(): Ledger {
  const originals = new Map<string, string | undefined>();
  const written = new Map<string, string | undefined>();

  function isOverridden(name: string, env: Environment): boolean {
    const value = env[name];
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
    hasWritten: (name) => written.has(name),
    isOverridden,
    write(changes, env) {
      const overridden = new Set(changes.map(([name]) => name).filter((name) => isOverridden(name, env)));
      const ours = changes.filter(([name]) => !overridden.has(name));
      writeVariables(ours.filter(([name, value]) => env[name] !== value));
      for (const [name, value] of ours) written.set(name, value);
      return overridden;
    },
    repair(env) {
      writeVariables([...written].filter(([name, value]) => env[name] !== value && !isOverridden(name, env)));
    },
    withRemoved(env) {
      const whole: Record<string, string | undefined> = { ...env };
      for (const [name, value] of written) if (value === undefined) whole[name] ??= originals.get(name);
      return whole;
    },
    undo(env) {
      writeVariables([...originals].filter(([name]) => written.has(name) && env[name] === written.get(name)));
      originals.clear();
      written.clear();
    },
  };
}
