// The published declarations, as consumers' compilers read them: strict, without skipLibCheck.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { createApp } from '../process/support/app.js';

const consumer = (name: string) => readFileSync(path.join(root, 'test/types/consumers', `${name}.ts`), 'utf8');
const API = consumer('api');

interface Way {
  readonly file: string;
  readonly manifest?: object;
  readonly options: object;
}

/** What `func init` writes for TypeScript, but strict. */
const FUNC_INIT = { module: 'commonjs', target: 'es6', outDir: 'dist', rootDir: '.', sourceMap: true, strict: true };
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', strict: true };
const WAYS: Record<string, Way> = {
  // Before TypeScript 6, `commonjs` means the resolution of Node 10, which knows no `exports`.
  'func init': { file: 'app.ts', options: FUNC_INIT },
  // TypeScript 6 still knows it by name.
  node10: {
    file: 'app.ts',
    options: { ...FUNC_INIT, moduleResolution: 'node10', ignoreDeprecations: '6.0' },
  },
  'nodenext, ESM': { file: 'app.mts', options: NODENEXT },
  'nodenext, CommonJS': { file: 'app.cts', options: NODENEXT },
  'nodenext, "type": "module"': { file: 'app.ts', manifest: { type: 'module' }, options: NODENEXT },
  bundler: {
    file: 'app.ts',
    options: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', strict: true },
  },
  strictest: {
    file: 'app.ts',
    options: {
      ...FUNC_INIT,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      noUncheckedIndexedAccess: true,
      noImplicitOverride: true,
      isolatedModules: true,
    },
  },
};
const COMPILERS: Record<string, { ways: readonly string[]; nodeTypes: string }> = {
  'typescript-4.9': { ways: ['func init', 'nodenext, ESM', 'nodenext, CommonJS'], nodeTypes: 'types-node-18' },
  'typescript-5.9': { ways: ['func init', 'nodenext, ESM', 'bundler'], nodeTypes: '@types/node' },
  'typescript-6': { ways: ['func init', 'node10', 'bundler'], nodeTypes: '@types/node' },
  typescript: { ways: Object.keys(WAYS).filter((way) => way !== 'node10'), nodeTypes: '@types/node' },
};

/** Checks every declaration but those of the language itself, which take most of the time. */
const CHECKED = { noEmit: true, skipLibCheck: false, skipDefaultLibCheck: true };

describe.each(Object.entries(COMPILERS))('%s', (compiler, { ways, nodeTypes }) => {
  const compile = async ({ file, manifest, options }: Way, source: string, types: string[] = []) => {
    const app = createApp();
    // Copies: `types="node"` inside of one must find itself, not the newer one of this repository.
    const copy = (from: string, to: string) =>
      cpSync(path.join(root, 'node_modules', from), app.path('node_modules', to), { recursive: true });
    if (types.length > 0) {
      copy('@azure/functions', '@azure/functions');
      copy('undici-types', 'undici-types');
      copy(nodeTypes, '@types/node');
    }
    app.write({
      [file]: source,
      'package.json': JSON.stringify({ name: 'consumer', private: true, ...manifest }),
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...options, ...CHECKED, types }, files: [file] }),
    });
    // The compilers run on the Node of the tests, whatever Node is under test.
    const tsc = path.join(root, 'node_modules', compiler, 'bin/tsc');
    const { code, stdout } = await app.run([tsc, '-p', '.', '--pretty', 'false'], { command: process.execPath });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  };

  test.concurrent.each(ways)('%s', (name) => compile(WAYS[name] as Way, API));

  test.concurrent('a Function App, with the types of Node', () =>
    compile(WAYS['func init'] as Way, consumer('functions'), ['node']));
});
