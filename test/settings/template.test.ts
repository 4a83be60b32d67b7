// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { expand } from 'dotenv-expand';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { mentionsOf } from '../../src/settings/mentions.js';
import { expandTemplate } from '../../src/settings/template.js';
import { HOSTILE } from '../helpers/hostile.js';

vi.mock('dotenv-expand', async (load) => {
  const real = await load<typeof import('dotenv-expand')>();
  return { ...real, expand: vi.fn(real.expand) };
});
afterEach(() => {
  vi.mocked(expand).mockClear();
});

const expandWith = (text: string, values: Record<string, string | undefined> = {}) =>
  expandTemplate([text], (name) => (Object.hasOwn(values, name) ? values[name] : undefined));

describe('a value survives byte for byte', () => {
  test.each(HOSTILE.map((value) => [value.slice(0, 30), value]))('%j', (_title, value) => {
    const values = { SECRET: value, OTHER: 'other' };
    expect(expandWith('${SECRET}', values)).toBe(value);
    expect(expandWith('a ${SECRET} b ${OTHER} ${SECRET}$', values)).toBe(`a ${value} b other ${value}$`);
    expect(expandWith('${NONE:-${SECRET}}', values)).toBe(value);
    expect(expandWith('${OTHER:+${SECRET}}', values)).toBe(value);
    expect(expandWith('$SECRET', values)).toBe(value);
    expect(expandTemplate(['${OTHER}', { value }, '$'], () => 'other')).toBe(`other${value}$`);
    expect(expandTemplate(['${NONE:-', { value }, '}'], () => undefined)).toBe(value);
    expect(expandTemplate(['$', { value }, '\\', { value }], () => 'other')).toBe(`$${value}\\${value}`);
  });

  test('dotenv-expand never receives a value, a name, or a "$" that is none of its own', () => {
    expandTemplate(['${NAME_A}:$NAME_B \\${X} $(id) $& ', { value: 'c4nary-1' }, ' ${NAME_C:-d}'], () => 'c4nary-2');
    expect(expand).toHaveBeenCalled();
    const received = JSON.stringify(vi.mocked(expand).mock.calls);
    expect(received).not.toMatch(/c4nary|NAME_/);
    const text = vi.mocked(expand).mock.calls[0]?.[0]?.parsed?.['template'];
    // It has been expanded in place by now: nothing is left to expand or execute.
    expect(text).not.toContain('$');
  });

  test('it has its own environment, not ours', () => {
    process.env['VS_TEST_TEMPLATE'] = 'from process.env';
    try {
      const before = { ...process.env };
      expect(expandWith('[${VS_TEST_TEMPLATE}] ${A} ${template}', { A: 'a' })).toBe('[] a ');
      expect({ ...process.env }).toEqual(before);
    } finally {
      delete process.env['VS_TEST_TEMPLATE'];
    }
  });

  test('placeholders differ from call to call', () => {
    const texts = [1, 2].map(() => {
      expandWith('${A}', { A: 'a' });
      return Object.values(vi.mocked(expand).mock.lastCall?.[0]?.processEnv ?? {}).join();
    });
    expect(texts[0]).not.toBe(texts[1]);
    // Nobody's value can hold it, and dotenv-expand cannot read "null" in it.
    for (const text of texts) expect(text).toMatch(/^\uE000[0-9a-mo-z]{10,}\.\d+\uE001,/);
  });
});

