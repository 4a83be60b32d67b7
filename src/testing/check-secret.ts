import { isDate } from 'node:util/types';
import { type Checks, checkBoolean, checkEach, checkMembers, checkVersion, wrong, wrongKind } from './check.js';
import type { SecretProperties } from './types.js';

/** Key Vault's own bound: 25 KB of UTF-8. */
export const MAX_VALUE_BYTES = 25_600;

function checkDate(name: string, given: unknown): Date {
  // Not `instanceof`: jest and vm contexts have a Date of their own.
  if (!isDate(given) || Number.isNaN(given.getTime())) throw wrongKind(name, 'a valid Date', given);
  return given;
}

function checkTags(name: string, given: unknown): { [name: string]: string } {
  const tags: { [name: string]: string } = {};
  for (const [tag, text] of Object.entries(checkMembers(name, given, Object.keys(given ?? {})))) {
    if (typeof text !== 'string') throw wrongKind(`${name}.${tag}`, 'text', text);
    tags[tag] = text;
  }
  return tags;
}

function checkValue(name: string, given: unknown): string {
  if (typeof given !== 'string') throw wrongKind(name, 'text', given);
  const bytes = new TextEncoder().encode(given).length;
  if (bytes > MAX_VALUE_BYTES) {
    throw new TypeError(`"${name}" must have at most ${MAX_VALUE_BYTES} bytes, got ${bytes}`);
  }
  return given;
}

function checkContentType(name: string, given: unknown): string {
  if (typeof given !== 'string' || given.length > 255) throw wrong(name, 'text of at most 255 characters', given);
  return given;
}

const MEMBERS: Checks<SecretProperties> = {
  value: checkValue,
  contentType: checkContentType,
  pem: checkValue,
  tags: checkTags,
  enabled: checkBoolean,
  notBefore: checkDate,
  expiresOn: checkDate,
  version: (name, given) => checkVersion(name, given).toLowerCase(),
};

/** A value, or a value with properties; no error quotes either. */
export function checkSecret(name: string, given: unknown): SecretProperties {
  if (typeof given === 'string') return { value: checkValue(name, given) };
  if (given === null || typeof given !== 'object') throw wrongKind(name, 'text or an object with a value', given);
  return checkEach(name, given, MEMBERS, ['value']);
}
