import { checkBoolean, checkMembers, checkVersion, wrong, wrongKind } from './check.js';
import type { SecretProperties } from './types.js';

/** Key Vault's own bound: 25 KB of UTF-8. */
export const MAX_VALUE_BYTES = 25_600;

function checkDate(name: string, given: unknown): Date {
  if (!(given instanceof Date) || Number.isNaN(given.getTime())) throw wrongKind(name, 'a valid Date', given);
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

/** A value, or a value with properties; no error quotes either. */
export function checkSecret(name: string, given: unknown): SecretProperties {
  if (typeof given === 'string') return { value: checkValue(name, given) };
  if (given === null || typeof given !== 'object') throw wrongKind(name, 'text or an object with a value', given);
  const known = ['value', 'contentType', 'pem', 'tags', 'enabled', 'notBefore', 'expiresOn', 'version'];
  const members = checkMembers(name, given, known);
  const secret: SecretProperties = { value: checkValue(`${name}.value`, members['value']) };
  const { contentType, pem, tags, enabled, notBefore, expiresOn, version } = members;
  if (contentType !== undefined) {
    if (typeof contentType !== 'string' || contentType.length > 255) {
      throw wrong(`${name}.contentType`, 'text of at most 255 characters', contentType);
    }
    secret.contentType = contentType;
  }
  if (pem !== undefined) secret.pem = checkValue(`${name}.pem`, pem);
  if (tags !== undefined) secret.tags = checkTags(`${name}.tags`, tags);
  if (enabled !== undefined) secret.enabled = checkBoolean(`${name}.enabled`, enabled);
  if (notBefore !== undefined) secret.notBefore = checkDate(`${name}.notBefore`, notBefore);
  if (expiresOn !== undefined) secret.expiresOn = checkDate(`${name}.expiresOn`, expiresOn);
  if (version !== undefined) secret.version = checkVersion(`${name}.version`, version).toLowerCase();
  return secret;
}
