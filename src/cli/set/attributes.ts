import type { SecretAttributes } from '../../vault/writer.js';
import type { SetOptions } from '../set.js';
import { UsageError } from '../support/exit.js';

const MOST_TAGS = 15;
/** Of a tag's name, its value, and the content type. https://learn.microsoft.com/azure/key-vault/secrets/about-secrets */
const MOST_CHARACTERS = 255;

export function readAttributes({ contentType, expires, notBefore, tag = [] }: SetOptions): SecretAttributes {
  if (contentType !== undefined && contentType.length > MOST_CHARACTERS) {
    throw new UsageError(`--content-type has at most ${MOST_CHARACTERS} characters.`);
  }
  const attributes: SecretAttributes = {
    ...(contentType !== undefined && { contentType }),
    ...(tag.length > 0 && { tags: readTags(tag) }),
    ...(notBefore !== undefined && { notBefore: readDate('--not-before', notBefore) }),
    ...(expires !== undefined && { expiresOn: readDate('--expires', expires) }),
  };
  const { notBefore: from, expiresOn: to } = attributes;
  if (from && to && from >= to) throw new UsageError('--expires lies before --not-before.');
  return attributes;
}

function readTags(given: readonly string[]): { [name: string]: string } {
  const tags = new Map<string, string>();
  for (const tag of given) {
    const equals = tag.indexOf('=');
    const [name, value] = [tag.slice(0, equals), tag.slice(equals + 1)];
    if (equals < 1) throw new UsageError('--tag takes a name and a value.', 'Write --tag owner=team-a.');
    if (tags.has(name)) throw new UsageError(`--tag ${name} is given twice.`);
    if (name.length > MOST_CHARACTERS || value.length > MOST_CHARACTERS) {
      throw new UsageError(`a tag's name and its value have at most ${MOST_CHARACTERS} characters each.`);
    }
    tags.set(name, value);
  }
  if (tags.size > MOST_TAGS) throw new UsageError(`a secret has at most ${MOST_TAGS} tags.`);
  return Object.fromEntries(tags);
}

/** A day is its beginning in UTC; a time says where it is meant, so that it is the same on every machine. */
function readDate(option: string, text: string): Date {
  const date = new Date(text);
  const [day] = text.split('T');
  const isWritten = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  // `Date` takes 31 February for 3 March.
  if (isWritten && !Number.isNaN(date.getTime()) && new Date(`${day}T00:00Z`).toISOString().startsWith(`${day}`)) {
    return date;
  }
  throw new UsageError(
    `${option} is not a date.`,
    'Write 2027-06-30 (its beginning in UTC), 2027-06-30T12:00Z or 2027-06-30T12:00+02:00.',
  );
}
