import type { Failure } from '../support/failure.js';
import { mayRefer } from './may-refer.js';
import type { ReferenceProblem } from './params.js';
import {
  MAX_REFERENCE_LENGTH,
  notClosed,
  parseAkvs,
  parseReference,
  type SecretReference,
  tooLong,
} from './reference.js';

/** A setting's value in pieces: literal text and references, in order. */
export type Segment = string | SecretReference;

export function isReference(segment: Segment): segment is SecretReference {
  return typeof segment !== 'string';
}

/** Whether a piece of a setting is the path of a file. */
export function isInFile(segment: Segment): boolean {
  return isReference(segment) && segment.file === true;
}

/**
 * Whether a start now would meet this failure, and fail. Without a setting goes what does not exist, and has a default or
 * is optional. And what the permission model forbids this thread, it allows that of the blocking start (Node 26).
 */
export function failsStart(
  { segments }: { readonly segments: readonly Segment[] },
  { retry, code, absent }: Failure,
): boolean {
  if (retry !== 'never' || code === 'ERR_NETWORK_PERMISSION') return false;
  const references = segments.filter(isReference);
  return !(
    absent === true &&
    references.length > 0 &&
    references.every((one) => one.optional || one.default !== undefined)
  );
}

export type Scan =
  | { readonly kind: 'plain' }
  | { readonly kind: 'segments'; readonly segments: readonly Segment[] }
  | ({ readonly kind: 'problem' } & ReferenceProblem);

/** Could there be a reference in it? */
export const MARKER = /@(?:Microsoft\.)?KeyVault\(|^akvs:\/\//i;

export function hasMarker(value: string | undefined): boolean {
  // Anything can stand in an object that an app's tests put in the place of `process.env`.
  return typeof value === 'string' && MARKER.test(value);
}

const NEXT = /(@@?)(Microsoft\.)?KeyVault\(/gi;

/**
 * Finds the references in a setting's value, in one pass over it.
 * `@@KeyVault(` stands for a literal `@KeyVault(`.
 */
export function scanValue(value: string, vaultSuffix?: string): Scan {
  // First what most can be told by: this is asked of every variable at a start.
  if (!mayRefer(value) || !hasMarker(value)) return { kind: 'plain' };
  if (value.slice(0, 'akvs://'.length).toLowerCase() === 'akvs://') {
    const parsed = parseAkvs(value, vaultSuffix);
    return 'reference' in parsed ? { kind: 'segments', segments: [parsed.reference] } : { kind: 'problem', ...parsed };
  }

  const segments: Segment[] = [];
  let literal = '';
  let position = 0;
  NEXT.lastIndex = 0;
  for (let match = NEXT.exec(value); match; match = NEXT.exec(value)) {
    literal += value.slice(position, match.index);
    position = NEXT.lastIndex;
    if (match[1] === '@@') {
      literal += match[0].slice(1);
      continue;
    }
    const limit = match.index + MAX_REFERENCE_LENGTH;
    // Looks no further than a reference may be long, so that a hostile value costs one pass.
    const close = value.slice(position, limit).indexOf(')');
    if (close < 0) return { kind: 'problem', ...(value.length > limit ? tooLong() : notClosed()) };
    const marker = match[2] ? '@Microsoft.KeyVault' : '@KeyVault';
    const parsed = parseReference(marker, value.slice(position, position + close), vaultSuffix);
    if ('problem' in parsed) return { kind: 'problem', ...parsed };
    if (literal) segments.push(literal);
    literal = '';
    segments.push(parsed.reference);
    position += close + 1;
    NEXT.lastIndex = position;
  }
  literal += value.slice(position);
  if (literal) segments.push(literal);
  return { kind: 'segments', segments };
}
