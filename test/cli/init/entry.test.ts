// Where the line goes in entries as people write them, and which form it has.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { addDependency } from '../../../src/cli/init/dependency.js';
import { planEntry } from '../../../src/cli/init/entry.js';
import type { EntryPlan } from '../../../src/cli/init/entry-plan.js';
import type { RotationFlags } from '../../../src/cli/init/rotation.js';
import { readProject } from '../../../src/cli/lint/app/project.js';
import { APPS } from '../fixtures/apps.js';
import { type Files, folderOf } from '../lint/support.js';

function planOf(files: Files, folders: readonly string[] = [], flags: RotationFlags = {}): EntryPlan {
  const dir = folderOf(files);
  for (const folder of folders) mkdirSync(path.join(dir, folder), { recursive: true });
  const manifest = path.join(dir, 'package.json');
  return planEntry(readProject({ file: 'package.json', path: manifest, text: readFileSync(manifest, 'utf8') }), flags);
}

const PROGRAM = { 'package.json': '{ "scripts": { "start": "node scripts/build.js && node -r ./otel.js main.js" } }' };
const REQUIRE = "require('vaultstrap/register');\n";

test.each([
  ['a shebang and no end', '#!/usr/bin/env node', `#!/usr/bin/env node\n${REQUIRE}`],
  ['an empty file', '', REQUIRE],
  ['ES modules without semicolons', 'import "x"\n', 'import "vaultstrap/register"\n\nimport "x"\n'],
  [
    'a comment about what follows',
    '// Loads x.\nimport x from "x";\n',
    'import "vaultstrap/register";\n\n// Loads x.\nimport x from "x";\n',
  ],
  [
    'a comment that heads the file',
    '// The shop.\n\nimport "x";\n',
    '// The shop.\n\nimport "vaultstrap/register";\n\nimport "x";\n',
  ],
  [
    'a licence',
    '/* Copyright Contoso */\nimport "x";\n',
    '/* Copyright Contoso */\nimport "vaultstrap/register";\n\nimport "x";\n',
  ],
  [
    'a licence, then a comment',
    '/*! MIT */\n// Loads x.\nimport "x";\n',
    '/*! MIT */\nimport "vaultstrap/register";\n\n// Loads x.\nimport "x";\n',
  ],
  ['a call of a function on the spot', '(async () => {})()\n', `${REQUIRE}(async () => {})()\n`],
  ['the same with more behind it', '(() => {})()\nrun()\n', `${REQUIRE}(() => {})()\nrun()\n`],
  ['the same behind a semicolon', ';(() => {})()\n', "require('vaultstrap/register')\n;(() => {})()\n"],
  [
    'what TypeScript reads in the comments that head a file, whatever they begin with',
    "/* of ours */\n// @ts-check\nrun('x');\n",
    `/* of ours */\n// @ts-check\n${REQUIRE}run('x');\n`,
  ],
  [
    'what eslint reads there, but not what it reads of the next line',
    '/* eslint-disable no-x */\n// eslint-disable-next-line no-y\nimport "x";\n',
    '/* eslint-disable no-x */\nimport "vaultstrap/register";\n\n// eslint-disable-next-line no-y\nimport "x";\n',
  ],
  ['a licence below code', "run('x');\n/*! MIT */\n", `${REQUIRE}run('x');\n/*! MIT */\n`],
  ['code before the first import', 'run();\nimport "x";\n', 'import \'vaultstrap/register\';\nrun();\nimport "x";\n'],
  ['a text with #!', "run('#!/bin/sh');\n", `${REQUIRE}run('#!/bin/sh');\n`],
  ['a directive with more behind it', "'use strict'; run('x');\n", `'use strict';\n${REQUIRE}run('x');\n`],
  [
    'a directive with a comment and more behind it',
    "'use strict'; /* as ever */ run('x');\n",
    `'use strict';\n${REQUIRE}/* as ever */ run('x');\n`,
  ],
  [
    'a directive with a comment behind it',
    "'use strict';  /* as ever */ \n  run('x');\n",
    `'use strict';  /* as ever */ \n${REQUIRE}  run('x');\n`,
  ],
  ['directives', "'use strict';\nconst x = 1;\n", `'use strict';\n${REQUIRE}const x = 1;\n`],
  ['a byte order mark', "\uFEFFimport 'x';\n", "\uFEFFimport 'vaultstrap/register';\n\nimport 'x';\n"],
  [
    'carriage returns',
    "// a\r\n\r\nimport 'x';\r\n",
    "// a\r\n\r\nimport 'vaultstrap/register';\r\n\r\nimport 'x';\r\n",
  ],
])('%s', (_name, before, after) => {
  const plan = planOf({ ...PROGRAM, 'main.js': before, 'scripts/build.js': '', 'otel.js': '' });
  expect(plan).toEqual({ changes: [{ file: 'main.js', before, after }], byHand: [] });
});

