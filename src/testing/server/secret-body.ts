// The bodies of PUT and PATCH. A malformed one is refused by the name of its
// member; what was in it is never repeated.
import { isObject } from '../check.js';
import { MAX_VALUE_BYTES } from '../check-secret.js';
import type { Reply } from './exchange.js';
import { badParameter } from './vault-errors.js';
import type { NewVersion } from './vault-store.js';

type Changes = Partial<NewVersion>;

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const isTags = (given: unknown): given is Record<string, string> =>
  isObject(given) && Object.keys(given).length <= 15 && Object.values(given).every((text) => typeof text === 'string');

const isSeconds = (given: unknown): given is number => Number.isInteger(given) && (given as number) >= 0;

/** Only what the body names is in the changes. */
export function readChanges(body: string): { changes: Changes } | { refused: Reply } {
  const refused = (member: string) => ({ refused: badParameter(`Property ${member} has an invalid value.`) });
  const parsed = parse(body);
  if (!parsed) return { refused: badParameter('The request body is not valid JSON.') };
  const { value, contentType, tags, attributes } = parsed;
  const changes: Changes = {};
  if (value != null) {
    if (typeof value !== 'string' || Buffer.byteLength(value) > MAX_VALUE_BYTES) return refused('value');
    changes.value = value;
  }
  if (contentType != null) {
    if (typeof contentType !== 'string' || contentType.length > 255) return refused('contentType');
    changes.contentType = contentType;
  }
  if (tags != null) {
    if (!isTags(tags)) return refused('tags');
    changes.tags = tags;
  }
  if (attributes != null) {
    if (!isObject(attributes)) return refused('attributes');
    const { enabled, nbf, exp } = attributes;
    if (enabled != null) {
      if (typeof enabled !== 'boolean') return refused('attributes.enabled');
      changes.enabled = enabled;
    }
    if (nbf != null) {
      if (!isSeconds(nbf)) return refused('attributes.nbf');
      changes.nbf = nbf;
    }
    if (exp != null) {
      if (!isSeconds(exp)) return refused('attributes.exp');
      changes.exp = exp;
    }
  }
  return { changes };
}
