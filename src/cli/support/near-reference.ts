import type { Environment } from '../../settings/environment.js';
import { bareName, namesOf } from '../../settings/names.js';
import type { Span } from './files.js';

/** How a reference may begin that is none. What stands before it is looked at afterwards, so that this is one pass. */
const BEGINS = /key[\s_-]?va[ul]{1,2}t?s?\s{0,9}[({[]/gi;
const KEYS = /(?:^|;)\s*(SecretUri|VaultName|SecretName)\s*=/i;

export const STAYS_TEXT = 'this begins no reference, and stays text.';
export const HOW_IT_BEGINS = 'A reference begins with @KeyVault( or @Microsoft.KeyVault(.';

/** As it is where JSON is put together, and `Encode=json` says so. */
const QUOTED = /^\s*(["'])@(?:Microsoft\.)?KeyVault\((?![^)]*Encode\s*=\s*json)[^)]*\)\1\s*$/i;

export const KEEPS_QUOTES = 'the quotes around the reference become part of the value.';
export const TAKE_QUOTES_OUT = 'Take them out: docker run --env-file, for one, keeps them.';

/** A beginning of a reference, or of what was meant as one. */
export interface Begin extends Span {
  /** `@KeyVault(` or `@Microsoft.KeyVault(` with its `@` or `@@`, and the character before it. */
  readonly marker: RegExpExecArray | null;
  /** What follows, as far as a reference may be long. */
  readonly inside: string;
  /** Meant as a reference, and none. */
  readonly isNear: boolean;
}

/** What was meant as a reference stays text without a word when it runs. */
export function beginsIn(value: string): readonly Begin[] {
  return [...value.matchAll(BEGINS)].map(({ 0: begin, index: start }) => {
    const end = start + begin.length;
    const [before, inside] = [value.slice(Math.max(0, start - 16), start), value.slice(end, end + 2048)];
    const marker = /^keyvault\($/i.test(begin) ? /(\S?)(@@?)(Microsoft\.)?$/i.exec(before) : null;
    const [keys = ''] = inside.slice(0, 256).split(/[)}\]]/, 1);
    return { start, end, marker, inside, isNear: !marker && KEYS.test(keys) };
  });
}

/** Whether a value was meant as a reference, and is none. */
export function isMisspelt(value: string): boolean {
  return beginsIn(value).some(({ isNear }) => isNear);
}

/** Whether a value is a reference in quotes. */
export function isQuoted(value: string): boolean {
  return QUOTED.test(value);
}

/** The settings of an environment whose values are such; not those that `VAULTSTRAP_IGNORE` names. */
export function settingsThat(
  is: (value: string) => boolean,
  env: Environment,
  ignored: ReadonlySet<string>,
): readonly string[] {
  const names = Object.keys(env).filter(
    (name) => !ignored.has(name) && !ignored.has(bareName(name)) && is(env[name] ?? ''),
  );
  // App Service gives each twice.
  return [...new Set(names.map((name) => namesOf(name, env).setting))];
}