describe('syntax', () => {
  const VALUES = { A: 'a', B: 'b', EMPTY: '', nullable: 'n', 'a.b:c': 'dotted', 'with space': 's' };
  test.each([
    ['${A}', 'a'],
    ['${A}${B}', 'ab'],
    ['x${A}y${B}z', 'xayb' + 'z'],
    ['${NONE}', ''],
    ['${EMPTY}', ''],
    ['${A:-d}', 'a'],
    ['${A-d}', 'a'],
    ['${NONE:-d}', 'd'],
    ['${NONE-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${NONE:-}', ''],
    ['${NONE:-a:-b-c}', 'a:-b-c'],
    ['${NONE:-https://h:1/p?q=1}', 'https://h:1/p?q=1'],
    ['${A:+yes}', 'yes'],
    ['${A+yes}', 'yes'],
    ['${NONE:+yes}', ''],
    ['${EMPTY:+yes}', ''],
    // The inner name is not all that is mentioned.
    ['${A:-${B}}', 'a'],
    ['${NONE:-${B}}', 'b'],
    ['${NONE:-${NONE:-${B}}}', 'b'],
    ['${NONE:-x${B}y}', 'xby'],
    ['${NONE:-$B}', 'b'],
    // Bare ones are expanded where there is a template anyway.
    ['$A', 'a'],
    ['$A-$B', 'a-b'],
    ['$AB', ''],
    ['$A_', ''],
    ['$1 $- $', '$1 $- $'],
    ['$$A', '$a'],
    ['\\$A', '$A'],
    ['\\${A}', '${A}'],
    // An escaped mention is left alone though the same stands behind it.
    ['\\${A} ${A}', '${A} a'],
    ['\\\\${A}', '\\${A}'],
    ['\\n ${A}', '\\n a'],
    // What is not closed, or no name, stays.
    ['${A', '${A'],
    ['${A:-d', '${A:-d'],
    ['${}', '${}'],
    ['${A} ${:-d}', 'a d'],
    ['{${A}}', '{a}'],
    ['{"a":{"b":"${A}"}}', '{"a":{"b":"a"}}'],
    ['${${A}}', '${a}'],
    // A brace in a default ends the mention, as in dotenv-expand itself.
    ['${NONE:-{"a":"${A}"}}', '${NONE:-{"a":"a"}}'],
    ['${A:+{} ${A}', '${A:+{} a'],
    // Names that dotenv-expand trips over.
    ['${nullable}', 'n'],
    ['${notnull:-d}', 'd'],
    ['${constructor}${toString}${__proto__}${hasOwnProperty:-d}', 'd'],
    ['$constructor$__proto__', ''],
    ['${a.b:c}', 'dotted'],
    ['${with space}', 's'],
    // Replacement patterns of String.prototype.replace; dotenv-expand goes on for ever about some.
    ['${NONE:-$&}', '$&'],
    ['${NONE:-x$&}', 'x$&'],
    ["${NONE:-it's $5, $$, $`, $'}", "it's $5, $$, $`, $'"],
    ['${NONE:-\\$&}', '$&'],
    // No command is ever run, whatever version of dotenv-expand is there.
    ['${A} $(id) `id`', 'a $(id) `id`'],
    ['${NONE:-$(id)}', '$(id)'],
    ['a\r\n${A}\n', 'a\r\na\n'],
    ['\uE000${A}\uE001', '\uE000a\uE001'],
    ['', ''],
  ])('%j gives %j', (text, expected) => {
    expect(expandWith(text, VALUES)).toBe(expected);
  });

  test('each name is looked up once', () => {
    const asked: string[] = [];
    expandTemplate(['${A} ${A} $A ${B:-${A}}'], (name) => {
      asked.push(name);
      return 'x';
    });
    expect(asked).toEqual(['A', 'B']);
  });

  test('a reference is no name: what stands in braces with it stays', () => {
    expect(expandTemplate(['${A}${', { value: 's' }, '} ${A', { value: 's' }, '}'], () => 'a')).toBe('a${s} ${As}');
  });

  test('hundreds of mentions', () => {
    const text = Array.from({ length: 300 }, (_, i) => `\${N${i}}`).join(',');
    expect(expandTemplate([text], (name) => name)).toBe(text.replaceAll(/[${}]/g, ''));
  });
});

describe('mentionsOf', () => {
  test.each<[string, string[], string[]]>([
    ['', [], []],
    ['plain $ text $(x) $1', [], []],
    ['$A', [], ['A']],
    ['${A} $B ${A} ${C:-$D}', ['A', 'C'], ['A', 'B', 'C', 'D']],
    ['${A:-${B:-${C}}}', ['A', 'B', 'C'], ['A', 'B', 'C']],
    ['${A-x} ${B:+x} ${C+x}', ['A', 'B', 'C'], ['A', 'B', 'C']],
    ['\\${A} \\$B', [], []],
    ['${} ${-x} ${{A}}', [], []],
    ['${constructor} ${__proto__}', ['constructor', '__proto__'], ['constructor', '__proto__']],
  ])('%j', (text, braced, all) => {
    expect(mentionsOf([text])).toEqual({ braced, all });
  });

  test('a mention may reach around a reference', () => {
    expect(mentionsOf(['${A:-', {}, '}']).braced).toEqual(['A']);
    expect(mentionsOf(['${', {}, '}']).braced).toEqual([]);
    expect(mentionsOf(['${A}$B', {}, '$C', {}]).all).toEqual(['A', 'B', 'C']);
  });

  test('is total, and one pass over a hostile text', () => {
    for (const piece of ['${', '${A', '${A:', '$', '\\$', '${A:-', '}', '${A-$A}', '${{']) {
      expect(mentionsOf([piece.repeat(100_000)]).all.length).toBeLessThan(3);
    }
  });
});
