// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { expand } from 'dotenv-expand';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { expandTemplate } from '../../src/settings/template.js';
import { growth } from '../helpers/growth.js';

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
    const work = (length: number) => expandTemplate([textOf(length)], (name) => VALUES[name]);
    expect(growth(work, 4096)).toBeLessThan(4);
  });

  test('thousands in one another, too', () => {
    const depth = 4000;
    const text = `${'${NONE:-'.repeat(depth)}x${'}'.repeat(depth)}`;
    expect(expandTemplate([text], () => undefined)).toBe('x');
  });
});
