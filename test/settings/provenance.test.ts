// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { describe, expect, test } from 'vitest';
import type { Environment } from '../../src/settings/environment.js';
import { laterTime, printProvenance, readProvenance } from '../../src/settings/provenance.js';
import { NOW_MS, ref, V1 } from '../helpers/fixtures.js';

const AT = new Date(NOW_MS).toISOString();
const entry = (name: string, value: string | undefined, pointer = ref()) => ({ name, value, pointer, resolvedAt: AT });
const recordOf = (...entries: ReturnType<typeof entry>[]): Environment => Object.fromEntries(printProvenance(entries));

describe('what is written is believed', () => {
  test.each(['', 's3cret', '${X}', '@KeyVault(', '"\\\n\0', '😀', '\uD800', 'x'.repeat(32_000)])('%j', (value) => {
    const env = { ...recordOf(entry('PW', value)), PW: value };
    expect(readProvenance(env).get('PW')).toMatchObject({ pointer: ref(), resolvedAt: AT, resolvedAtMs: NOW_MS });
  });

  test('the version too, and whether it was a template', () => {
    const env = Object.fromEntries(
      printProvenance([
        { ...entry('PW', 'a'), version: V1 },
        { ...entry('T', 't'), isTemplate: true },
      ]),
    );
    const record = readProvenance({ ...env, PW: 'a', T: 't' });
    expect([record.get('PW')?.version, record.get('T')?.version]).toEqual([V1, undefined]);
    expect([record.get('PW')?.template, record.get('T')?.template]).toEqual([undefined, true]);
  });

  test('also when another release wrote it: its hash is part of the format', () => {
    const settings = {
      PW: { pointer: ref(), resolvedAt: AT, check: '1125' },
      USER: { pointer: ref(), resolvedAt: AT, check: '0c67' },
    };
    const record = JSON.stringify({ v: 1, salt: '5a17', settings });
    const env = { VAULTSTRAP_REFERENCES: record, PW: 's3cret é😀', USER: 'app15' };
    expect([...readProvenance(env).keys()]).toEqual(['PW', 'USER']);
  });

  test('names that objects have anyway', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      const env: Environment = Object.fromEntries([...Object.entries(recordOf(entry(name, 'a'))), [name, 'a']]);
      expect([...readProvenance(env).keys()]).toEqual([name]);
      expect(readProvenance(recordOf(entry(name, 'a'))).size).toBe(0);
    }
  });

  test('an optional one that was left unset, as long as it is', () => {
    const record = recordOf(entry('PW', undefined));
    expect(readProvenance(record).get('PW')).toMatchObject({ unset: true, check: '' });
    expect(readProvenance({ ...record, PW: 'set since' }).size).toBe(0);
    expect(readProvenance({ ...record, PW: '' }).size).toBe(0);
  });
});

describe('what is not', () => {
  test("another value, another setting's value, none", () => {
    const record = recordOf(entry('PW', 'a'), entry('USER', 'b'));
    expect([...readProvenance({ ...record, PW: 'override', USER: 'b' }).keys()]).toEqual(['USER']);
    expect([...readProvenance({ ...record, PW: 'b', USER: 'a' }).keys()]).toEqual([]);
    expect([...readProvenance({ ...record, PW: ref() }).keys()]).toEqual([]);
    expect([...readProvenance(record).keys()]).toEqual([]);
  });

  const whole = JSON.parse(recordOf(entry('PW', 'a'))['VAULTSTRAP_REFERENCES'] ?? '') as {
    salt: string;
    settings: { PW: { check: string } };
  };
  const { PW } = whole.settings;
  test('only the untouched record is', () => {
    expect(readProvenance({ VAULTSTRAP_REFERENCES: JSON.stringify(whole), PW: 'a' }).size).toBe(1);
    // The same in a variable that anybody may set.
    expect(readProvenance({ OTHER: JSON.stringify(whole), PW: 'a' }).size).toBe(0);
  });
  test.each<[string, unknown]>([
    ['another version of the format', { ...whole, v: 2 }],
    ['another salt', { ...whole, salt: 'x' }],
    ['no salt', { ...whole, salt: undefined }],
    ['no settings', { ...whole, settings: null }],
    ['settings that are a text', { ...whole, settings: 'PW' }],
    ['a list', [whole]],
    ['an entry that is null', { ...whole, settings: { PW: null } }],
    ['an entry that is a text', { ...whole, settings: { PW: 'x' } }],
    ['no check', { ...whole, settings: { PW: { ...PW, check: undefined } } }],
    ['a wrong check', { ...whole, settings: { PW: { ...PW, check: 'zzzz' } } }],
    ['an empty check', { ...whole, settings: { PW: { ...PW, check: '' } } }],
    ['no pointer', { ...whole, settings: { PW: { ...PW, pointer: 1 } } }],
    ['no time', { ...whole, settings: { PW: { ...PW, resolvedAt: undefined } } }],
    ['a time that is a number', { ...whole, settings: { PW: { ...PW, resolvedAt: 2026 } } }],
    ['no date', { ...whole, settings: { PW: { ...PW, resolvedAt: 'yesterday' } } }],
    ['a version that is none', { ...whole, settings: { PW: { ...PW, version: 7 } } }],
  ])('%s', (_what, record) => {
    expect(readProvenance({ VAULTSTRAP_REFERENCES: JSON.stringify(record), PW: 'a' }).size).toBe(0);
  });
  test.each([
    ['2026-11-21T13:00:00.000Z', Date.parse('2026-11-21T13:00:00Z')],
    // Earlier than the record itself, or no time.
    ['2020-01-01T00:00:00.000Z', NOW_MS],
    ['soon', NOW_MS],
    ['', NOW_MS],
  ])('a later time for what was resolved last: %j', (later, expected) => {
    const old = { ...entry('OLD', 'o'), resolvedAt: '2026-11-01T00:00:00.000Z' };
    const env = { ...recordOf(entry('PW', 'a'), old), VAULTSTRAP_REFERENCES_AT: later, PW: 'a', OLD: 'o' };
    const record = readProvenance(env);
    expect(record.get('PW')?.resolvedAtMs).toBe(expected);
    expect(record.get('OLD')?.resolvedAtMs).toBe(Date.parse('2026-11-01T00:00:00Z'));
  });
  test.each(['', '{', 'null', '0', '""', '[]', '{"v":1}', 'not json', '{"v":1,"salt":"","settings":[1,null]}'])(
    'malformed record %j',
    (text) => {
      expect(readProvenance({ VAULTSTRAP_REFERENCES: text, PW: 'a' }).size).toBe(0);
    },
  );
});

