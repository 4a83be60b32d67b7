import type { Environment } from '../../settings/environment.js';
import { bareName, namesOf } from '../../settings/names.js';

/** As it is where JSON is put together, and `Encode=json` says so. */
const QUOTED = /^\s*(["'])@(?:Microsoft\.)?KeyVault\((?![^)]*Encode\s*=\s*json)[^)]*\)\1\s*$/i;

export const KEEPS_QUOTES = 'the quotes around the reference become part of the value.';
export const TAKE_QUOTES_OUT = 'Take them out: docker run --env-file, for one, keeps them.';

/** Whether a value is a reference in quotes. */
export function isQuoted(value: string): boolean {
  return QUOTED.test(value);
}

/** The settings of an environment whose values are such; not those that `VAULTSTRAP_IGNORE` names. */
export function quotedIn(env: Environment, ignored: ReadonlySet<string>): readonly string[] {
  const names = Object.keys(env).filter(
    (name) => !ignored.has(name) && !ignored.has(bareName(name)) && isQuoted(env[name] ?? ''),
  );
  // App Service gives each twice.
  return [...new Set(names.map((name) => namesOf(name, env).setting))];
}