describe('below what loads .env', () => {
  const entry = (more: Files): Files => ({ 'package.json': '{ "scripts": { "start": "node main.js" } }', ...more });
  const main = (before: string, after: string) => ({ file: 'main.js', before, after });

  test.each([
    [
      'dotenv/config',
      "import 'dotenv/config'\nimport 'x'\n",
      "import 'dotenv/config'\nimport 'vaultstrap/register'\n\nimport 'x'\n",
    ],
    [
      'two of them, and a comment behind',
      "import 'x';\nimport '@dotenvx/dotenvx/config'; // first\nimport 'dotenv-flow/config'; // second\nimport 'y';\n",
      "import 'x';\nimport '@dotenvx/dotenvx/config'; // first\nimport 'dotenv-flow/config'; // second\nimport 'vaultstrap/register';\n\nimport 'y';\n",
    ],
    [
      'a call on several lines',
      "require('dotenv').config({\n  path: '.env.local',\n});\nconst x = require('x');\n",
      `require('dotenv').config({\n  path: '.env.local',\n});\n${REQUIRE}const x = require('x');\n`,
    ],
    [
      'more than one statement on a line',
      "const dotenv = require('dotenv'); dotenv.config(); const x = require('x');\n",
      `const dotenv = require('dotenv'); dotenv.config();\n${REQUIRE}const x = require('x');\n`,
    ],
    [
      'what dotenv-expand writes, too',
      "const { expand } = require('dotenv-expand');\nconst env = require('dotenv').config();\nexpand(env);\nrun();\n",
      `const { expand } = require('dotenv-expand');\nconst env = require('dotenv').config();\nexpand(env);\n${REQUIRE}run();\n`,
    ],
    [
      'the last line, which has no end',
      "require('dotenv/config')",
      "require('dotenv/config')\nrequire('vaultstrap/register')\n",
    ],
    [
      'a call that comes after all imports: the import that does the same',
      "import { config } from 'dotenv';\nimport './app.js';\n\nconfig();\n",
      "import 'dotenv/config';\nimport 'vaultstrap/register';\n\nimport { config } from 'dotenv';\nimport './app.js';\n\nconfig();\n",
    ],
    [
      'nothing of that kind, though it is named so',
      "import { parse } from 'dotenv';\nparse('');\n",
      "import 'vaultstrap/register';\n\nimport { parse } from 'dotenv';\nparse('');\n",
    ],
    [
      'a function that is called later, or never',
      "const load = () => require('dotenv').config();\n",
      `${REQUIRE}const load = () => require('dotenv').config();\n`,
    ],
  ])('%s', (_name, before, after) => {
    expect(planOf(entry({ 'main.js': before }))).toEqual({ changes: [main(before, after)], byHand: [] });
  });

  test.each([
    ['options that an import cannot have', "import dotenv from 'dotenv';\ndotenv.config({ path: 'x' });\n"],
    ['a condition', "import dotenv from 'dotenv';\nif (process.env.DEBUG) dotenv.config();\n"],
    [
      'Node’s own call, of which there is no import',
      "import { loadEnvFile } from 'node:process';\nimport './app.js';\nloadEnvFile();\n",
    ],
  ])('%s: by hand', (_name, code) => {
    const { changes, byHand } = planOf(entry({ 'main.js': code }));
    expect({ changes, paste: byHand[0]?.paste }).toEqual({
      changes: [],
      paste: "import './load-env.js';\n    import 'vaultstrap/register';",
    });
  });

  test('a Function App whose files load it: the file of our own would come too soon', () => {
    const { changes, byHand } = planOf({
      'host.json': '{}',
      'package.json': '{ "main": "src/*.js" }',
      'src/a.js': "require('dotenv').config();\n",
    });
    expect({ changes, why: byHand[0]?.why }).toEqual({
      changes: [],
      why: expect.stringContaining('src/a.js loads .env'),
    });
  });
});

