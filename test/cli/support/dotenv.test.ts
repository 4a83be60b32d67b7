import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDotenv } from '../../../src/cli/support/dotenv.js';
import { canary } from '../../process/support/canary.js';

const parse = (text: string) => Object.fromEntries(parseDotenv(text, '.env'));

test.each([
  ['plain', 'A=1\nB=two words\n', { A: '1', B: 'two words' }],
  ['empty ones', 'A=\nB=""', { A: '', B: '' }],
  ['comments and blank lines', '# c\n\n  # c\nA=1 # c\nB="#" # c', { A: '1', B: '#' }],
  ['export', 'export A=1\n  export  B = 2', { A: '1', B: '2' }],
  ['quotes of one kind in another', `A='{"a":1}'\nB="it's"\nC=\`"'\``, { A: '{"a":1}', B: "it's", C: `"'` }],
  ['several lines in quotes', 'A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
  ['CRLF', 'A=1\r\nB="one\r\ntwo"\r\n', { A: '1', B: 'one\ntwo' }],
  ['CR alone', 'A=1\r# c\rB="one\rtwo"\rC=3', { A: '1', B: 'one\ntwo', C: '3' }],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dotenv's own
  ['nothing expanded', 'A=$B ${B} $(reboot) `id\nB=$A', { A: '$B ${B} $(reboot) `id', B: '$A' }],
  [
    'a reference',
    'DB=postgres://a:@KeyVault(VaultName=shop;SecretName=pw)@db',
    { DB: 'postgres://a:@KeyVault(VaultName=shop;SecretName=pw)@db' },
  ],
  ['names of .NET', 'ConnectionStrings:db=x\nA.B-C=1', { 'ConnectionStrings:db': 'x', 'A.B-C': '1' }],
  ['the last of a name', 'A=1\nA=2', { A: '2' }],
  ['an empty value before another, which Node runs together', 'A= \nB=2', { A: '', B: '2' }],
  ['an empty file', '', {}],
])('%s', (_what, text, expected) => {
  expect(parse(text)).toEqual(expected);
});

describe('mistakes name the line and quote nothing', () => {
  const secret = canary('dotenv');

  test.each([
    ['no setting', `A=1\n${secret}\nB=2`, 2, 'this is no setting'],
    ['no name', `\n\n=${secret}`, 3, 'this is no setting'],
    ['a name in two words', `MY ${secret}=1`, 1, 'this is no setting'],
    ['an open quote', `A=1\r\nB="${secret}\r\nC=3`, 2, 'a " is not closed'],
    ['a quote in quotes', `A="${secret}"${secret}"`, 1, 'after the closing "'],
    ['JSON', `{\n"${secret}": 1 }`, 1, 'this is no setting'],
    ['after a value of several lines', `A="1\n2\n3"\n${secret}`, 4, 'this is no setting'],
  ])('%s', (_what, text, line, what) => {
    let message = 'nothing thrown';
    let hint: unknown;
    try {
      parse(text);
    } catch (error) {
      message = `${(error as Error).name}: ${(error as Error).message}`;
      ({ hint } = error as { hint?: unknown });
    }
    expect(hint).toMatch(/^(Write|Close|A value) .+\.$/);
    expect(message).toMatch(new RegExp(`^UsageError: \\.env, line ${line}: .*${what}`));
    expect(message).not.toContain(secret);
  });
});

test('one line takes nothing from another', () => {
  const name = fc.stringMatching(/^[A-Z]{1,3}$/);
  const piece = fc.constantFrom('x', ' ', '#', '=', '"', "'", '`', '$', '\\', 'é', '\t');
  const value = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 5 }), (pairs) => {
      const lines = pairs.map(([key, raw]) => `${key}=${raw}`);
      let parsed: Record<string, string>;
      try {
        parsed = parse(lines.join('\n'));
      } catch (error) {
        expect((error as Error).name).toBe('UsageError');
        return;
      }
      const quoted = pairs.some(([, raw]) => /^\s*["'`]/.test(raw));
      if (!quoted) expect(parsed).toEqual(Object.assign({}, ...lines.map((line) => parseEnv(line))));
    }),
    { numRuns: 2000 },
  );
});
