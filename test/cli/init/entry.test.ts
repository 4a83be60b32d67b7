// Where the line goes in entries as people write them, and which form it has.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { addDependency } from '../../../src/cli/init/dependency.js';
import { planEntry } from '../../../src/cli/init/entry.js';
import type { EntryPlan } from '../../../src/cli/init/entry-plan.js';
import { readProject } from '../../../src/cli/lint/app/project.js';
import { APPS } from '../fixtures/apps.js';
import { type Files, folderOf } from '../lint/support.js';

function planOf(files: Files, folders: readonly string[] = []): EntryPlan {
  const dir = folderOf(files);
  for (const folder of folders) mkdirSync(path.join(dir, folder), { recursive: true });
  const manifest = path.join(dir, 'package.json');
  return planEntry(readProject({ file: 'package.json', path: manifest, text: readFileSync(manifest, 'utf8') }), {});
}

const PROGRAM = { 'package.json': '{ "scripts": { "start": "node scripts/build.js && node -r ./otel.js main.js" } }' };
const REQUIRE = "require('vaultstrap/register');\n";

test.each([
  ['a shebang and no end', '#!/usr/bin/env node', `#!/usr/bin/env node\n${REQUIRE}`],
  ['an empty file', '', REQUIRE],
  ['ES modules without semicolons', 'import "x"\n', 'import "vaultstrap/register"\nimport "x"\n'],
  [
    'a comment about what follows',
    '// Loads x.\nimport x from "x";\n',
    'import "vaultstrap/register";\n// Loads x.\nimport x from "x";\n',
  ],
  [
    'a comment that heads the file',
    '// The shop.\n\nimport "x";\n',
    '// The shop.\n\nimport "vaultstrap/register";\nimport "x";\n',
  ],
  [
    'a licence',
    '/* Copyright Contoso */\nimport "x";\n',
    '/* Copyright Contoso */\nimport "vaultstrap/register";\nimport "x";\n',
  ],
  [
    'a licence, then a comment',
    '/*! MIT */\n// Loads x.\nimport "x";\n',
    '/*! MIT */\nimport "vaultstrap/register";\n// Loads x.\nimport "x";\n',
  ],
  ['directives', "'use strict';\nconst x = 1;\n", `'use strict';\n${REQUIRE}const x = 1;\n`],
  ['a byte order mark', "\uFEFFimport 'x';\n", "\uFEFFimport 'vaultstrap/register';\nimport 'x';\n"],
  ['carriage returns', "// a\r\n\r\nimport 'x';\r\n", "// a\r\n\r\nimport 'vaultstrap/register';\r\nimport 'x';\r\n"],
])('%s', (_name, before, after) => {
  const plan = planOf({ ...PROGRAM, 'main.js': before, 'scripts/build.js': '', 'otel.js': '' });
  expect(plan).toEqual({ changes: [{ file: 'main.js', before, after }], byHand: [] });
});

test('TypeScript that writes CommonJS by hand', () => {
  const { changes } = planOf({
    'package.json': '{ "scripts": { "start": "tsx watch main.ts" } }',
    'main.ts': "import x = require('x');\n",
  });
  expect(changes[0]?.after).toBe(`${REQUIRE}import x = require('x');\n`);
});

test('functions that are still to come', () => {
  const { 'src/functions/hello.ts': _hello, ...files } = APPS['func init --typescript']?.files ?? {};
  const { changes } = planOf(files, ['src/functions']);
  expect(changes).toMatchObject([{ file: 'src/functions/0-vaultstrap.ts', before: undefined }]);
});

test('a dependency for development becomes one that is deployed', () => {
  const text = '{\n  "devDependencies": {\n    "vaultstrap": "^0.0.9"\n  }\n}\n';
  expect(JSON.parse(addDependency(text, '1.0.0')?.after ?? '')).toEqual({
    dependencies: { vaultstrap: '^0.0.9' },
    devDependencies: {},
  });
});

describe('never a guess', () => {
  test.each([
    [
      'two programs at once',
      {
        'package.json': '{ "scripts": { "start": "concurrently \'node a.js\' \'node b.js\'" } }',
        'a.js': '',
        'b.js': '',
      },
    ],
    [
      'a value that looks like a file',
      { 'package.json': '{ "scripts": { "start": "node --port a.js" } }', 'b.js': '' },
    ],
    [
      'what is built, of sources that are not here',
      { 'package.json': '{ "scripts": { "start": "node dist/main.js" } }', 'dist/main.js': '' },
    ],
    [
      'what webpack builds',
      {
        'host.json': '{}',
        'package.json': '{ "main": "dist/main.js", "scripts": { "build": "webpack" } }',
        'dist/main.js': '',
      },
    ],
    [
      'several bundles',
      {
        'host.json': '{}',
        'package.json': '{ "main": "dist/*.js", "scripts": { "build": "esbuild src/*.ts --bundle --outdir=dist" } }',
        'src/a.ts': '',
        'src/b.ts': '',
      },
    ],
    [
      'our name, taken',
      { 'host.json': '{}', 'package.json': '{ "main": "src/*.js" }', 'src/0-vaultstrap.js': '', 'src/a.js': '' },
    ],
    [
      'a rotation file that is somebody else’s',
      {
        'host.json': '{}',
        'package.json': '{ "main": "index.js" }',
        'index.js': '',
        'vaultstrap-rotation.js': '',
      },
    ],
    ['a program outside', { 'package.json': '{ "scripts": { "start": "node ../other/main.js" } }' }],
    ['a file that cannot be parsed', { 'package.json': '{ "main": "main.js" }', 'main.js': 'class {' }],
  ])('%s', (_name, files) => {
    const { changes, byHand } = planOf(files as unknown as Files);
    expect(changes).toEqual([]);
    expect(byHand).toHaveLength(1);
  });
});
