import { nearest } from '../support/nearest.js';

export interface ReferenceProblem {
  /** What is wrong, naming the key; never quotes a value. */
  readonly problem: string;
  readonly hint: string;
}

export function bad(problem: string, hint: string): ReferenceProblem {
  return { problem, hint };
}

const REFERENCE_KEYS = [
  'SecretUri',
  'VaultName',
  'SecretName',
  'SecretVersion',
  'Identity',
  'Field',
  'Encode',
  'Format',
  'File',
  'Optional',
  'Default',
] as const;
type Key = (typeof REFERENCE_KEYS)[number];
const KEY_BY_LOWER = new Map<string, Key>(REFERENCE_KEYS.map((key) => [key.toLowerCase(), key]));

/** The texts of a reference, by its keys. */
export type Params = { readonly [K in Key]?: string };

/** Reads `key=value;key=value`. */
export function readParams(params: string): Params | ReferenceProblem {
  const values: { [K in Key]?: string } = {};
  const parts = params.split(';');
  // One trailing `;` is allowed, as in the platform's own samples.
  if (parts.at(-1)?.trim() === '') parts.pop();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const written = (equals < 0 ? part : part.slice(0, equals)).trim();
    const key = KEY_BY_LOWER.get(written.toLowerCase());
    if (!key) return unknownKey(written, equals >= 0);
    if (equals < 0) return bad(`${key} has no "=".`, `Write ${key}=value.`);
    if (values[key] !== undefined) return bad(`${key} is given twice.`, `Keep one ${key}.`);
    const text = part.slice(equals + 1);
    // Default is literal, spaces included.
    const value = key === 'Default' ? text : text.trim();
    if (value === '' && key !== 'Default' && key !== 'SecretVersion')
      return bad(`${key} is empty.`, `Give ${key} a value, or remove it.`);
    values[key] = value;
  }
  return values;
}

function unknownKey(written: string, hasEquals: boolean): ReferenceProblem {
  const meant = written.length > 32 ? undefined : nearest(written, REFERENCE_KEYS);
  // Quoted is what stands before a "=" and is a word, or nearly a key: else it could be a misplaced value, or the rest
  // of a Default.
  const isWord = hasEquals && (meant ? /^[\w-]+$/ : /^[a-z]{1,32}$/i).test(written);
  return bad(
    `${isWord ? `key "${written}"` : 'a key'} is not known.`,
    `${/^https:/i.test(written) ? 'Write SecretUri= before the address. ' : meant ? `Did you mean ${meant}? ` : ''}Known keys: ${REFERENCE_KEYS.join(', ')}. A Default cannot hold ";" or ")".`,
  );
}
