// Names that the documentation and the code must agree on: settings, codes, statuses, exports, versions.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript-5.9';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { root } from '../../scripts/embedded-sources.mjs';
import { RULES } from '../../src/cli/lint/rules.js';
import { CHANNELS } from '../../src/support/channels.js';
import { readConfig } from '../../src/support/config.js';
import { OWN_SETTINGS } from '../../src/support/own-settings.js';
import { guide, pages, readPage } from './support/pages.js';

const readme = readPage('README.md');
const all = pages.map(({ text }) => text).join('\n');

/** Written by us, not set by users. */
const RECORDS = ['VAULTSTRAP_REFERENCES', 'VAULTSTRAP_REFERENCES_1', 'VAULTSTRAP_REFERENCES_AT'];
/** For contributors: the Node that the tests of the package run on. */
const OF_THE_TESTS = ['VAULTSTRAP_TEST_NODE'];

function unionOf(file: string, name: string): readonly string[] {
  const source = readFileSync(path.join(root, file), 'utf8');
  const body = new RegExp(`export type ${name} =([\\s\\S]*?);`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/'(\w+)'/g)].map(([, word = '']) => word);
}

describe('settings of our own', () => {
  const rows = [...readme.prose.matchAll(/^\| (`VAULTSTRAP_[^|]+) \|([^|]*)\|/gm)];
  const table = new Map(
    rows.flatMap(([, names = '', fallback = '']) =>
      [...names.matchAll(/VAULTSTRAP_[A-Z_]+/g)].map(([name]) => [name, fallback.trim()] as const),
    ),
  );

  test('the table has them all, and no other', () => {
    expect([...table.keys()].sort()).toEqual([...OWN_SETTINGS, 'VAULTSTRAP_REFERENCES'].sort());
  });

  test.each(pages.map((page) => [page.file, page] as const))('%s names those that exist', (_file, { text }) => {
    const named = [...text.matchAll(/VAULTSTRAP_[A-Z0-9_]*[A-Z0-9]/g)].map(([name]) => name);
    const known = [...OWN_SETTINGS, ...RECORDS, ...OF_THE_TESTS];
    // `VAULTSTRAP_VAULT_*` stands for several.
    expect(named.filter((name) => !known.includes(name) && !known.some((one) => one.startsWith(`${name}_`)))).toEqual(
      [],
    );
  });

  test('defaults are those of the code', () => {
    const config = readConfig({});
    const inWorker = readConfig({}, {}, true);
    expect(table.get('VAULTSTRAP_TIMEOUT_SECONDS')).toBe(
      `${config.timeoutMs / 1000}; in the Functions worker ${inWorker.timeoutMs / 1000}`,
    );
    expect(table.get('VAULTSTRAP_REFRESH_SECONDS')).toBe(`${config.refreshMs / 1000}`);
    expect(table.get('VAULTSTRAP_SETTLE_SECONDS')).toBe(`${config.settleMs / 1000}`);
    expect(table.get('VAULTSTRAP_CONCURRENCY')).toBe(`${config.concurrency}`);
    expect(table.get('VAULTSTRAP_ON_ERROR')).toBe(`\`${config.onError}\``);
    expect(table.get('VAULTSTRAP_ON_REVOKED')).toBe(`\`${config.onRevoked}\``);
    expect(table.get('VAULTSTRAP_CLIENT')).toBe(`\`${config.client}\``);
    expect(table.get('VAULTSTRAP_VAULT_SUFFIX')).toBe(`\`${config.vaultSuffix}\``);
    expect(table.get('VAULTSTRAP_LOG')).toBe(`\`${config.log}\``);
  });

  test('the contract names the same', () => {
    const section = /## 11\.[\s\S]*?(?=\n## )/.exec(readPage('docs/design.md').text)?.[0] ?? '';
    const short = [...section.matchAll(/`(?:VAULTSTRAP)?(_[A-Z_]+)`/g)].map(([, name]) => `VAULTSTRAP${name}`);
    expect(short.sort()).toEqual([...OWN_SETTINGS, 'VAULTSTRAP_REFERENCES'].sort());
  });
});

const [, list = ''] = /KEYS = \[([^\]]*)\]/.exec(readFileSync(path.join(root, 'src/settings/params.ts'), 'utf8')) ?? [];
/** Of references. */
const keys = [...list.matchAll(/'(\w+)'/g)].map(([, key = '']) => key);

describe('references', () => {
  test.each(['README.md', 'docs/references.md', 'docs/design.md'])('%s has each key in a table', (file) => {
    expect(keys.length).toBeGreaterThanOrEqual(9);
    const rows =
      readPage(file)
        .prose.match(/^\| `.+$/gm)
        ?.join('\n') ?? '';
    expect(keys.filter((key) => !new RegExp(`\`${key}\\b`).test(rows))).toEqual([]);
  });
});

