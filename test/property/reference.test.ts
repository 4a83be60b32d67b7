import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAkvs, parseReference, type SecretReference } from '../../src/settings/reference.js';
import { scanValue } from '../../src/settings/scan.js';
import { anyCharacter } from '../helpers/any-text.js';
import { printReference } from '../helpers/print-reference.js';

const chars = (set: string, min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...set), minLength: min, maxLength: max });
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

const vaultName = chars(`${LOWER}${DIGITS}-`, 3, 24).filter((text) => /^[a-z](?:-?[a-z0-9])*$/.test(text));
const secretName = chars(`${LOWER}${DIGITS}-`, 1, 127);
const version = chars(`${LOWER}${DIGITS}`, 32, 32);
const guid = fc.uuid();
const identity = fc.oneof(
  fc.constant('system'),
  guid,
  guid.map((id) => `object:${id}`),
  guid.map(
    (id) => `/subscriptions/${id}/resourceGroups/RG-1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Id_1`,
  ),
);
/** Anything that can stand between `=` and `;` or `)`. */
const literal = fc.string({ unit: anyCharacter, maxLength: 60 }).filter((text) => !/[;)]/.test(text));
const field = fc.oneof(
  literal.map((text) => text.trim()).filter((text) => text !== '' && !text.startsWith('/')),
  fc
    .array(
      literal.map((text) => text.trim().replaceAll('~', '~0').replaceAll('/', '~1')),
      { maxLength: 4 },
    )
    .map((names) => `/${names.join('/')}`.trim()),
);

const reference: fc.Arbitrary<SecretReference> = fc
  .record(
    {
      marker: fc.constantFrom('@KeyVault' as const, '@Microsoft.KeyVault' as const),
      uri: fc.boolean(),
      vault: vaultName,
      secret: secretName,
      version,
      identity,
      field,
      encode: fc.constantFrom('uri', 'base64', 'json'),
      format: fc.constant('pem'),
      file: fc.boolean(),
      fallback: fc.oneof(
        literal.map((text) => `Default=${text}`),
        fc.constant('Optional=true'),
      ),
    },
    { requiredKeys: ['marker', 'uri', 'vault', 'secret'] },
  )
  .map((parts) => {
    const params = parts.uri
      ? [
          `SecretUri=https://${parts.vault}.vault.azure.net/secrets/${parts.secret}${parts.version ? `/${parts.version}` : ''}`,
        ]
      : [
          `VaultName=${parts.vault}`,
          `SecretName=${parts.secret}`,
          ...(parts.version ? [`SecretVersion=${parts.version}`] : []),
        ];
    if (parts.identity) params.push(`Identity=${parts.identity}`);
    if (parts.field) params.push(`Field=${parts.field}`);
    if (parts.encode && !parts.file) params.push(`Encode=${parts.encode}`);
    if (parts.format && !parts.field) params.push(`Format=${parts.format}`);
    if (parts.file !== undefined) params.push(`File=${parts.file}`);
    if (parts.fallback) params.push(parts.fallback);
    const parsed = parseReference(parts.marker, params.join(';'));
    if ('problem' in parsed) throw new Error(`${parsed.problem} ${params.join(';')}`);
    return parsed.reference;
  });

