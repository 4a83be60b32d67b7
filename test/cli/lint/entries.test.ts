// Which files the Functions worker loads for `main`, and in which order.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { functionEntries, inLoadOrder } from '../../../src/cli/lint/app/entries.js';
import { readProject } from '../../../src/cli/lint/app/project.js';
import { folderOf } from './support.js';

function entriesOf(main: string, files: readonly string[]): readonly string[] {
  const text = JSON.stringify({ main });
  const dir = folderOf({ 'package.json': text, ...Object.fromEntries(files.map((file) => [file, ''])) });
  return functionEntries(readProject({ file: 'package.json', path: path.join(dir, 'package.json'), text }));
}

test.each([
  ['shallower folders first', ['z.js', 'b/a.js', 'a/a/a.js']],
  ['then bytes: neither a locale nor halves of characters', ['Z.js', 'a-b.js', 'a.js', 'a_b.js', '\uFF21.js', '😀.js']],
  ['of what is built of a source', ['x.cts', 'x.ts', 'x.mts', 'y.tsx', 'z.js']],
])('in order: %s', (_name, files) => {
  expect(files.toReversed().sort(inLoadOrder)).toEqual(files);
});

test('a source, and not what is built beside it; neither types nor what is no code', () => {
  const files = ['a.ts', 'a.js', 'b.mts', 'b.mjs', 'c.tsx', 'c.js', 'd.js', 'e.d.ts', 'f.js.map', 'g.json'];
  const entries = entriesOf(
    'src/*',
    files.map((file) => `src/${file}`),
  );
  expect(entries).toEqual(['src/a.ts', 'src/b.mts', 'src/c.tsx', 'src/d.js']);
});

describe('a glob of many wildcards, which a match may take for ever', () => {
  test.each([
    ['src/*a*a*.js', 'src/**/**/**/*.js', 'src/{*a*a*,*b*b*}.js'],
    ['src/*a*a*a*.js', 'src/**/**/**/**/*.js', 'src/{*a*a*,*b*b*b*b*}.js', 'src/+(a)+(a)+(a)+(a).js', 'src/\0*.js'],
  ])('%#', (...globs) => {
    const isSome = globs.length === 3;
    for (const glob of globs) expect(entriesOf(glob, ['src/aaaa.js']), glob).toEqual(isSome ? ['src/aaaa.js'] : []);
  });
});
