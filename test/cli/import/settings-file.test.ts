// Rewriting a file of settings: only the values that moved change, whatever else stands there.
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Entry, withValues } from '../../../src/cli/import/entries.js';
import { parseSettings, readsAs } from '../../../src/cli/import/settings-file.js';
import { isUsageError } from '../../../src/cli/support/exit.js';
import { anyCharacter } from '../../helpers/any-text.js';

vi.mock('node:util', { spy: true });

const REFERENCE = '@KeyVault(VaultName=shop;SecretName=a-secret)';

function rewritten(file: string, text: string, ...names: string[]): string {
  const settings = parseSettings(file, text);
  const values = new Map(names.map((name) => [name, REFERENCE]));
  const result = withValues(text, settings.entries, values);
  expect(readsAs(settings, result, values)).toBe(true);
  return result;
}

describe('.env', () => {
  test.each([
    ['A=plain', `A=${REFERENCE}`],
    ['A="quoted # not a comment"', `A="${REFERENCE}"`],
    ["A='it is'  # why\nB=2", `A='${REFERENCE}'  # why\nB=2`],
    ['A=`back "and" \'forth\'`\n', `A=\`${REFERENCE}\`\n`],
    ['  A = spaced   \r\nB=2\r\n', `  A = ${REFERENCE}   \r\nB=2\r\n`],
    ['export A=for-shells #comment', `export A='${REFERENCE}' #comment`],
    ['# A=no\nA="two\nlines"\nB=x\n\n', `# A=no\nA="${REFERENCE}"\nB=x\n\n`],
    ['\uFEFFA=with a mark in front', `\uFEFFA=${REFERENCE}`],
    ['A=\nB=2', `A=${REFERENCE}\nB=2`],
  ])('%j', (text, expected) => {
    expect(rewritten('.env', text, 'A')).toBe(expected);
  });

  test('the value is what Node reads', () => {
    const text = 'A="l1\\nl2"\nB=\'l1\\nl2\'\nC=a #b\nD="p$a$$ $(X)"';
    expect(parseSettings('.env', text).entries.map(({ name, value }) => [name, value])).toEqual([
      ['A', 'l1\nl2'],
      ['B', 'l1\\nl2'],
      ['C', 'a'],
      ['D', 'p$a$$ $(X)'],
    ]);
  });

  test('what Node cuts at a # directly behind it, and Docker, Python and shells do not, is not certain', () => {
    const { entries } = parseSettings('.env', `A=pass#word\nB="x"#y\nC=x # y\nD="x#y"\nE=#y`);
    expect(entries.map(({ value }) => value)).toEqual([undefined, undefined, 'x', 'x#y', '']);
  });

  test('a value that is given twice has no certain place', () => {
    const { entries } = parseSettings('.env', 'A=1\nA=2\nB=3');
    expect(entries.map(({ name, value }) => [name, value])).toEqual([
      ['A', undefined],
      ['A', '2'],
      ['B', '3'],
    ]);
  });

  test('any text at all: what it replaces is one value, and everything else stays', () => {
    const line = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('A', 'export B', 'C.D', ' E '),
          fc.constantFrom('=', ' = '),
          fc.string({ maxLength: 12 }),
        )
        .map((parts) => parts.join('')),
      fc.string({ unit: fc.constantFrom('A', '=', '"', "'", '`', '#', '\n', '\r', ' ', '$', '\\'), maxLength: 20 }),
    );
    let moved = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const text = lines.join('\n');
        const before = parseEnv(text);
        let entries: readonly Entry[];
        try {
          ({ entries } = parseSettings('.env', text));
        } catch (error) {
          // As `run` does, whatever Node would make of it.
          expect(isUsageError(error)).toBe(true);
          return;
        }
        if (entries.some(({ value }) => value !== undefined)) moved++;
        for (const { name, value } of entries) {
          // What stands there twice is never moved (choose.test.ts).
          if (value === undefined || entries.filter((other) => other.name === name).length > 1) continue;
          expect(before[name]).toBe(value);
          const after = parseEnv(withValues(text, entries, new Map([[name, REFERENCE]])));
          expect(after).toEqual({ ...before, [name]: REFERENCE });
        }
      }),
      { numRuns: 2000 },
    );
    // Or this would be a property of nothing.
    expect(moved).toBeGreaterThan(200);
  });

  test('Node reads a long file as seldom as a short one', () => {
    const text = Array.from({ length: 1000 }, (_, index) => `S_${index}=value-${index}`).join('\n');
    const readings = vi.mocked(parseEnv).mockClear().mock;
    const { entries } = parseSettings('.env', text);
    expect(entries.filter(({ value }) => value !== undefined)).toHaveLength(1000);
    // Each assignment alone is as long as itself.
    expect(readings.calls.filter(([read]) => read.length > 100)).toHaveLength(2);
  });

  test('one place that is strange costs the others nothing', () => {
    const nbsp = '\u00a0';
    const { entries } = parseSettings('.env', `A=1\nB=${nbsp}2\nC=3\nD=4\nE=${nbsp}5`);
    expect(entries.map(({ value }) => value)).toEqual(['1', undefined, '3', '4', undefined]);
  });

  test('what run refuses is refused, by its line', () => {
    expect(() => parseSettings('.env', '\uFEFFA=1\r\nno setting\r\n')).toThrow('.env, line 2: this is no setting.');
  });

  test('an empty value before another setting, which Node runs together, has no certain place', () => {
    expect(parseSettings('.env', 'A= \nB=2').entries.map(({ value }) => value)).toEqual([undefined, undefined]);
  });
});

test('app settings as az lists them keep what makes them a slot setting', () => {
  const list = (value: string) =>
    `[\n  {\n    "name": "A",\n    "slotSetting": true,\n    "value": "${value}"\n  },\n  { "name": "B", "value": "x" }\n]\n`;
  expect(rewritten('prod.json', list('plain'), 'A')).toBe(list(REFERENCE));
  expect(() => parseSettings('prod.json', '{ "A": "plain" }')).toThrow('has no "Values"');
});

describe('local.settings.json', () => {
  const text = `{
  // for my machine
  "IsEncrypted": false,
  "Values": {
    "A" : "one", /* here */
    "B": "t\\u0077o",
    "C": 3,
  },
  "Host": { "A": "not this" }
}\r\n`;

  test('comments, order and spaces stay', () => {
    expect(rewritten('local.settings.json', text, 'A', 'B')).toBe(
      text.replace('"one"', `"${REFERENCE}"`).replace('"t\\u0077o"', `"${REFERENCE}"`),
    );
    expect(parseSettings('x.json', text).entries.map(({ value }) => value)).toEqual(['one', 'two', undefined]);
  });

  test.each([
    ['{ "Values": { "A": "x" ', /^x\.json, line 1: this is not JSON/],
    ['{ "IsEncrypted": true, "Values": {} }', /is encrypted/],
    ['{ "A": "x" }', /has no "Values"/],
    ['', /^x\.json, line 1: this is not JSON/],
  ])('%s', (broken, message) => {
    expect(() => parseSettings('x.json', broken)).toThrow(message);
  });

  test('any values: each is replaced alone', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: anyCharacter }), { maxKeys: 5 }),
        (values) => {
          const json = JSON.stringify({ Values: values, Other: values }, undefined, 2);
          for (const name of Object.keys(values)) {
            expect(JSON.parse(rewritten('x.json', json, name))).toEqual({
              Values: { ...values, [name]: REFERENCE },
              Other: values,
            });
          }
        },
      ),
    );
  });
});