describe('a reference', () => {
  test('printed and parsed is the same again', () => {
    fc.assert(
      fc.property(reference, (ref) => {
        const scan = scanValue(printReference(ref));
        expect(scan).toEqual({ kind: 'segments', segments: [ref] });
      }),
    );
  });

  test('akvs:// likewise', () => {
    fc.assert(
      fc.property(guid, vaultName, secretName, fc.option(version), (subscription, vault, secret, pinned) => {
        const text = `akvs://${subscription}/${vault}/${secret}${pinned ? `/${pinned}` : ''}`;
        const parsed = parseAkvs(text);
        expect('reference' in parsed && printReference(parsed.reference)).toBe(text.replace(subscription, '0'));
      }),
    );
  });

  test('means the same in any order, case and spacing', () => {
    fc.assert(
      fc.property(reference, fc.infiniteStream(fc.nat()), (ref, numbers) => {
        const next = () => numbers.next().value ?? 0;
        const [, marker = '', params = ''] = /^([^(]*)\((.*)\)$/s.exec(printReference(ref)) ?? [];
        const shuffled = params
          .split(';')
          .map((part) => ({ part, at: next() }))
          .sort((a, b) => a.at - b.at)
          .map(({ part }) => {
            const [key = '', ...rest] = part.split('=');
            const written = next() % 2 ? key.toUpperCase() : ` ${key.toLowerCase()}\t`;
            // Default is literal.
            const space = key === 'Default' ? '' : ' '.repeat(next() % 3);
            return `${written}=${space}${rest.join('=')}${space}`;
          });
        const text = `${next() % 2 ? marker.toUpperCase() : marker.toLowerCase()}(${shuffled.join(';')}${next() % 2 ? ';' : ''})`;
        expect(scanValue(text)).toEqual({ kind: 'segments', segments: [ref] });
      }),
    );
  });

  test('stands in any text, which stays as it is', () => {
    // Text in which nothing of ours stands, and which does not turn the marker behind it into a literal.
    const text = fc.string({ unit: anyCharacter, maxLength: 40 }).filter((t) => !/keyvault\(|^akvs:|@$/i.test(t));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, reference), { maxLength: 5 }), text, (pairs, last) => {
        const scan = scanValue(pairs.map(([before, ref]) => before + printReference(ref)).join('') + last);
        const expected = [...pairs.flat(), last].filter((piece) => piece !== '');
        expect(scan).toEqual(pairs.length === 0 ? { kind: 'plain' } : { kind: 'segments', segments: expected });
      }),
    );
  });

  test('a marker that is escaped is text, anywhere', () => {
    const text = fc
      .string({ unit: anyCharacter, maxLength: 40 })
      .filter((t) => !/@$|akvs:/i.test(t) && !t.includes('('));
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('@KeyVault(', '@Microsoft.KeyVault(', '@kEYvAULT('),
        text,
        (before, marker, after) => {
          expect(scanValue(`${before}@${marker}${after}`)).toEqual({
            kind: 'segments',
            segments: [`${before}${marker}${after}`],
          });
        },
      ),
    );
  });
});

describe('the scanner', () => {
  const pieces = fc.constantFrom(
    ...[
      '@KeyVault(',
      '@Microsoft.KeyVault(',
      '@@KeyVault(',
      '@',
      'akvs://',
      ')',
      '(',
      ';',
      '=',
      'VaultName=',
      'shop',
      'SecretName=',
      'pw',
    ],
    ...[
      'SecretUri=',
      'https://shop.vault.azure.net/secrets/',
      '/',
      'Default=',
      'Optional=true',
      'Field=',
      'Encode=',
      'Format=pem',
      'File=true',
      '\n',
      ' ',
      '\0',
      '😀',
      '\uD800',
    ],
  );
  const hostile = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 3000 }),
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
    fc.tuple(pieces, pieces, fc.integer({ min: 1, max: 2000 })).map(([a, b, n]) => (a + b).repeat(n)),
  );

  test('is total', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const scan = scanValue(value);
        expect(['plain', 'segments', 'problem']).toContain(scan.kind);
      }),
      { numRuns: 500 },
    );
  });

  test('loses and adds no character outside of references', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const scan = scanValue(value);
        if (scan.kind !== 'segments') return;
        // Printing escapes and references again gives a text that means the same.
        const again = scan.segments
          .map((s) =>
            typeof s === 'string' ? s.replace(/@((?:Microsoft\.)?KeyVault\()/gi, '@@$1') : printReference(s),
          )
          .join('');
        expect(scanValue(again)).toEqual(scan);
      }),
      { numRuns: 500 },
    );
  });

  test('a problem never quotes what stands in the value', () => {
    const canary = 'c4n4ry';
    const key = fc.constantFrom(
      'VaultName',
      'SecretName',
      'SecretVersion',
      'SecretUri',
      'Identity',
      'Field',
      'Encode',
      'Format',
      'File',
      'Optional',
      'Default',
      canary,
      'x',
    );
    const value = fc.constantFrom(
      canary,
      `${canary}_`,
      `https://${canary}/x`,
      `/${canary}~`,
      `true ${canary}`,
      '',
      'shop',
      'pw',
    );
    const part = fc.oneof(
      fc.tuple(key, value).map(([k, v]) => `${k}=${v}`),
      value,
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.constantFrom(')', ''), (parts, close) => {
        for (const text of [`${canary} @KeyVault(${parts.join(';')}${close}`, `akvs://${parts.join('/')}`]) {
          const scan = scanValue(text);
          if (scan.kind === 'problem') expect(scan.problem + scan.hint).not.toContain(canary);
        }
      }),
      { numRuns: 500 },
    );
  });
});
