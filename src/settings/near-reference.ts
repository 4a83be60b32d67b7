import type { Plan } from './plan.js';

/** How a reference may begin that is none. What stands before it is looked at afterwards, so that this is one pass. */
const BEGINS = /key[\s_-]?va[ul]{1,2}t?s?\s{0,9}[({[]/gi;
const KEYS = /(?:^|;)\s*(SecretUri|VaultName|SecretName)\s*=/i;

export const STAYS_TEXT = 'what looks like a reference is none, and stays text.';
export const HOW_IT_BEGINS = 'A reference begins with @KeyVault( or @Microsoft.KeyVault(.';

/** A beginning of a reference, or of what was meant as one. */
export interface Begin {
  readonly start: number;
  readonly end: number;
  /** `@KeyVault(` or `@Microsoft.KeyVault(` with its `@` or `@@`, and the character before it. */
  readonly marker: RegExpExecArray | null;
  /** What follows, as far as a reference may be long. */
  readonly inside: string;
  /** Meant as a reference, and none. */
  readonly isNear: boolean;
}

/** All of them in a text. */
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

/** The settings of a plan with text that was meant as a reference, and is none. */
export function misspeltIn({ near, env }: Pick<Plan, 'near' | 'env'>): readonly string[] {
  // App Service gives each twice.
  return [...new Set(near)].filter((setting) => isMisspelt(env[setting] ?? ''));
}
