import type { Plan } from '../../settings/plan.js';

/** As it is where JSON is put together, and `Encode=json` says so. */
const QUOTED = /^\s*(["'])@(?:Microsoft\.)?KeyVault\((?![^)]*Encode\s*=\s*json)[^)]*\)\1\s*$/i;

export const KEEPS_QUOTES = 'the quotes around the reference become part of the value.';
export const TAKE_QUOTES_OUT = 'Take them out: docker run --env-file, for one, keeps them.';

/** Whether a value is a reference in quotes. */
export function isQuoted(value: string): boolean {
  return QUOTED.test(value);
}

/** The settings of a plan whose texts are such. */
export function quotedIn({ settings }: Pick<Plan, 'settings'>): readonly string[] {
  return settings.filter(({ pointer }) => isQuoted(pointer)).map(({ setting }) => setting);
}
