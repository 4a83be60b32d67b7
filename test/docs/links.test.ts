// Nothing leads nowhere: files, anchors, pictures, and a reading order that has every page once.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { anchorsOf, exists, linksIn, pages, readPage } from './support/pages.js';

/** Written by a program of this repository, from time to time. */
const WRITTEN: Readonly<Record<string, string>> = { 'bench/results.md': 'bench/run.mjs' };

const isWritten = (file: string) => {
  const by = WRITTEN[file];
  return by !== undefined && readFileSync(path.join(root, by), 'utf8').includes(path.posix.basename(file));
};

describe.each(pages.map((page) => [page.file, page] as const))('%s', (file, page) => {
  const relative = linksIn(page).filter((target) => !/^[a-z]+:/.test(target));

  test('links to files and headings that are there', () => {
    const broken = relative.filter((target) => {
      const [name = '', anchor] = target.split('#');
      const to = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
      if (!exists(to)) return !isWritten(to);
      return anchor !== undefined && !anchorsOf(readPage(to)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('links to the web by https alone, and to one address by one spelling', () => {
    const web = linksIn(page).filter((target) => /^[a-z]+:/.test(target));
    for (const target of web) expect(target).toMatch(/^https:\/\/[a-z0-9.-]+(\/\S*)?$/);
  });

  test('every table has as many cells in each row', () => {
    for (const [table] of page.prose.matchAll(/(?:^\|.*\|\n)+/gm)) {
      const cells = table
        .trim()
        .split('\n')
        .map((row) => row.replace(/\\\||`[^`]*`/g, '').split('|').length);
      expect(new Set(cells).size, table.split('\n')[0]).toBe(1);
    }
  });
});

test('links are found at all', () => {
  expect(pages.flatMap(linksIn).length).toBeGreaterThan(80);
  expect(pages.length).toBeGreaterThan(20);
});

describe('docs/README.md', () => {
  const order = linksIn(readPage('docs/README.md')).filter((target) => !target.startsWith('..'));
  const inFolder = (pattern: string) => globSync(pattern, { cwd: path.join(root, 'docs') }).sort();

  test('has every page once', () => {
    const listed = order.map((target) => target.split('#')[0] ?? '');
    expect([...listed, 'README.md'].sort()).toEqual(inFolder('*.md'));
  });

  test('is what the README lists, in the same order', () => {
    const listed = linksIn({
      ...readPage('README.md'),
      prose: sectionOf(readPage('README.md').prose, 'Documentation'),
    });
    expect(listed.flatMap((target) => /^docs\/(.+\.md)$/.exec(target)?.[1] ?? [])).toEqual(['README.md', ...order]);
  });

  test('every picture is shown somewhere, and tells itself in words', () => {
    const shown = pages.flatMap((page) =>
      linksIn(page).map((target) => path.posix.join(path.posix.dirname(page.file), target)),
    );
    for (const picture of inFolder('*.svg')) {
      expect(shown).toContain(`docs/${picture}`);
      const svg = readFileSync(path.join(root, 'docs', picture), 'utf8');
      expect(svg, picture).toMatch(/role="img" aria-labelledby="t d"/);
      expect(svg, picture).toMatch(/<title id="t">\S.+<\/title>\n<desc id="d">\S.+<\/desc>/);
      expect(svg, picture).toContain('prefers-color-scheme:dark');
    }
  });
});

function sectionOf(prose: string, heading: string): string {
  const [, behind = ''] = prose.split(`\n## ${heading}\n`);
  return behind.split('\n## ')[0] ?? '';
}
