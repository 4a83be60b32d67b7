// A short run with a fixed seed; a long one is made by hand: `npm run fuzz -- --minutes 10`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';

function fuzz(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'scripts/fuzz.mjs'), '--seed', '1', ...args],
    { encoding: 'utf8', cwd: root },
  );
  return { status, stdout, stderr };
}

test('the grammar of references: no text disagrees with the naive parser, and all code of it is reached', () => {
  const { status, stdout, stderr } = fuzz('--runs', '5000');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+ runs with seed 1: nothing found, \d+ texts learnt; lines of src\/ not reached: 0\n$/);
});

test('the loop finds a planted mistake, and the shortest text that shows it', () => {
  const { status, stderr } = fuzz('--runs', '300000', '--target', 'planted', '--corpus', 'reference');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^found with seed 1: ".*"\nplanted/);
  const text: string = JSON.parse(/: (".*")/.exec(stderr)?.[1] ?? '""');
  expect(text).toMatch(/Field=\//i);
  expect(text.length).toBeLessThan(120);
});