test.each([
  ['node --env-file .env src/main.js', 'src/main.js'],
  ['node --import=./otel.js --title api src/main.js', 'src/main.js'],
  ['tsx watch --env-file ../.env src/main.js', 'src/main.js'],
  ['nodemon src/main.js', 'src/main.js'],
  ['nodemon --inspect=0 src/main.js', 'src/main.js'],
  ['nodemon --watch src --exec \\"tsx src/main.js\\"', 'src/main.js'],
  ['nodemon --watch src', undefined],
  ['concurrently \\"tsc -w\\" \\"node src/main.js\\"', 'src/main.js'],
  ['concurrently \\"node src/index.js\\" \\"node src/main.js\\"', undefined],
  ['node ./bin/www', 'bin/www'],
  ['node src', 'src/index.js'],
  ["node 'src/main.js'", 'src/main.js'],
  ['node --enable-source-maps \\"my app.js\\"', 'my app.js'],
  ['nodemon --exec \\"node src/main.js\\"', 'src/main.js'],
  ['ts-node --project tsconfig.json src/main.js', 'src/main.js'],
  [`ts-node -P tsconfig.json -O '{\\"module\\":\\"node16\\"}' src/main.js`, 'src/main.js'],
  ['ts-node --unknown tsconfig.json src/main.js', undefined],
  ['node src\\\\main.js', 'src/main.js'],
  ['node \\".\\\\src\\\\main.js\\"', 'src/main.js'],
  ['node -r ./src/index.js -e \\"run()\\"', undefined],
  ['node --eval src/main.js', undefined],
])('the entry of %j', (start, entry) => {
  const files = { 'bin/www': '#!/usr/bin/env node\n', 'src/index.js': '', 'src/main.js': '', 'my app.js': '' };
  const tsconfig = { 'tsconfig.json': '{}' };
  const { changes } = planOf({ 'package.json': `{ "scripts": { "start": "${start}" } }`, ...files, ...tsconfig });
  expect(changes[0]?.file).toBe(entry);
});

test.each(['.', './'])('node %s begins with main, or index.js', (start) => {
  const entryOf = (main: string) => {
    const files = { 'index.js': '', 'dist/main.js': '', 'src/main.ts': '' };
    const tsconfig = '{ "compilerOptions": { "rootDir": "src", "outDir": "dist" } }';
    const manifest = `{ ${main} "scripts": { "start": "node ${start}" } }`;
    return planOf({ 'package.json': manifest, 'tsconfig.json': tsconfig, ...files }).changes[0]?.file;
  };
  expect(entryOf('"main": "./dist/main",')).toBe('src/main.ts');
  expect(entryOf('')).toBe('index.js');
});

test('an ES module gets an import, also where it only calls import() itself', () => {
  const lineOf = (manifest: string, file: string) => {
    const before = "import('./app.js');\n";
    const { changes } = planOf({ 'package.json': `{ "main": "${file}"${manifest} }`, [file]: before });
    return changes[0]?.after.replace(before, '');
  };
  expect(lineOf(', "type": "module"', 'main.js')).toBe("import 'vaultstrap/register';\n");
  expect(lineOf(', "type": "module"', 'main.cjs')).toBe(REQUIRE);
  expect(lineOf('', 'main.js')).toBe(REQUIRE);
});

test('a file that Node loads before the entry may have the line', () => {
  const app = (start: string, instrument: string): Files => ({
    'package.json': `{ "scripts": { "start": "${start}" } }`,
    'instrument.cjs': instrument,
    'main.js': '',
  });
  for (const option of ['--import ./instrument.cjs', '-r ./instrument.cjs', "--import './instrument.cjs'"]) {
    const start = `node ${option} main.js`;
    expect(planOf(app(start, REQUIRE))).toEqual({ changes: [], byHand: [] });
    expect(planOf(app(start, "require('x');")).changes[0]?.file).toBe('main.js');
  }
});

