import { describe, expect, test } from 'vitest';
import { selectField } from '../../src/rotation/field.js';
import { checkValue, MAX_VALUE_BYTES, referenceText } from '../../src/rotation/value.js';
import { findCanary } from '../helpers/canary.js';

describe('Field', () => {
  test.each<[string, string, string]>([
    ['{"a":"b"}', 'a', 'b'],
    ['{"a":""}', 'a', ''],
    ['{"a":" x\\n\\u00e9😀$"}', 'a', ' x\né😀$'],
    ['{"a":true,"b":false}', 'b', 'false'],
    // As written: JSON.parse alone would give 12345678901234567000, 1.1, 100, 0 and 1000.
    ['{"n":12345678901234567890}', 'n', '12345678901234567890'],
    ['{"n":1.10}', 'n', '1.10'],
    ['{"n":1e2}', 'n', '1e2'],
    ['{"n":-0}', 'n', '-0'],
    ['{"n":1E+3}', 'n', '1E+3'],
    ['{"n":[1.50]}', '/n/0', '1.50'],
    // A pointer begins with "/"; anything else is one name.
    ['{"a/b":"x","a":{"b":"y"}}', 'a/b', 'x'],
    ['{"a/b":"x","a":{"b":"y"}}', '/a/b', 'y'],
    ['{"a/b":"x"}', '/a~1b', 'x'],
    ['{"a~b":"x"}', '/a~0b', 'x'],
    ['{"~1":"x"}', '/~01', 'x'],
    ['{"a~b":"x"}', 'a~b', 'x'],
    ['{"":"x"}', '/', 'x'],
    ['{"a":{"":"x"}}', '/a/', 'x'],
    ['{"a":[{"b":"x"},{"b":"y"}]}', '/a/1/b', 'y'],
    ['["x","y"]', '/1', 'y'],
    ['["x","y"]', '1', 'y'],
    ['{"0":"x"}', '/0', 'x'],
    ['{"01":"x"}', '/01', 'x'],
    ['{"a.b":"x"}', 'a.b', 'x'],
    ['{"constructor":"x"}', 'constructor', 'x'],
    ['{"__proto__":"x"}', '__proto__', 'x'],
    ['{"__proto__":{"a":"x"}}', '/__proto__/a', 'x'],
    ['{"a":1,"a":"last"}', 'a', 'last'],
    ['\r\n {"a" : "x"} \t', 'a', 'x'],
  ])('%s, %s: %j', (json, field, expected) => {
    expect(selectField(json, field)).toEqual({ ok: true, value: expected });
  });

  test.each<[string, string]>([
    ['{"a":null}', 'a'],
    ['{"a":{}}', 'a'],
    ['{"a":[1]}', 'a'],
    ['{"a":1}', 'b'],
    ['{"a":1}', 'A'],
    ['{}', 'constructor'],
    ['{}', '__proto__'],
    ['{}', 'toString'],
    ['{}', '/constructor/name'],
    ['{"a":1}', '/a/source'],
    ['{"a":1.5}', '/a/toFixed'],
    ['{"a":"text"}', '/a/length'],
    ['{"a":"text"}', '/a/0'],
    ['[1,2]', '/length'],
    ['[1,2]', 'length'],
    ['[1,2]', '/01'],
    ['[1,2]', '/-'],
    ['[1,2]', '/2'],
    ['[1,2]', '/-1'],
    ['[1,2]', '/1e0'],
    ['{"a":{"b":1}}', '/a/b/'],
    ['{"a":{"b":1}}', '/'],
    ['"text"', 'a'],
    ['"text"', '/0'],
    ['7', 'source'],
    ['null', 'a'],
    ['true', 'a'],
    ['', 'a'],
    ['{', 'a'],
    ["{'a':1}", 'a'],
    ['{"a":1}x', 'a'],
    ['\uFEFF{"a":1}', 'a'],
  ])('%s, %s: refused', (json, field) => {
    expect(selectField(json, field)).toMatchObject({ ok: false, failure: { code: 'ERR_FIELD', retry: 'never' } });
  });

  test.each<[string, string, string]>([
    ['text', 'a', 'the secret is not JSON'],
    ['{"a":1}', 'b', 'the secret has no member "b"'],
    // What every object has.
    ['{}', 'constructor', 'the secret has no member "constructor"'],
    ['{}', '/constructor/name', 'the secret has no member "/constructor/name"'],
    ['[1,2]', '/length', '"/length" does not lead to an element'],
    ['[1,2]', '/01', 'the secret has no member "/01"'],
    ['{"a":{}}', 'a', 'member "a" is not a string'],
  ])('%s, %s: says %s, and what Field takes', (json, field, details) => {
    expect(selectField(json, field)).toEqual({
      ok: false,
      failure: {
        status: 'OtherReasons',
        code: 'ERR_FIELD',
        details: expect.stringContaining(details),
        hint: expect.stringMatching(/^Field takes .*\/db\/password/),
        retry: 'never',
      },
    });
  });

  test('no message quotes the secret', () => {
    const canary = 'c4nary';
    for (const secret of [canary, `"${canary}"`, `{"a":{"b":"${canary}"}}`, `{${canary}`, `{"a":"${canary}"`]) {
      const result = selectField(secret, 'a');
      expect(result.ok, secret).toBe(false);
      expect(findCanary(result, canary)).toEqual([]);
    }
  });

  test('nesting does not crash', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      for (const depth of [1000, 200_000]) {
        expect(selectField(`${open.repeat(depth)}1${close.repeat(depth)}`, 'a').ok).toBe(false);
        expect(selectField(open.repeat(depth), 'a').ok).toBe(false);
      }
    }
    expect(selectField(`${'{"a":'.repeat(100)}"deep"${'}'.repeat(100)}`, '/a'.repeat(100))).toMatchObject({
      value: 'deep',
    });
  });
});

