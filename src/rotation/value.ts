import type { SecretReference } from '../settings/reference.js';
import { type Failure, fact, fail, type Result, succeed } from '../support/failure.js';
import { selectField } from './field.js';

/** Longer values make every later `spawn` fail (Linux: 128 KiB), or do not fit (Windows: 32,767 characters). */
export const MAX_VALUE_BYTES = 32_766;

/** What a reference contributes to its setting: the secret, one field of it, encoded as asked. */
export function referenceText(secret: string, reference: Pick<SecretReference, 'field' | 'encode'>): Result<string> {
  const selected = reference.field === undefined ? succeed(secret) : selectField(secret, reference.field);
  if (!selected.ok) return selected;
  const text = selected.value;
  if (!text.isWellFormed()) return fail(UNENCODABLE);
  switch (reference.encode) {
    case 'uri':
      // RFC 3986: these are reserved too, and encodeURIComponent leaves them.
      return succeed(
        encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
      );
    case 'base64':
      return succeed(Buffer.from(text, 'utf8').toString('base64'));
    case 'json':
      return succeed(JSON.stringify(text).slice(1, -1));
    default:
      return succeed(text);
  }
}

/** Whether a finished value can stand in an environment variable unharmed. */
export function checkValue(value: string): Failure | undefined {
  if (value.includes('\0')) return NUL;
  if (!value.isWellFormed()) return UNENCODABLE;
  return Buffer.byteLength(value) > MAX_VALUE_BYTES ? TOO_LARGE : undefined;
}

const NUL = fact(
  'OtherReasons',
  'ERR_VALUE_NUL',
  'the value has a NUL character; an environment variable would end there.',
  'Store the secret without it, or add Encode=base64 and decode it in the app.',
);

const UNENCODABLE = fact(
  'OtherReasons',
  'ERR_VALUE_ENCODING',
  'the value has half of a surrogate pair, which no environment variable can hold.',
  'Store the secret again as valid text; binary data as base64.',
);

const TOO_LARGE = fact(
  'OtherReasons',
  'ERR_VALUE_TOO_LARGE',
  `the value is larger than ${MAX_VALUE_BYTES} bytes, the most that an environment variable can hold everywhere.`,
  'Split the secret, or read it in the app: new SecretClient(vaultUrl, credential()) of @azure/keyvault-secrets.',
);
