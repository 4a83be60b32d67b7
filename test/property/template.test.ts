// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { expand } from 'dotenv-expand';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { expandTemplate } from '../../src/settings/template.js';

const VALUES: Record<string, string> = { A: 'one', B: 'two', EMPTY: '' };

test('with values that dotenv-expand does not harm, a template means what it means there', () => {
  const pieces = ['${A}', '${B}', '${A', '${EMPTY', '${NONE', '$A', '$B ', ':-', '-', ':+', '+', '}', '{', 'x', ' '];
  const template = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((all) => all.join(''));
  fc.assert(
    fc.property(template, (text) => {
      // What it does with names that are no variables' (`${A x}`) and with a "$" in a default is not for us to follow.
      fc.pre(!/\$\{[^}]*[ {$](?!\{)|\$\{[A-Z]*x/.test(text));
      const theirs = expand({ parsed: { TEMPLATE: text }, processEnv: { ...VALUES } }).parsed?.['TEMPLATE'];
      expect(expandTemplate([text], (name) => VALUES[name])).toBe(theirs);
    }),
    { numRuns: 3000 },
  );
});

test('the word that marks what stands for a value is never one that dotenv-expand reads', () => {
  // 36 ** 7 in base 36 would be "null..."; each place of the word is made so.
  const random = vi.spyOn(Math, 'random').mockReturnValue(Number.parseInt('null', 36) / 2 ** 32);
  try {
    expect(expandTemplate(['<${A}>'], (name) => VALUES[name])).toBe('<one>');
  } finally {
    random.mockRestore();
  }
});

describe('a template costs what its length is worth', () => {
  const repeated = ['${A}', '$A ', '${NONE:-${A}}', '${A:-', '{${A}', '\\$'].map(
    (unit) => [unit, (length: number) => unit.repeat(length / unit.length)] as const,
  );
  /** Each in the one before it. */
  const nested = ['${NONE:-', '${NONE:-{'].map((unit) => {
    const of = (length: number) => unit.repeat(length / (unit.length + 1)) + '}'.repeat(length / (unit.length + 1));
    return [`${unit} and its end`, of] as const;
  });
  test.each([...repeated, ...nested])('%s', (_unit, textOf) => {
    const msFor = (length: number) => {
      const text = textOf(length);
      const startedMs = performance.now();
      expandTemplate([text], (name) => VALUES[name]);
      return performance.now() - startedMs;
    };
    // Eight short ones are as much work as a long one, unless it grows faster than the text: then the long one is eight
    // times theirs and more. The best of some tries, and of more where the machine has other things to do.
    let [short, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let tries = 0; tries < 3 || (tries < 20 && long / short >= 4); tries++) {
      short = Math.min(
        short,
        Array.from({ length: 8 }, () => msFor(4096)).reduce((a, b) => a + b),
      );
      long = Math.min(long, msFor(32_768));
    }
    expect(long / short).toBeLessThan(4);
  });

  test('thousands in one another, too', () => {
    const depth = 4000;
    const text = `${'${NONE:-'.repeat(depth)}x${'}'.repeat(depth)}`;
    expect(expandTemplate([text], () => undefined)).toBe('x');
  });
});
