// What is mutated, and by which tests it is judged, is told by names: of what has been moved nobody would miss the rest.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { GROUPS } from '../mutation/groups.mjs';

/** `a/{b,c}`: `a/b` and `a/c`. */
function filesOf(pattern: string): readonly string[] {
  const [, folder = '', names] = /^(.*)\{(.*)\}$/.exec(pattern) ?? [];
  return names === undefined ? [pattern] : names.split(',').map((name) => folder + name);
}

test.each(Object.entries(GROUPS))('the group %s names files that are there', (_name, { mutate, tests }) => {
  const files = [
    ...mutate.flatMap(filesOf).map((file) => `src/${file}.ts`),
    ...tests.flatMap(filesOf).map((file) => `test/${file}.test.ts`),
  ];
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
