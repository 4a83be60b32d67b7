// What the README says is to be pasted is what the examples have, and each of them is started by a test.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { examples, manifestOf } from './support/example.js';
import { TESTED } from './support/examples.js';

const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const [, table = ''] = readme.split(/^## Where you run, what to paste\n/m);
const rows = (table.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.slice(2, -2).split(' | '));

/** Names of files and folders are told in code, too. */
const isPath = (code: string) => /^[\w./*{},-]+$/.test(code);
const codesOf = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

const sourcesOf = (name: string) =>
  globSync('**/*.{js,mjs,cjs,ts,tsx}', {
    cwd: path.join(examples, name),
    exclude: ['**/{node_modules,dist,.next}/**'],
  }).map((file) => readFileSync(path.join(examples, name, file), 'utf8').split('\n'));

/** What somebody would copy: lines of files, commands of package.json, steps of a pipeline. */
function linesOf(name: string): Set<string> {
  const dir = path.join(examples, name);
  const steps = globSync(['*.yml', '.github/workflows/*.yml'], { cwd: dir }).flatMap((file) =>
    [...readFileSync(path.join(dir, file), 'utf8').matchAll(/^ *- (?:run|script): (.+)$/gm)].map(
      ([, step = '']) => step,
    ),
  );
  const lines = sourcesOf(name).flatMap((file) => file.map((line) => line.trim()));
  return new Set([...lines, ...steps, ...Object.values(manifestOf(dir).scripts ?? {})]);
}

test('the table is read', () => {
  expect(rows.length).toBeGreaterThanOrEqual(9);
  for (const row of rows) expect(row, row[0]).toHaveLength(3);
});

describe.each(rows)('%s', (_where, paste = '', whole = '') => {
  const linked = [...whole.matchAll(/\[([\w-]+)\]\(examples\/([\w-]+)\)/g)];

  test('is shown by examples that a test starts', () => {
    expect(linked.length).toBeGreaterThan(0);
    for (const [, name, folder] of linked) {
      expect(name).toBe(folder);
      expect(TESTED).toContain(name);
    }
  });

  test('each of them has exactly these lines, and these files', () => {
    const codes = codesOf(paste);
    expect(codes.some((code) => !isPath(code))).toBe(true);
    for (const [, name = ''] of linked) {
      const lines = linesOf(name);
      for (const code of codes) {
        if (isPath(code)) expect(existsSync(path.join(examples, name, code)), `${name}: ${code}`).toBe(true);
        else expect(lines.has(code), `${name} has the line: ${code}`).toBe(true);
      }
      if (!paste.includes('first line')) continue;
      const code = codes.find((one) => !isPath(one));
      expect(sourcesOf(name).some(([line]) => line === code)).toBe(true);
    }
  });

  test('main is as it says', () => {
    for (const main of codesOf(_where).flatMap((code) => /^main: (.+)$/.exec(code)?.[1] ?? [])) {
      expect(linked.map(([, name = '']) => manifestOf(path.join(examples, name)).main)).toContain(main);
    }
  });
});

const folders = readdirSync(examples).filter((name) => existsSync(path.join(examples, name, 'package.json')));

test('no example is without a test, and none is tested that is not there', () => {
  expect([...folders].sort()).toEqual([...TESTED].sort());
});

describe.each(folders)('examples/%s', (name) => {
  const text = readFileSync(path.join(examples, name, 'README.md'), 'utf8');

  test('its README is short, and says how to run it, what to grant, and what goes wrong', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(30);
    for (const part of ['Run it here', /\*\*(Deploy and g|G)rant/, /^If .+, then /m]) expect(text).toMatch(part);
  });

  test('it depends on vaultstrap, in a range that this version is in', () => {
    const { version } = manifestOf(root);
    const dirs = [name, ...globSync(`${name}/{apps,packages}/*`, { cwd: examples })];
    const ranges = dirs.flatMap((dir) => {
      const { dependencies, devDependencies, peerDependencies } = manifestOf(path.join(examples, dir));
      return { ...dependencies, ...devDependencies, ...peerDependencies }['vaultstrap'] ?? [];
    });
    expect(new Set(ranges)).toEqual(new Set([`^${version}`]));
  });
});