describe('rules of lint', () => {
  const rows = [...readPage('docs/lint.md').prose.matchAll(/^\| `([a-z][a-z-]+)` \|/gm)].map(([, id]) => id);

  test('each has its row, and no row is of none', () => expect(rows.sort()).toEqual(Object.keys(RULES).sort()));

  test('platform-reference-keys names all keys that the platform does not know', () => {
    const [row = ''] = /^\| `platform-reference-keys`.*$/m.exec(readPage('docs/lint.md').prose) ?? [];
    const ofBoth = ['SecretUri', 'VaultName', 'SecretName', 'SecretVersion'];
    expect(keys.filter((key) => row.includes(`\`${key}\``) === ofBoth.includes(key))).toEqual([]);
  });
});

describe('codes and statuses', () => {
  const codes = unionOf('src/support/failure.ts', 'Code');
  const statuses = unionOf('src/support/failure.ts', 'Status');
  const outcomes = readPage('docs/outcomes.md');
  /** Of the test kit: they stand in its own page. */
  const ofTheEmulator = unionOf('src/testing/errors.ts', 'EmulatorErrorCode');

  test('are read', () => {
    expect(codes.length).toBeGreaterThan(40);
    expect(statuses).toContain('Resolved');
    expect(ofTheEmulator.length).toBeGreaterThan(3);
  });

  test('each has its row, and no row is of none', () => {
    const told = [...outcomes.text.matchAll(/\bERR_[A-Z_]+\b/g)].map(([code]) => code);
    expect([...new Set(told)].sort()).toEqual([...codes].sort());
    expect(statuses.filter((status) => !outcomes.text.includes(`\`${status}\``))).toEqual([]);
  });

  test.each(pages.map((page) => [page.file, page] as const))('%s names codes that exist', (_file, { text }) => {
    const named = [...text.matchAll(/\bERR_[A-Z_]*[A-Z]\b/g)].map(([code]) => code);
    const known = [...codes, ...ofTheEmulator];
    expect(named.filter((code) => !known.includes(code) && !known.some((one) => one.startsWith(`${code}_`)))).toEqual(
      [],
    );
  });
});

describe('what is exported', () => {
  const entries = ['src/index.ts', 'src/functions-app.ts', 'src/testing/index.ts'];
  const program = ts.createProgram(
    entries.map((file) => path.join(root, file)),
    {
      allowJs: false,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      skipLibCheck: true,
    },
  );
  const checker = program.getTypeChecker();
  const guideText = guide.map(({ text }) => text).join('\n');

  test.each(entries)('%s: every value is told', (entry) => {
    const source = program.getSourceFile(path.join(root, entry));
    const module = source && checker.getSymbolAtLocation(source);
    const values = (module ? checker.getExportsOfModule(module) : []).filter((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const internal = target.getJsDocTags(checker).some(({ name }) => name === 'internal');
      return target.flags & ts.SymbolFlags.Value && !internal;
    });
    expect(values.length).toBeGreaterThan(0);
    const untold = values.map(({ name }) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(guideText));
    expect(untold).toEqual([]);
  });

  test('every subpath is told', () => {
    const subpaths = Object.keys(packageJson.exports).filter((name) => name !== './package.json');
    for (const subpath of subpaths)
      expect(guideText).toContain(subpath === '.' ? "'vaultstrap'" : `vaultstrap/${subpath.slice(2)}`);
  });

  test('every member of a report is told', () => {
    const types = readFileSync(path.join(root, 'src/report/types.ts'), 'utf8');
    const members = [...types.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name);
    const page = readPage('docs/outcomes.md').text;
    expect(members.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  });

  test('every channel is told', () => {
    const page = readPage('docs/telemetry.md').text;
    expect(CHANNELS.filter((name) => !page.includes(`\`vaultstrap:${name}\``))).toEqual([]);
  });

  test('every option of registerRotation is told', () => {
    const types = readFileSync(path.join(root, 'src/functions/options.ts'), 'utf8');
    const members = [...types.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name = '']) => name);
    expect(members.length).toBeGreaterThan(5);
    expect(members.filter((name) => !new RegExp(`\\b${name}\\b`).test(guideText))).toEqual([]);
  });
});

describe('versions', () => {
  test('CHANGELOG.md begins with what is to be released', () => {
    const [, newest = ''] = /^## (.+)$/m.exec(readPage('CHANGELOG.md').text) ?? [];
    expect(newest.split(/[\s()]+/)).toContain(packageJson.version);
  });

  test('the oldest Node is told as package.json has it', () => {
    const oldest = packageJson.engines.node.replace('>=', '');
    expect(readme.text).toContain(`Node ${oldest}`);
    expect([...all.matchAll(/Node (?:>= )?(22\.\d+)/g)].map(([, one]) => one).filter((one) => one !== oldest)).toEqual(
      [],
    );
  });
});
