import type { Environment } from '../support/platform.js';

export type { Environment } from '../support/platform.js';

/** The only place that reads `process.env`. A copy: later stages never see it change under them. */
export function readEnvironment(): Record<string, string | undefined> {
  // Without a prototype: `toString` is not a setting.
  const env: Record<string, string | undefined> = Object.create(null);
  // One question for each variable, where a spread or `Object.assign` asks two: the system looks through all of
  // them for each.
  for (const name of variableNames(process.env)) {
    const value: unknown = process.env[name];
    // Anything else stands in an object that somebody put in the place of `process.env`.
    if (typeof value === 'string') env[name] = value;
  }
  return env;
}

/**
 * Not `Object.keys`, which asks `process.env` about every name once more. As for the children that Node starts, those
 * count that are inherited: test tools put `Object.create(process.env)` in its place.
 */
export function variableNames(env: Environment): readonly string[] {
  const names = Object.getOwnPropertyNames(env);
  for (const name in Object.getPrototypeOf(env)) names.push(name);
  return names;
}

/**
 * The real thing, for those who read a few variables of it at once and keep none: a copy of everything
 * costs more than all their questions.
 */
export function liveEnvironment(): Environment {
  return process.env;
}

/** One variable, read afresh. */
export function readVariable(name: string): string | undefined {
  const value: unknown = process.env[name];
  // A function of every object's, `toString`, is no setting.
  return typeof value === 'string' ? value : undefined;
}

/** Whether a variable exists, without making a string of its value: the cheapest question there is. */
export function hasVariable(name: string): boolean {
  return name in process.env;
}