describe('Next.js', () => {
  const next = (start: string, more: Files = {}): Files => ({
    'package.json': `{ "scripts": { "start": "${start}" }, "dependencies": { "next": "16" } }`,
    ...more,
  });

  test.each(['next start', 'node .next/standalone/server.js', 'node --inspect node_modules/next/dist/bin/next start'])(
    '%s begins in instrumentation.ts',
    (start) => {
      const files = { '.next/standalone/server.js': '', 'node_modules/next/dist/bin/next': '' };
      const { changes, byHand } = planOf(next(start, files));
      expect({ changes, paste: byHand.map(({ paste }) => paste) }).toEqual({
        changes: [],
        paste: [
          expect.stringMatching(
            /instrumentation\.ts[\s\S]*NEXT_RUNTIME[\s\S]*vaultstrap\/register[\s\S]*process\.exit\(1\)/,
          ),
        ],
      });
    },
  );

  test('nothing is to be done when it is there', () => {
    const code = "export async function register() { await import('vaultstrap/register'); }";
    expect(planOf(next('next start', { 'src/instrumentation.ts': code }))).toEqual({ changes: [], byHand: [] });
  });

  test('a server of its own is an entry like others', () => {
    expect(planOf(next('node server.js', { 'server.js': '' })).changes[0]?.after).toBe(REQUIRE);
  });
});

describe('other servers that a framework builds', () => {
  const app = (start: string, dependency: string, more: Files = {}): Files => ({
    'package.json': `{ "scripts": { "start": "${start}" }, "devDependencies": { "${dependency}": "1" } }`,
    ...more,
  });

  test.each([
    [
      'nuxt',
      'node .output/server/index.mjs',
      '.output/server/index.mjs',
      /server\/plugins\/0-vault.*\n.*register';\n[\s\S]*Effects/,
    ],
    [
      '@react-router/node',
      'react-router-serve build/server/index.js',
      'build/server/index.js',
      /entry\.server\.tsx.*\n.*register'/,
    ],
    ['@sveltejs/adapter-node', 'node build', 'build/index.js', /^node --import vaultstrap\/preload build /],
    ['@astrojs/node', 'node ./dist/server/entry.mjs', 'dist/server/entry.mjs', /preload dist\/server\/entry\.mjs /],
  ])('%s, whether it has been built or not', (dependency, start, built, paste) => {
    for (const more of [{}, { [built]: '' }]) {
      expect(planOf(app(start, dependency, more))).toEqual({
        changes: [],
        byHand: [{ why: expect.any(String), paste: expect.stringMatching(paste) }],
      });
    }
    expect(planOf(app('node server.js', dependency, { 'server.js': '' })).changes[0]?.after).toBe(REQUIRE);
  });

  test.each([
    ['nuxt', 'server/plugins/first.ts'],
    ['@react-router/node', 'app/entry.server.jsx'],
  ])('%s: nothing is to be done when it is there', (dependency, file) => {
    const kept = { 'nuxt.config.ts': "moduleSideEffects: ['vaultstrap/register']" };
    expect(planOf(app('x', dependency, { ...kept, [file]: "import 'vaultstrap/register';" }))).toEqual({
      changes: [],
      byHand: [],
    });
    expect(planOf(app('x', dependency, { ...kept, [file]: '' })).byHand).toHaveLength(1);
  });
});

test('the root of workspaces is no app, unless it starts one', () => {
  const root = (start: string): Files => ({
    'package.json': `{ "workspaces": ["apps/*"], "scripts": { "start": "${start}" } }`,
    'apps/a/main.js': '',
  });
  expect(() => planOf(root('npm start -w a'))).toThrow('this is the root of workspaces, and starts no file.');
  expect(planOf(root('node apps/a/main.js')).changes[0]?.file).toBe('apps/a/main.js');
});

test('the same of pnpm, whose file may hold nothing but settings', () => {
  const root = (yaml: string): Files => ({
    'package.json': '{ "scripts": { "start": "pnpm -r start" } }',
    'pnpm-workspace.yaml': yaml,
  });
  expect(() => planOf(root('# ours\npackages:\n  - apps/*\n'))).toThrow('this is the root of workspaces');
  expect(planOf(root('onlyBuiltDependencies:\n  - esbuild\n')).byHand).toHaveLength(1);
});