describe('the record', () => {
  test('holds no value, and another salt every time', () => {
    const one = JSON.stringify(recordOf(entry('PW', 'c4nary')));
    const two = JSON.stringify(recordOf(entry('PW', 'c4nary')));
    expect(one).not.toContain('c4nary');
    expect(one).not.toBe(two);
    const check = (text: string) => /check\\":\\"([^\\]*)/.exec(text)?.[1];
    expect(check(one)).toMatch(/^[0-9a-f]{4}$/);
  });

  test('is there without entries, too', () => {
    const record = recordOf();
    expect(Object.keys(record)).toEqual(['VAULTSTRAP_REFERENCES']);
    expect(readProvenance(record).size).toBe(0);
  });

  test('takes several variables, none too long for a spawn', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `SETTING_${i}`);
    const record = printProvenance(names.map((name) => entry(name, `value of ${name}`)));
    const lengths = [...record.values()].map((text) => text.length);
    expect(record.size).toBeGreaterThan(3);
    expect(record.size).toBeLessThan(10);
    expect(Math.max(...lengths)).toBeLessThan(30_200);
    expect([...record.keys()].slice(0, 3)).toEqual([
      'VAULTSTRAP_REFERENCES',
      'VAULTSTRAP_REFERENCES_1',
      'VAULTSTRAP_REFERENCES_2',
    ]);
    const env = { ...Object.fromEntries(record), ...Object.fromEntries(names.map((n) => [n, `value of ${n}`])) };
    expect(readProvenance(env).size).toBe(1000);
    // One lost chunk costs its own settings only.
    expect(readProvenance({ ...env, VAULTSTRAP_REFERENCES: 'torn' }).size).toBeGreaterThan(500);
  });

  test('one long pointer does not push an empty record in front', () => {
    const record = printProvenance([entry('A', 'a', `${'x'.repeat(40_000)}`), entry('B', 'b')]);
    expect(record.size).toBe(2);
    for (const text of record.values()) expect(Object.keys(JSON.parse(text).settings)).toHaveLength(1);
  });
});

describe('a later time alone is enough', () => {
  const [OLD, THEN, NOW] = ['2026-11-01T00:00:00.000Z', '2026-11-21T12:00:00.000Z', '2026-11-21T12:05:00.000Z'];
  const at = (resolvedAt: string, more: object = {}) => ({ ...entry('PW', 'a'), version: V1, resolvedAt, ...more });
  const pinned = at(OLD, { name: 'PINNED' });
  const other = (resolvedAt: string) => at(resolvedAt, { name: 'OTHER' });

  test.each([
    ['all were found unchanged', [at(THEN), other(THEN)], [at(NOW), other(NOW)], NOW],
    ['of what was resolved last', [at(THEN), pinned], [at(NOW), pinned], NOW],
    ['within the same moment', [at(THEN)], [at(THEN)], THEN],
  ])('%s', (_what, before, now, expected) => {
    expect(laterTime(before, now)).toBe(expected);
  });

  test.each([
    ['another name', [at(THEN)], [other(NOW)]],
    ['another value', [at(THEN)], [at(NOW, { value: 'b' })]],
    ['another pointer', [at(THEN)], [at(NOW, { pointer: ref('b') })]],
    ['another version', [at(THEN)], [at(NOW, { version: undefined })]],
    ['one more', [at(THEN)], [at(NOW), other(NOW)]],
    ['one less', [at(THEN), other(THEN)], [at(NOW)]],
    ['one that could not be read: it is as old as it was', [at(THEN), other(THEN)], [at(NOW), other(THEN)]],
    [
      'one that is younger than it was, and was not the last',
      [at(THEN), pinned],
      [at(NOW), { ...pinned, resolvedAt: NOW }],
    ],
    ['a clock that was set back', [at(NOW)], [at(THEN)]],
  ])('but not for %s', (_what, before, now) => {
    expect(laterTime(before, now)).toBeUndefined();
  });
});
