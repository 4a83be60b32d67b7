import { describe, expect, test } from 'vitest';
import { parseLocalSettings } from '../../../src/cli/support/local-settings.js';
import { canary } from '../../process/support/canary.js';

const parse = (text: string) => Object.fromEntries(parseLocalSettings(text, 'local.settings.json'));

describe('as Core Tools reads it', () => {
  test.each([
    ['values', '{"IsEncrypted":false,"Values":{"A":"1","B":""}}', { A: '1', B: '' }],
    ['comments and trailing commas', '{ // c\n "Values": { /* c */ "A": "1", }, }', { A: '1' }],
    [
      'numbers as written, booleans as .NET prints them',
      '{"Values":{"A":1.50,"B":true,"C":false}}',
      { A: '1.50', B: 'True', C: 'False' },
    ],
    ['null is left out', '{"Values":{"A":null,"B":"1"}}', { B: '1' }],
    ['a name that is none', '{"Values":{"":"1","B":"2"}}', { B: '2' }],
    ['the last of a name', '{"Values":{"A":"1","A":"2"}}', { A: '2' }],
    ['no values', '{"IsEncrypted":false,"Host":{"LocalHttpPort":7071}}', {}],
    [
      'sections in any case',
      '{"values":{"A":"1"},"connectionStrings":{"db":"x"}}',
      { A: '1', 'ConnectionStrings:db': 'x' },
    ],
    ['sections that are null', '{"Values":null,"ConnectionStrings":null}', {}],
    [
      'connection strings in both forms',
      '{"ConnectionStrings":{"db":"Server=1","cache":{"ConnectionString":"k","ProviderName":"p"}}}',
      { 'ConnectionStrings:db': 'Server=1', 'ConnectionStrings:cache': 'k' },
    ],
    ['escapes', '{"Values":{"A":"line\\n\\u00e9\\"@KeyVault(SecretUri=x)"}}', { A: 'line\né"@KeyVault(SecretUri=x)' }],
  ])('%s', (_what, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test('or as az prints app settings, by name', () => {
    const list = [
      { name: 'A', slotSetting: true, value: '1' },
      { name: 'B', slotSetting: false, value: null },
      { name: 'C', value: '@KeyVault(VaultName=shop;SecretName=c)' },
    ];
    expect(parse(JSON.stringify(list))).toEqual({ A: '1', C: '@KeyVault(VaultName=shop;SecretName=c)' });
    expect(parse('[]')).toEqual({});
  });

  test('names that JavaScript has a meaning for are names', () => {
    expect([...parseLocalSettings('{"Values":{"__proto__":"1","toString":"2"}}', 'f')]).toEqual([
      ['__proto__', '1'],
      ['toString', '2'],
    ]);
  });
});

describe('mistakes name the line and quote no value', () => {
  const secret = canary('settings');

  test.each([
    ['more depth than any stack has', '['.repeat(200_000), /^local\.settings\.json, line 1: .* nesting is too deep/],
    ['an empty file', '', /^local\.settings\.json, line 1: this is not JSON/],
    ['no JSON', `{\n  "Values": {\n    "A": ${secret}\n}}`, /line 3: this is not JSON: a word that is no value/],
    ['an open string', `{"Values":{\n"A":"${secret}\n}}`, /line 2: this is not JSON/],
    ['a list', `["${secret}"]`, /line 1: this is not an object/],
    [
      'a list with something else in it',
      `[{"name":"A","value":"1"},\n{"A":"${secret}"}]`,
      /line 2: this is not an object/,
    ],
    ['a setting without a value', `[\n{"name":"${secret}"}]`, /line 2: this is not an object/],
    ['a setting that is a list', `[{"name":"A",\n"value":["${secret}"]}]`, /line 2: the value of "A" is no text/],
    ['values in a list', `{\n"Values":["${secret}"]}`, /line 2: "Values" is no object/],
    ['a value that is an object', `{"Values":{\n"A":{"x":"${secret}"}}}`, /line 2: the value of "A" is no text/],
    [
      'a connection string that is none',
      `{"ConnectionStrings":{"db":{"Other":"${secret}"}}}`,
      /"ConnectionStrings:db" is no text/,
    ],
    ['a name with =', `{"Values":{"A=B":"${secret}"}}`, /"A=B" cannot be an environment variable/],
    ['NUL', `{"Values":{"A":"${secret}\\u0000"}}`, /"A" cannot be an environment variable/],
  ])('%s', (_what, text, expected) => {
    expect(() => parse(text)).toThrow(expected);
    expect(() => parse(text)).not.toThrow(secret);
  });

  test('a number in a list comes with the remedy', () => {
    expect(() => parse('{"Values":{"A":[1]}}')).toThrow(expect.objectContaining({ hint: 'Quote it.' }));
  });

  test('an encrypted file comes with the remedy', () => {
    expect(() => parse(`{"IsEncrypted":true,"Values":{"A":"${secret}"}}`)).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        message: 'local.settings.json is encrypted.',
        hint: 'Decrypt it with: func settings decrypt',
      }),
    );
  });
});