describe('Encode', () => {
  const encode = (text: string, encoding: 'uri' | 'base64' | 'json') => referenceText(text, { encode: encoding });
  test.each<[string, 'uri' | 'base64' | 'json', string]>([
    ['p@ss:w/rd?#[]&=+ %', 'uri', 'p%40ss%3Aw%2Frd%3F%23%5B%5D%26%3D%2B%20%25'],
    ["!'()*", 'uri', '%21%27%28%29%2A'],
    ['é😀\n', 'uri', '%C3%A9%F0%9F%98%80%0A'],
    ['-_.~', 'uri', '-_.~'],
    ['', 'uri', ''],
    ['é😀\0', 'base64', 'w6nwn5iAAA=='],
    ['', 'base64', ''],
    ['a"b\\c\n\t\u0001é', 'json', 'a\\"b\\\\c\\n\\t\\u0001é'],
    ['', 'json', ''],
  ])('%j as %s', (text, encoding, expected) => {
    expect(encode(text, encoding)).toEqual({ ok: true, value: expected });
  });

  test('of a field', () => {
    expect(referenceText('{"pw":"a b"}', { field: 'pw', encode: 'uri' })).toEqual({ ok: true, value: 'a%20b' });
    expect(referenceText('nope', { field: 'pw', encode: 'uri' })).toMatchObject({ failure: { code: 'ERR_FIELD' } });
  });

  test('half a surrogate pair is refused, whole ones are not', () => {
    for (const encoding of ['uri', 'base64', 'json', undefined] as const) {
      for (const text of ['\uD83D', 'a\uDE00b', '\uDE00\uD83D']) {
        const result = referenceText(text, encoding ? { encode: encoding } : {});
        expect(result).toMatchObject({ ok: false, failure: { code: 'ERR_VALUE_ENCODING' } });
      }
      expect(referenceText('😀', encoding ? { encode: encoding } : {}).ok).toBe(true);
    }
    expect(referenceText('{"a":"\\ud83d"}', { field: 'a' })).toMatchObject({ failure: { code: 'ERR_VALUE_ENCODING' } });
  });

  test('nothing else touches a secret', () => {
    for (const text of [' x ', '\r\n', '"', '\uFEFFx', 'é', 'e\u0301', '\0']) {
      expect(referenceText(text, {})).toEqual({ ok: true, value: text });
    }
  });
});

describe('checkValue', () => {
  test('bytes are counted, not characters', () => {
    expect(checkValue('x'.repeat(MAX_VALUE_BYTES))).toBeUndefined();
    expect(checkValue('x'.repeat(MAX_VALUE_BYTES + 1))?.code).toBe('ERR_VALUE_TOO_LARGE');
    expect(checkValue('é'.repeat(MAX_VALUE_BYTES / 2))).toBeUndefined();
    expect(checkValue('é'.repeat(MAX_VALUE_BYTES / 2 + 1))?.code).toBe('ERR_VALUE_TOO_LARGE');
    expect(checkValue('😀'.repeat(MAX_VALUE_BYTES / 4))?.code).toBeUndefined();
    expect(checkValue('😀'.repeat(MAX_VALUE_BYTES / 4 + 1))?.code).toBe('ERR_VALUE_TOO_LARGE');
  });
  test('an empty one is a value', () => {
    expect(checkValue('')).toBeUndefined();
  });
  test.each([
    ['a\0b', 'ERR_VALUE_NUL', 'a NUL character', 'Encode=base64'],
    ['a\uD83D', 'ERR_VALUE_ENCODING', 'half of a surrogate pair', 'as valid text'],
    ['x'.repeat(MAX_VALUE_BYTES + 1), 'ERR_VALUE_TOO_LARGE', 'larger than 32766 bytes', 'SecretClient'],
  ])('what no variable holds is said with a remedy, and not tried again: %#', (value, code, details, hint) => {
    expect(checkValue(value)).toMatchObject({
      status: 'OtherReasons',
      code,
      details: expect.stringContaining(details),
      hint: expect.stringContaining(hint),
      retry: 'never',
    });
  });
});
