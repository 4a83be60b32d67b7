import { describe, expect, test } from 'vitest';
import { mayRefer } from '../../src/settings/may-refer.js';
import { MAX_REFERENCE_LENGTH } from '../../src/settings/reference.js';
import { failsStart, hasMarker, type Scan, scanValue } from '../../src/settings/scan.js';
import { ABSENT, FORBIDDEN, OUTAGE, planOf, ref, settingIn } from '../helpers/fixtures.js';

/** Literal texts, and `<secret>` for references. */
function shape(scan: Scan): unknown {
  if (scan.kind !== 'segments') return scan.kind;
  return scan.segments.map((segment) => (typeof segment === 'string' ? segment : `<${segment.secret}>`));
}

test.each([undefined, null, 7, ['@KeyVault(', ref()], { toString: () => ref() }])(
  'what an app has put in the place of a text is no reference: %o',
  (value) => {
    expect(mayRefer(value as string | undefined)).toBe(false);
    expect(hasMarker(value as string | undefined)).toBe(false);
  },
);

describe('scanValue', () => {
  test.each<[string, unknown]>([
    ['', 'plain'],
    ['plain text', 'plain'],
    ['@KeyVault', 'plain'],
    ['KeyVault(VaultName=shop;SecretName=pw)', 'plain'],
    ['@ KeyVault(VaultName=shop;SecretName=pw)', 'plain'],
    ['@Microsoft KeyVault(x)', 'plain'],
    ['@MicrosoftXKeyVault(x)', 'plain'],
    ['@Azure.KeyVault(x)', 'plain'],
    ['name@example.com', 'plain'],
    [' akvs://sub/shop/pw', 'plain'],
    ['see akvs://sub/shop/pw', 'plain'],
    ['a word, and akvs://sub/shop/pw', 'plain'],
    ['me@akvs://sub/shop/pw', 'plain'],
    ['akvs:sub', 'plain'],
    [ref(), ['<pw>']],
    ['@keyvault(vaultname=shop;secretname=pw)', ['<pw>']],
    ['@MICROSOFT.KEYVAULT(VaultName=shop;SecretName=pw)', ['<pw>']],
    [`postgres://app:${ref()}@db/shop`, ['postgres://app:', '<pw>', '@db/shop']],
    [`${ref('a')}${ref('b')}`, ['<a>', '<b>']],
    [`${ref('a')}:${ref('b')}\n`, ['<a>', ':', '<b>', '\n']],
    [`user@${ref()}`, ['user@KeyVault(VaultName=shop;SecretName=pw)']],
    ['@@KeyVault(x)', ['@KeyVault(x)']],
    ['@@Microsoft.KeyVault(', ['@Microsoft.KeyVault(']],
    ['a @@KeyVault( b @@keyvault( c', ['a @KeyVault( b @keyvault( c']],
    ['@@@KeyVault(x)', ['@@KeyVault(x)']],
    [`@@KeyVault(${ref()}`, ['@KeyVault(', '<pw>']],
    [`${ref()})`, ['<pw>', ')']],
    ['akvs://sub/shop/pw', ['<pw>']],
    ['AKVS://sub/shop/pw', ['<pw>']],
    // Not the akvs:// form, though it begins alike.
    [`akvs: ${ref()}`, ['akvs: ', '<pw>']],
    // It is the whole value, or text.
    [`${ref()} akvs://sub/shop/pw`, ['<pw>', ' akvs://sub/shop/pw']],
    [`akvs://sub/shop/pw ${ref()}`, 'problem'],
    ['@KeyVault(', 'problem'],
    ['@KeyVault()', 'problem'],
    [`${ref()} @KeyVault(VaultName=shop`, 'problem'],
    ['@KeyVault(VaultName=shop;SecretName=pw', 'problem'],
    ['@KeyVault(VaultName=@KeyVault(x);SecretName=pw)', 'problem'],
  ])('%j', (value, expected) => {
    expect(shape(scanValue(value))).toEqual(expected);
  });

  test('a reference has at most 2,048 characters, marker and parenthesis included', () => {
    const sized = (length: number) => ref('pw', `Default=${'x'.repeat(length - ref('pw', 'Default=').length)}`);
    expect(sized(MAX_REFERENCE_LENGTH)).toHaveLength(2048);
    expect(shape(scanValue(sized(2048)))).toEqual(['<pw>']);
    expect(shape(scanValue(sized(2049)))).toBe('problem');
    expect(shape(scanValue(`text ${sized(2048)} text`))).toEqual(['text ', '<pw>', ' text']);
    expect(shape(scanValue(`text ${sized(2049)} text)`))).toBe('problem');
  });

  test('a reference that is not closed, and one with nothing in it, are told apart', () => {
    const cutOff = { problem: 'a reference is not closed.', hint: expect.stringContaining('PowerShell') };
    expect(scanValue('@KeyVault(')).toMatchObject(cutOff);
    expect(scanValue(ref('pw').slice(0, -1))).toMatchObject(cutOff);
    expect(scanValue(`${ref('pw').slice(0, -1)}${'x'.repeat(2048)}`)).toMatchObject({
      problem: 'a reference is longer than 2048 characters.',
    });
    expect(scanValue('@KeyVault()')).toMatchObject({ problem: expect.stringContaining('is missing') });
  });

  test('calls do not disturb each other', () => {
    const value = `${ref('a')} ${ref('b')}`;
    expect(scanValue('@KeyVault(broken')).toMatchObject({ kind: 'problem' });
    expect(shape(scanValue(value))).toEqual(['<a>', ' ', '<b>']);
    expect(shape(scanValue(value))).toEqual(['<a>', ' ', '<b>']);
  });

  test('many references, or a hostile value, cost one pass', () => {
    const one = ref();
    const scan = scanValue(one.repeat(3000));
    expect(scan.kind === 'segments' && scan.segments).toHaveLength(3000);
    for (const piece of ['@@KeyVault(', '@', '@KeyVault', '@@', '@Microsoft.', `${one}@@KeyVault(`, '(', ')']) {
      expect(scanValue(piece.repeat(200_000)).kind).not.toBe('problem');
    }
    // Each of these ends at its first mistake, without looking for a ")" in all that follows.
    for (const piece of ['@KeyVault(', '@KeyVault(;', 'akvs://', '@Microsoft.KeyVault(VaultName=']) {
      expect(scanValue(piece.repeat(200_000)).kind).toBe('problem');
    }
  });

  test('a problem never quotes the text', () => {
    for (const value of [
      'hunter @KeyVault(hunter',
      'hunter @KeyVault(hunter)',
      'akvs://hunter/hunter',
      `hunter ${ref('hunter_2')}`,
      '@KeyVault(VaultName=shop;SecretName=pw;Default=hun;ter)'.replace('hun;ter', ';hunter'),
    ]) {
      const scan = scanValue(value);
      expect(scan.kind, value).toBe('problem');
      expect(JSON.stringify(scan)).not.toContain('hunter');
    }
  });
});

describe('a start would fail', () => {
  const [needed, spared, optional] = [ref('a'), ref('b', 'Default=x'), ref('c', 'Optional=true')];

  test.each<[string, string, typeof ABSENT, boolean]>([
    ['without a secret', needed, ABSENT, true],
    ['though what stands beside it may be absent', `${spared}${needed}${optional}`, ABSENT, true],
    ['not where all of it may be', `${spared}:${optional}`, ABSENT, false],
    ['where that is refused', `${spared}:${optional}`, FORBIDDEN, true],
    ['not of an outage, which passes', needed, OUTAGE, false],
  ])('%s', (_name, text, failure, expected) => {
    expect(failsStart(settingIn(planOf({ DB: text }), 'DB'), failure)).toBe(expected);
  });
});