describe('NestJS, which loads .env inside of a module', () => {
  const MAIN = "import { AppModule } from './app.module';\n";
  const app = (forRoot: string, dependencies = '') => ({
    'package.json': `{ "scripts": { "start:prod": "node dist/main" }, "dependencies": {${dependencies}} }`,
    'tsconfig.json': '{ "compilerOptions": { "outDir": "dist" } }',
    'src/main.ts': MAIN,
    'src/app.module.ts': `import { ConfigModule } from '@nestjs/config';\n@Module({ imports: [${forRoot}] })\nexport class AppModule {}\n`,
  });
  const withLines = (...lines: string[]) => [
    { file: 'src/main.ts', before: MAIN, after: `${lines.map((line) => `import '${line}';\n`).join('')}\n${MAIN}` },
  ];

  test('by dotenv above our line, where the app has it', () => {
    expect(planOf(app('ConfigModule.forRoot({ isGlobal: true })', '"dotenv": "17"'))).toEqual({
      changes: withLines('dotenv/config', 'vaultstrap/register'),
      byHand: [],
    });
  });

  test.each([
    ['without dotenv', 'ConfigModule.forRoot()', ''],
    ['another file', "ConfigModule.forRoot({ envFilePath: '.env.local' })", '"dotenv": "17"'],
    ['options that stand elsewhere', 'ConfigModule.forRoot({ ...options })', '"dotenv": "17"'],
  ])('%s: our line, and what is left to do by hand', (_name, forRoot, dependencies) => {
    const { changes, byHand } = planOf(app(forRoot, dependencies));
    expect({ changes, why: byHand.map(({ why }) => why) }).toEqual({
      changes: withLines('vaultstrap/register'),
      why: [expect.stringMatching(/^src\/app\.module\.ts loads \.env/)],
    });
  });

  test('no file is loaded: our line', () => {
    expect(planOf(app('ConfigModule.forRoot({ ignoreEnvFile: true })'))).toEqual({
      changes: withLines('vaultstrap/register'),
      byHand: [],
    });
  });
});

describe('functions that are asked for in an app that has the import', () => {
  const withCall = (call: string, name = 'src/0.js'): Files => ({
    'host.json': '{}',
    'package.json': '{ "main": "src/*.js" }',
    [name]: `require('vaultstrap/register');\nconst { registerRotation } = require('vaultstrap/functions');\n${call}\n`,
  });
  const callAfter = (call: string) =>
    planOf(withCall(call), [], { timer: true, status: true }).changes[0]?.after.split('\n').at(-2);

  test.each([
    ['registerRotation();', 'registerRotation({ timer: true, status: true });'],
    ['registerRotation({});', 'registerRotation({ timer: true, status: true });'],
    ['registerRotation({ maxAgeSeconds: 60 });', 'registerRotation({ maxAgeSeconds: 60, timer: true, status: true });'],
    ['registerRotation({ timer: true, });', 'registerRotation({ timer: true, status: true, });'],
    [
      'registerRotation({ timer: { runOnStartup: true } });',
      'registerRotation({ timer: { runOnStartup: true }, status: true });',
    ],
  ])('%s', (before, after) => {
    expect(callAfter(before)).toBe(after);
  });

  test('all of them are there: nothing to do; and nothing is asked for', () => {
    const all = withCall('registerRotation({ status: true, timer: true });');
    expect(planOf(all, [], { timer: true, status: true })).toEqual({ changes: [], byHand: [] });
    expect(planOf(withCall('registerRotation();'))).toEqual({ changes: [], byHand: [] });
  });

  test.each([
    ['options that stand elsewhere', 'registerRotation(options);'],
    ['a spread', 'registerRotation({ ...options });'],
    ['switched off, for a reason', 'registerRotation({ timer: false });'],
    ['two calls', 'if (x) registerRotation(); else registerRotation();'],
    ['another name', 'const r = registerRotation; r();'],
  ])('by hand: %s', (_name, call) => {
    const { changes, byHand } = planOf(withCall(call), [], { timer: true });
    expect({ changes, paste: byHand.map(({ paste }) => paste) }).toEqual({
      changes: [],
      paste: ['registerRotation({ timer: true });'],
    });
  });

  test('by hand where only the built file is there', () => {
    const files = { ...withCall('registerRotation();', 'dist/0.js'), 'package.json': '{ "main": "dist/*.js" }' };
    expect(planOf(files, [], { timer: true })).toMatchObject({ changes: [], byHand: [{}] });
  });
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
      'functions of function.json',
      { 'host.json': '{}', 'package.json': '{}', 'a/function.json': '{}', 'a/index.js': '' },
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

  test('functions of function.json that register by themselves', () => {
    const files = { 'host.json': '{}', 'package.json': '{}', 'a/function.json': '{}' };
    const plan = planOf({ ...files, 'a/index.js': "require('vaultstrap/register');" });
    expect(plan).toEqual({ changes: [], byHand: [] });
  });
});
