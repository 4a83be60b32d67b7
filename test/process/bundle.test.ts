// What stands in the files that are published: code of others with its licence, and no import that nobody declared.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { parse } from '@babel/parser';
import { describe, expect, inject, test } from 'vitest';
import { bundledPackages, PERMISSIVE } from '../../scripts/notices.mjs';

const packed = inject('packed');
const read = (file: string) => readFileSync(path.join(packed.package, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const scripts = packed.files.filter((file) => /\.[cm]?js$/.test(file));

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}
interface Import {
  /** Absent: worked out at run time. */
  readonly name: string | undefined;
  readonly how: string;
}

/** Every module that a script asks for, also in the scripts that it carries as text, for threads. */
function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const literal = (node: unknown) =>
    (node as Node | undefined)?.type === 'StringLiteral' ? String((node as Node)['value']) : undefined;
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const child of node) walk(child);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const { type, source, callee, arguments: args, value } = node as Node & Record<string, Node>;
    if (source) found.push({ name: literal(source), how: type });
    if (type === 'CallExpression') {
      const first = (args as unknown as unknown[])[0];
      const { type: calleeType, name, object, property } = callee as Node & Record<string, Node>;
      const member = calleeType === 'MemberExpression' ? `.${property?.['name']}` : '';
      if (calleeType === 'Import' || (calleeType === 'Identifier' && /^require\d*$/.test(String(name))))
        found.push({ name: literal(first), how: 'require' });
      if (member === '.getBuiltinModule' || (member === '.resolve' && object?.['name'] === 'require'))
        found.push({ name: literal(first), how: member });
    }
    if (type === 'StringLiteral' && String(value).length > 2000 && /\brequire\(/.test(String(value)))
      found.push(...importsOf(String(value)));
    for (const child of Object.values(node)) walk(child);
  };
  walk(parse(text, { sourceType: 'unambiguous' }).program);
  return found;
}

describe.each(scripts)('%s', (file) => {
  const declared = [
    ...Object.keys({ ...manifest.peerDependencies, ...manifest.optionalDependencies }),
    ...Object.keys(manifest.exports).map((subpath) => subpath.replace('.', manifest.name)),
  ];
  test('asks for built-ins, its siblings and declared packages only', () => {
    const undeclared = importsOf(read(file)).filter(({ name }) => {
      // Worked out at run time: the optional SDK, looked up by support/sdk-loader.ts from where the app is.
      if (name === undefined || isBuiltin(name)) return false;
      if (/^\.\.?\//.test(name)) return !packed.files.includes(path.posix.join(path.posix.dirname(file), name));
      // @azure/functions-core exists in the Functions worker alone, and is asked for in a try.
      return !declared.includes(name) && name !== '@azure/functions-core';
    });
    expect(undeclared).toEqual([]);
  });

  // Rollup's commonjs plugin takes such a call for pure, as the file that is required has no side effects, and drops it.
  test.skipIf(!file.endsWith('.cjs'))('calls nothing straight on what it requires', () => {
    expect(read(file)).not.toMatch(/\brequire\d*\("\.[^"]*"\)\.\w+\(/);
  });
});

test('the search finds what there is to find', () => {
  const text = `
    import a from 'a'; export * from 'b'; const c = require('c'); import('d');
    process.getBuiltinModule('e'); require.resolve('f'); (0, other.x)('no'); const g = require2('g');
    start(${JSON.stringify(`require('h');${' '.repeat(2000)}`)});`;
  expect(importsOf(text).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  expect(scripts.flatMap((file) => importsOf(read(file))).length).toBeGreaterThan(50);
});

describe('THIRD-PARTY-NOTICES.txt', () => {
  const notices = read('dist/THIRD-PARTY-NOTICES.txt');
  const [head = '', ...texts] = notices.split(`\n${'-'.repeat(78)}\n\n`);
  const listed = [...head.matchAll(/^ {2}(\S+)@(\S+) \((.+)\)$/gm)].map(([, name, version, license]) => ({
    name,
    version,
    license,
  }));

  test('lists each package whose code esbuild says is in a file', () => {
    const inside = scripts.flatMap((file) =>
      [...read(file).matchAll(/^\s*\/\/ (?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name]) => name),
    );
    expect(new Set(inside).size).toBeGreaterThan(3);
    for (const name of new Set(inside)) expect(listed.map((one) => one.name)).toContain(name);
    // In a script that travels as text; it is minified, and says nothing of itself.
    expect(listed.map(({ name }) => name)).toContain('@peculiar/asn1-x509');
  });

  test('has the whole licence of each, and all of them are permissive', () => {
    expect(texts).toHaveLength(listed.length);
    for (const [index, { name, version, license }] of listed.entries()) {
      expect(texts[index]).toMatch(new RegExp(`^${name}@${version} `));
      expect(texts[index], name).toMatch(/copyright/i);
      expect(texts[index], name).toMatch(
        /permission (is hereby granted|to use)|redistribution and use|apache license/i,
      );
      expect(texts[index]?.length, name).toBeGreaterThan(500);
      expect(PERMISSIVE, name).toContain(license);
    }
  });

  const folder = mkdtempSync(path.join(packed.folder, 'licences-'));
  const make = (name: string, license: unknown, files: Record<string, string>) => {
    const dir = path.join(folder, 'node_modules', name);
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name, version: '1.0.0', license }));
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(dir, file), text);
    return bundledPackages([`node_modules/${name}/lib/index.js`, 'src/index.ts'], folder);
  };

  test.each(['GPL-3.0', 'MIT AND GPL-2.0', 'SEE LICENSE IN x', 'UNLICENSED', undefined, { type: 'MIT' }])(
    'a package under %j ends the build',
    (license) => {
      expect(() => make('copyleft', license, { LICENSE: 'text' })).toThrow('copyleft@1.0.0 is bundled');
    },
  );

  test('one without a text ends it, too; notices are kept; scopes and choices are understood', () => {
    expect(() => make('silent', 'MIT', { NOTICE: 'n' })).toThrow('silent@1.0.0 brings no text');
    expect(make('@scope/free', '(MIT OR GPL-3.0)', { 'licence.md': 'l', NOTICE: 'n' })).toEqual([
      { name: '@scope/free', version: '1.0.0', license: '(MIT OR GPL-3.0)', text: 'n\n\nl' },
    ]);
  });
});
