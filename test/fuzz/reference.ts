// What must hold of every text that the grammar of references is given.
import assert from 'node:assert/strict';
import { mayRefer } from '../../src/settings/may-refer.js';
import { isMisspelt } from '../../src/settings/near-reference.js';
import type { SecretReference } from '../../src/settings/reference.js';
import { hasMarker, scanValue } from '../../src/settings/scan.js';
import { printIdentity } from '../../src/support/identity-selector.js';
import { printReference } from '../helpers/print-reference.js';
import { type NaiveReference, naiveScan } from './naive.js';

/** Throws when something does not hold. */
export function check(value: string): void {
  const scan = scanValue(value);
  const naive = naiveScan(value);
  // What the quick look passes over is never looked at again.
  const isMeant = isMisspelt(value) || hasMarker(value);
  assert.ok(mayRefer(value) || !isMeant, 'passed over');
  if (scan.kind === 'problem') {
    assert.equal(naive, undefined, 'refused here, understood by the naive parser');
    return;
  }
  assert.ok(naive, 'understood here, refused by the naive parser');
  const segments = scan.kind === 'plain' ? (value === '' ? [] : [value]) : scan.segments;
  const plain = segments.map((segment) => (typeof segment === 'string' ? segment : bare(segment)));
  assert.deepEqual(plain, naive);

  // Printed and read again it is the same, and printing that gives the same text.
  const printed = print(segments);
  const again = scanValue(printed);
  assert.deepEqual(
    again.kind === 'plain' ? segments : again,
    again.kind === 'plain' ? [printed].filter(Boolean) : scan,
  );
  if (again.kind === 'segments') assert.equal(print(again.segments), printed);
}

function print(segments: readonly (string | SecretReference)[]): string {
  return segments
    .map((s) => (typeof s === 'string' ? s.replace(/@((?:Microsoft\.)?KeyVault\()/gi, '@@$1') : printReference(s)))
    .join('');
}

function bare(reference: SecretReference): NaiveReference {
  const { marker, host, secret, version, field, encode, format, identity } = reference;
  const { file = false, optional = false, default: fallback } = reference;
  return {
    ...{ host, secret, version, marker, field, encode, format, file, optional, default: fallback },
    identity: identity && printIdentity(identity),
  };
}

/** What mutation builds from, beside what is in the corpus. */
export const TOKENS = [
  ...['@KeyVault(', '@Microsoft.KeyVault(', '@@KeyVault(', '@', '@@', 'akvs://', '(', ')', ';', '=', '/', '//', ':'],
  ...['SecretUri=', 'VaultName=', 'SecretName=', 'SecretVersion=', 'Identity=', 'Field=', 'Encode=', 'Optional='],
  ...['Format=', 'File=', 'pem'],
  ...['Default=', 'https://', 'shop', '.vault.azure.net', '/secrets/', 'pw', 'true', 'false', 'uri', 'base64', 'json'],
  ...[
    '0123456789abcdef0123456789abcdef',
    '01234567-89ab-cdef-0123-456789abcdef',
    'object:',
    'system',
    ':8443',
    ':443',
    '-',
  ],
  ...[
    '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i',
    '~0',
    '~1',
    '~',
  ],
  ...[
    ' ',
    '\t',
    '\n',
    '\0',
    '\u00a0',
    '\u2028',
    '\ud800',
    '😀',
    '\u0130',
    '\u017f',
    '\u212a',
    '\uE000',
    '.',
    'x'.repeat(2000),
  ],
];

/** Where a text may be cut so that the parts have a meaning. */
export const BOUNDARY = /(?=[;)])|(?<=\()/;
