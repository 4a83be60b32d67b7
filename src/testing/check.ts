// Checks of what a caller passed. Each error names the argument and what was
// expected; what was given is quoted only where it cannot be a secret.

/** A value as an error may show it: short, and text only when it is harmless. */
function shown(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}…` : given);
  if (given === null || typeof given !== 'object') return String(given);
  return Array.isArray(given) ? 'an array' : 'an object';
}

export function wrong(name: string, expected: string, given: unknown): TypeError {
  return new TypeError(`"${name}" must be ${expected}, got ${shown(given)}`);
}

/** Like `wrong`, for places where a secret's value may have been put by mistake. */
export function wrongKind(name: string, expected: string, given: unknown): TypeError {
  const kind = given === null ? 'null' : Array.isArray(given) ? 'an array' : `a value of type ${typeof given}`;
  return new TypeError(`"${name}" must be ${expected}, got ${kind}`);
}

export function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** An object with no other member than these. */
export function checkMembers(name: string, given: unknown, known: readonly string[]): Record<string, unknown> {
  if (!isObject(given)) throw wrongKind(name, 'an object', given);
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      throw new TypeError(`"${name}" has no member "${key.slice(0, 80)}"; it knows ${known.join(', ')}`);
    }
  }
  return given;
}

/** How each member of an object is checked; what a check gives takes its place. */
export type Checks<T> = { readonly [K in keyof T]-?: (name: string, given: unknown) => T[K] };

/** An object with no other member than these, each as its check gives it. What is missing stays so, unless it is required. */
export function checkEach<T extends object>(
  name: string,
  given: unknown,
  checks: Checks<T>,
  required: readonly (keyof T)[] = [],
): T {
  const members = checkMembers(name, given, Object.keys(checks));
  const checked: Partial<T> = {};
  for (const key of Object.keys(checks) as (keyof T & string)[]) {
    if (members[key] === undefined && !required.includes(key)) continue;
    checked[key] = checks[key](`${name}.${key}`, members[key]);
  }
  return checked as T;
}

export function checkInteger(name: string, given: unknown, min: number, max: number): number {
  if (!Number.isInteger(given) || (given as number) < min || (given as number) > max) {
    throw wrong(name, `an integer from ${min} to ${max}`, given);
  }
  return given as number;
}

/** The check of an integer within bounds. */
export const integer =
  (min: number, max: number) =>
  (name: string, given: unknown): number =>
    checkInteger(name, given, min, max);

export function checkBoolean(name: string, given: unknown): boolean {
  if (typeof given !== 'boolean') throw wrong(name, 'true or false', given);
  return given;
}

export function checkOneOf<const T extends string>(name: string, given: unknown, allowed: readonly T[]): T {
  if (!(allowed as readonly unknown[]).includes(given)) {
    throw wrong(name, `one of ${allowed.map((value) => `"${value}"`).join(', ')}`, given);
  }
  return given as T;
}

export function checkText(name: string, given: unknown, pattern: RegExp, expected: string): string {
  if (typeof given !== 'string' || !pattern.test(given)) throw wrong(name, expected, given);
  return given;
}

export function checkList(name: string, given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) throw wrong(name, 'an array', given);
  return given;
}

/** Text that can stand in a header and in a query. */
export const checkId = (name: string, given: unknown): string =>
  checkText(name, given, /^[\x21-\x7e]{1,512}$/, 'text of 1 to 512 visible ASCII characters');

/** https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates */
export const checkVaultName = (name: string, given: unknown): string =>
  checkText(
    name,
    given,
    /^(?!.*--)[a-z][a-z0-9-]{1,22}[a-z0-9]$/i,
    'the name of a vault (3 to 24 letters, digits and single hyphens, beginning with a letter)',
  );

export const checkSecretName = (name: string, given: unknown): string =>
  checkText(name, given, /^[0-9a-z-]{1,127}$/i, 'the name of a secret (1 to 127 letters, digits and hyphens)');

export const checkVersion = (name: string, given: unknown): string =>
  checkText(name, given, /^[0-9a-f]{32}$/i, 'a version (32 hexadecimal digits)');

/** Milliseconds; the bound is that of timers. */
export const checkMs = integer(0, 2 ** 31 - 1);
