// What an app loads, and when: the order is the worker's and the module systems'.
import { describe, expect, test } from 'vitest';
import { type Files, found, lint, values } from './support.js';

const SETTINGS = values({ DB: '@KeyVault(VaultName=shop;SecretName=pw)' });
const REGISTER = "import 'vaultstrap/register';";
const functionApp = (main: string, files: Files): Files => ({
  'host.json': '{}',
  'package.json': JSON.stringify({ main }),
  'tsconfig.json': '{ "compilerOptions": { "outDir": "dist", "rootDir": "." } }',
  ...SETTINGS,
  ...files,
});
const HELLO = "import { app } from '@azure/functions';\napp.http('hello', { handler: () => ({}) });\n";

describe('Functions', () => {
  test('nobody registers', async () => {
    expect(await found(functionApp('dist/src/functions/*.js', { 'src/functions/a.ts': HELLO }))).toEqual([
      'register-missing: "dist/src/functions/*.js"',
    ]);
  });

  test('nobody registers, and nothing needs it', async () => {
    const app = functionApp('dist/src/functions/*.js', { 'src/functions/a.ts': HELLO });
    expect(await found({ ...app, ...values({ DB: '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)' }) })).toEqual([
      'platform-reference: @Microsoft.KeyVault(VaultName=shop;SecretName=pw)',
    ]);
    expect(await found({ ...app, ...values({ DB: 'plain' }) })).toEqual([]);
  });

  test('functions of function.json, and no file before them', async () => {
    const app = (code: string, script = '') => ({
      'host.json': '{}',
      'package.json': '{}',
      'tsconfig.json': '{ "compilerOptions": { "outDir": "dist", "rootDir": "." } }',
      'a/function.json': `{ "bindings": []${script} }`,
      'a/index.ts': code,
      'python/function.json': '{ "scriptFile": "__init__.py" }',
      'python/__init__.py': '',
      ...SETTINGS,
    });
    for (const script of ['', ', "scriptFile": "../dist/a/index.js"']) {
      expect(await lint(app('', script))).toMatchObject({
        findings: [{ rule: 'register-missing', message: expect.stringContaining('and a/index.ts does not import') }],
      });
      expect(await found(app(`${REGISTER}\n`, script))).toEqual([]);
    }
    expect(await found({ ...app(''), ...values({ DB: 'plain' }) })).toEqual([]);
    expect(await found({ ...app(''), 'a/function.json': '{ "scriptFile": "../a.py" }', 'a.py': '' })).toEqual([]);
    const module = { ...app(''), 'b/function.json': '{}', 'b/index.mjs': 'export default 1;' };
    expect(await lint(module)).toMatchObject({
      findings: [{ message: expect.stringContaining('and a/index.ts and b/index.mjs do not import') }],
    });
  });

  test('registerRotation() alone is late', async () => {
    const code = "import { registerRotation } from 'vaultstrap/functions';";
    expect(
      await found(functionApp('dist/src/functions/*.js', { 'src/functions/a.ts': `${code}\nregisterRotation();\n` })),
    ).toEqual([`register-missing: ${code}`]);
  });

  test('by hand, with bootstrap()', async () => {
    const code = "import { bootstrap } from 'vaultstrap';\nawait bootstrap();\n";
    expect(await found(functionApp('dist/src/functions/*.js', { 'src/functions/a.ts': code }))).toEqual([]);
  });

  test.each([
    [
      'first in byte order',
      'dist/src/functions/*.js',
      { 'src/functions/0-v.ts': REGISTER, 'src/functions/A.ts': HELLO },
      [],
    ],
    [
      'upper case comes first',
      'dist/src/functions/*.js',
      { 'src/functions/a.ts': REGISTER, 'src/functions/B.ts': HELLO },
      [`register-order: ${REGISTER}`],
    ],
    ['a shallower folder', 'dist/src/{functions/*.js,z.js}', { 'src/z.ts': REGISTER, 'src/functions/a.ts': HELLO }, []],
    [
      'a folder beside',
      'dist/src/{setup/*.js,functions/*.js}',
      { 'src/setup/a.ts': REGISTER, 'src/functions/b.ts': HELLO },
      [`register-order: ${REGISTER}`],
    ],
    [
      'a deeper folder',
      'dist/src/**/*.js',
      { 'src/a/register.ts': REGISTER, 'src/b.ts': HELLO },
      [`register-order: ${REGISTER}`],
    ],
    [
      'through another file',
      'dist/src/functions/*.js',
      { 'src/functions/0.ts': "import '../setup';", 'src/setup.ts': REGISTER, 'src/functions/a.ts': HELLO },
      [],
    ],
    [
      'start in a file before',
      'dist/src/functions/*.js',
      {
        'src/functions/0.ts': "import 'vaultstrap/start';",
        'src/functions/1.ts': REGISTER,
        'src/functions/a.ts': HELLO,
      },
      [],
    ],
    [
      'built files only',
      'dist/src/functions/*.js',
      { 'dist/src/functions/a.js': REGISTER.replace('import ', 'require(').replace(';', ');') },
      [],
    ],
    ['a whole folder', 'src/functions', { 'src/functions/0.js': REGISTER, 'src/functions/x/a.js': HELLO }, []],
    [
      'JavaScript beside its TypeScript',
      'src/functions/*.js',
      { 'src/functions/a.js': HELLO, 'src/functions/a.ts': REGISTER },
      [],
    ],
  ] as const)('%s', async (_name, main, files, expected) => {
    expect(await found(functionApp(main, files as unknown as Files))).toEqual(expected);
  });

  test('main that leads nowhere', async () => {
    expect(await found(functionApp('dist/src/functions/*.js', {}))).toEqual([
      'entry-not-found: "dist/src/functions/*.js"',
    ]);
  });

  test('a bundle is looked at by its entry', async () => {
    const scripts = { build: 'esbuild src/main.ts --bundle --platform=node --outfile=dist/main.js' };
    const app = functionApp('dist/main.js', { 'src/main.ts': HELLO, 'dist/main.js': REGISTER });
    const manifest = { 'package.json': JSON.stringify({ main: 'dist/main.js', scripts }) };
    expect(await found({ ...app, ...manifest })).toEqual(['register-missing: "dist/main.js"']);
    expect(await found({ ...app, ...manifest, 'src/main.ts': `${REGISTER}\n${HELLO}` })).toEqual([]);
  });
});

describe('in the file itself', () => {
  const web = (code: string, more: Files = {}): Files => ({
    'package.json': '{"type":"module","scripts":{"start":"node server.js"}}',
    'server.js': code,
    'config.js': 'export const x = process.env.X;',
    'types.js': '',
    ...more,
  });

  test.each([
    ['first', `${REGISTER}\nimport './config.js';`, []],
    ['behind Node’s own', `import 'node:fs';\nimport fs from 'fs';\n${REGISTER}`, []],
    ['behind start, and packages', `import 'vaultstrap/start';\nimport 'express';\n${REGISTER}`, []],
    ['behind @azure/functions', `import '@azure/functions';\n${REGISTER}`, []],
    ['behind a module', `import './config.js';\n${REGISTER}`, ["register-not-first: import './config.js';"]],
    [
      'behind a package',
      `import express from 'express';\n${REGISTER}`,
      ["register-not-first: import express from 'express';"],
    ],
    [
      'behind a re-export',
      `export * from './config.js';\n${REGISTER}`,
      ["register-not-first: export * from './config.js';"],
    ],
    [
      'behind start, and a module',
      `import 'vaultstrap/start';\nimport './config.js';\n${REGISTER}`,
      ["register-not-first: import './config.js';"],
    ],
    [
      'required second',
      "const e = require('express');\nrequire('vaultstrap/register');",
      ["register-not-first: require('express')"],
    ],
    [
      'required after a look',
      "const x = process.env.X;\nrequire('vaultstrap/register');",
      ['register-not-first: process.env'],
    ],
    ['required after a function that will look', "const x = () => process.env.X;\nrequire('vaultstrap/register');", []],
    ['a module that is loaded later', `const later = () => import('./config.js');\n${REGISTER}`, []],
  ])('%s', async (_name, code, expected) => {
    expect(await found(web(code))).toEqual(expected);
    // The same when the file is given by its name.
    expect(await found(web(code), ['server.js'])).toEqual(expected);
  });

  test.each([
    ['dotenv/config above', `import 'dotenv/config';\n${REGISTER}`, []],
    ['dotenv/config below', `${REGISTER}\nimport 'dotenv/config';`, ["env-file-late: import 'dotenv/config';"]],
    [
      'between start and register',
      `import 'vaultstrap/start';\nimport 'dotenv/config';\n${REGISTER}`,
      ["env-file-late: import 'dotenv/config';"],
    ],
    ['a call above, in CommonJS', "const d = require('dotenv');\nd.config();\nrequire('vaultstrap/register');", []],
    [
      'a call for development, by NODE_ENV',
      "const path = '.env.' + process.env.NODE_ENV;\nif (process.env.LOAD) require('dotenv').config({ path });\nrequire('vaultstrap/register');",
      [],
    ],
    [
      'a call below, in CommonJS',
      "require('vaultstrap/register');\nrequire('dotenv').config();",
      ["env-file-late: require('dotenv').config()"],
    ],
    [
      'a call among ES modules, wherever it stands',
      `import dotenv from 'dotenv';\ndotenv.config();\n${REGISTER}`,
      ['env-file-late: dotenv.config()'],
    ],
    ['loadEnvFile() above', "process.loadEnvFile();\nrequire('vaultstrap/register');", []],
    [
      'loadEnvFile() below',
      `import { loadEnvFile } from 'node:process';\n${REGISTER}\nloadEnvFile();`,
      ['env-file-late: loadEnvFile()'],
    ],
    [
      'the same file a second time',
      `import 'dotenv/config';\n${REGISTER}\nimport dotenv from 'dotenv';\ndotenv.config();`,
      [],
    ],
    [
      'another file',
      `import 'dotenv/config';\n${REGISTER}\nimport dotenv from 'dotenv';\ndotenv.config({ path: 'x' });`,
      ["env-file-late: dotenv.config({ path: 'x' })"],
    ],
    ['in a function', `${REGISTER}\nimport dotenv from 'dotenv';\nexport const load = () => dotenv.config();`, []],
    ['parsed only', `${REGISTER}\nimport { parse } from 'dotenv';\nparse('');`, []],
    [
      'a start by hand behind it',
      `${REGISTER}\nimport { bootstrapSync } from 'vaultstrap';\nprocess.loadEnvFile();\nbootstrapSync();`,
      [],
    ],
    ['nobody registers', "import 'dotenv/config';", []],
  ])('.env: %s', async (_name, code, expected) => {
    expect(await found(web(code))).toEqual(expected);
    expect(await found(web(code), ['server.js'])).toEqual(expected);
  });

  test.each([
    ["import 'express';\n", /^Make import 'vaultstrap\/register'; the first import/],
    ["import 'express';\nimport 'dotenv/config';\n", /what loads .env at the top.*register directly below it/],
  ])('the remedy does not put it above .env: %j', async (before, hint) => {
    const { findings } = await lint(web(`${before}${REGISTER}`));
    expect(findings.map((one) => [one.rule, one.hint])).toEqual([['register-not-first', expect.stringMatching(hint)]]);
  });

  test('a file that Node loads before the entry may have it', async () => {
    const app = (instrument: string, server: string) => ({
      ...web(server),
      'package.json': '{"type":"module","scripts":{"start":"node --import ./instrument.js server.js"}}',
      'instrument.js': instrument,
      '.env': 'A=@KeyVault(VaultName=shop;SecretName=a)\n',
    });
    expect(await found(app(REGISTER, "import './config.js';"))).toEqual([]);
    expect(await found(app(`import './config.js';\n${REGISTER}`, ''))).toEqual([
      "register-not-first: import './config.js';",
    ]);
    expect(await found(app(REGISTER, "import 'dotenv/config';"))).toEqual(["env-file-late: import 'dotenv/config';"]);
    expect(await found(app("import 'telemetry';", REGISTER))).toEqual([]);
    expect(await found(app("import 'telemetry';", ''))).toEqual([
      'register-missing: "node --import ./instrument.js server.js"',
    ]);
  });

  test('.env that a file of its own loads, which does no more', async () => {
    const code = `import './env.js';\n${REGISTER}`;
    expect(await found(web(code, { 'env.js': "import 'dotenv/config';" }))).toEqual([]);
    expect(await found(web(code, { 'env.js': "import d from 'dotenv';\nd.config({ path: 'x' });" }))).toEqual([]);
    expect(await found(web(code, { 'env.js': "import 'dotenv/config';\nexport const x = process.env.X;" }))).toEqual([
      "register-not-first: import './env.js';",
    ]);
  });

  test('.env in TypeScript: tsc keeps a call its place, ES modules do not', async () => {
    const code = `import dotenv from 'dotenv';\ndotenv.config();\n${REGISTER}`;
    const start = '"scripts":{"start":"node dist/server.js"}';
    const app = { 'tsconfig.json': '{ "compilerOptions": { "outDir": "dist" } }', 'server.ts': code };
    expect(await found({ ...app, 'package.json': `{${start}}` })).toEqual([]);
    expect(await found({ ...app, 'package.json': `{"type":"module",${start}}` })).toEqual([
      'env-file-late: dotenv.config()',
    ]);
  });

  describe('an app whose first file nothing tells', () => {
    const app = (manifest: object, more: Files = {}): Files => ({
      'package.json': JSON.stringify(manifest),
      '.env': 'A=@KeyVault(VaultName=shop;SecretName=a)\n',
      ...more,
    });
    const next = { scripts: { start: 'next start' }, dependencies: { next: '16' } };
    const told = async (files: Files) =>
      (await lint(files)).findings.map(({ rule, severity, line, column }) => [rule, severity, line, column]);

    test('that is said, where references wait for somebody', async () => {
      const unknown = { scripts: { start: 'react-router-serve build/server.js' } };
      expect(await told(app(unknown))).toEqual([['entry-not-found', 'info', 1, 21]]);
      // It may be no app at all.
      expect(await told(app({ name: 'x' }))).toEqual([]);
      expect(await told(app({ main: 'dist/x.js' }))).toEqual([['entry-not-found', 'info', 1, 9]]);
      expect(await told(app(unknown, { '.env': 'A=b\n' }))).toEqual([]);
      expect(await told(app({ ...unknown, workspaces: ['apps/*'] }))).toEqual([]);
      expect(await told(app({ scripts: { start: 'vaultstrap run -e .env -- remix-serve x' } }))).toEqual([]);
    });

    test('Next.js, which begins in instrumentation.ts', async () => {
      expect(await told(app(next))).toEqual([['register-missing', 'warning', 1, 21]]);
      expect(await told(app(next, { 'instrumentation.ts': 'export function register() {}' }))).toHaveLength(1);
      const code = "export async function register() { await import('vaultstrap/register'); }";
      for (const file of ['instrumentation.ts', 'src/instrumentation.js'])
        expect(await told(app(next, { [file]: code }))).toEqual([]);
    });

    test.each([
      ['nuxt', 'server/plugins/0-vaultstrap.ts'],
      ['@react-router/node', 'app/entry.server.tsx'],
    ])('%s, which begins in %s', async (dependency, file) => {
      const manifest = { scripts: { start: 'x' }, dependencies: { [dependency]: '1' } };
      const kept = { 'nuxt.config.ts': "nitro: { moduleSideEffects: ['vaultstrap/register'] }" };
      for (const more of [{}, { ...kept, [file]: '' }])
        expect(await told(app(manifest, more))).toEqual([['register-missing', 'warning', 1, 21]]);
      const code = "import 'vaultstrap/register';";
      expect(await told(app(manifest, { ...kept, [file]: code }))).toEqual([]);
      // Nuxt's build drops it in silence.
      expect(await told(app(manifest, { [file]: code }))).toHaveLength(dependency === 'nuxt' ? 1 : 0);
    });
  });

  describe('.env that NestJS loads, inside of a module', () => {
    const app = (main: string, forRoot: string): Files => ({
      'package.json': '{ "scripts": { "start:prod": "node dist/main" } }',
      'tsconfig.json': '{ "compilerOptions": { "outDir": "dist" } }',
      'src/main.ts': `${main}\nimport { AppModule } from './app.module';\n`,
      'src/app.module.ts': `import { ConfigModule } from '@nestjs/config';\n@Module({ imports: [${forRoot}] })\nexport class AppModule {}\n`,
    });

    test.each([
      ['late', REGISTER, 'ConfigModule.forRoot()', ['env-file-late: ConfigModule.forRoot()']],
      ['above, by dotenv', `import 'dotenv/config';\n${REGISTER}`, 'ConfigModule.forRoot({ isGlobal: true })', []],
      [
        'another file than dotenv’s',
        `import 'dotenv/config';\n${REGISTER}`,
        "ConfigModule.forRoot({ envFilePath: 'x' })",
        ["env-file-late: ConfigModule.forRoot({ envFilePath: 'x' })"],
      ],
      ['no file', REGISTER, 'ConfigModule.forRoot({ ignoreEnvFile: true })', []],
      ['somebody else’s forRoot()', REGISTER, 'TypeOrmModule.forRoot()', []],
    ])('%s', async (_name, main, forRoot, expected) => {
      expect(await found(app(main, forRoot))).toEqual(expected);
    });

    test('the remedy is an import that there is', async () => {
      const { findings } = await lint(app(REGISTER, 'ConfigModule.forRoot()'));
      expect(findings[0]?.hint).toContain("by import 'dotenv/config'.");
    });

    test('an error where the file holds references, else a note', async () => {
      const severities = async (env: string) =>
        (await lint({ ...app(REGISTER, 'ConfigModule.forRoot()'), '.env': env })).findings.map(
          ({ severity }) => severity,
        );
      expect(await severities('A=@KeyVault(VaultName=shop;SecretName=a)\n')).toEqual(['error']);
      expect(await severities('A=b\n')).toEqual(['info']);
    });

    test('its module is one of the app, and not only what loads .env', async () => {
      expect(
        await found(app("import './app.module';\nimport 'vaultstrap/register';", 'ConfigModule.forRoot()')),
      ).toContain("register-not-first: import './app.module';");
    });
  });

  test('.env that the start command loads is there, whoever loads it once more', async () => {
    const files = (start: string) => ({
      ...web(`${REGISTER}\nimport 'dotenv/config';`),
      'package.json': JSON.stringify({ type: 'module', scripts: { start } }),
    });
    expect(await found(files('node server.js'))).toHaveLength(1);
    for (const start of ['node --env-file=.env server.js', 'node -r dotenv/config server.js'])
      expect(await found(files(start))).toEqual([]);
  });

  test('.env that a preload cannot see', async () => {
    const app = (start: string) => ({
      'package.json': JSON.stringify({ scripts: { start } }),
      'server.mjs': "import 'dotenv/config';",
    });
    expect(await found(app('node --import vaultstrap/preload server.mjs'))).toEqual([
      "env-file-late: import 'dotenv/config';",
    ]);
    for (const start of [
      'node -r dotenv/config --import vaultstrap/preload server.mjs',
      'node --env-file=.env --import vaultstrap/preload server.mjs',
      'vaultstrap run -e .env -- node server.mjs',
    ])
      expect(await found(app(start))).toEqual([]);
  });

  test('.env too late is an error where it holds references, a sample does not count', async () => {
    const severityOf = async (more: Files) =>
      (await lint(web(`${REGISTER}\nimport 'dotenv/config';`, more))).findings.map(({ rule, severity }) => [
        rule,
        severity,
      ]);
    const reference = 'DB=@KeyVault(VaultName=shop;SecretName=pw)\n';
    expect(await severityOf({ '.env.sample': reference, '.env': 'PORT=3000\n' })).toEqual([
      ['env-file-late', 'warning'],
    ]);
    expect(await severityOf({ '.env': reference })).toEqual([['env-file-late', 'error']]);
  });

  test('behind types, which leave no trace', async () => {
    const code = `import type { X } from './config.js';\nimport { type Y } from './config.js';\n${REGISTER}`;
    expect(await found({ 'main.ts': code, 'config.ts': 'export type X = 1;' }, ['main.ts'])).toEqual([]);
  });

  test('a circle of imports ends', async () => {
    expect(
      await found(web("import './a.js';", { 'a.js': "import './b.js';", 'b.js': `import './a.js';\n${REGISTER}` })),
    ).toEqual([]);
  });

  test('nobody registers; and those who start in another way', async () => {
    expect(await found({ ...web("import './config.js';"), ...SETTINGS })).toEqual([
      'register-missing: "node server.js"',
    ]);
    for (const start of ['node --import vaultstrap/preload server.js', 'vaultstrap run -- node server.js']) {
      const manifest = { 'package.json': JSON.stringify({ scripts: { start } }) };
      expect(await found({ ...web("import './config.js';"), ...SETTINGS, ...manifest })).toEqual([]);
    }
  });
});

test('an ES module bundle that leaves packages out, but not vaultstrap', async () => {
  const app = (script: string) => ({
    'package.json': JSON.stringify({ scripts: { build: script }, dependencies: { vaultstrap: '1' } }),
  });
  const build = 'esbuild src/a.ts --bundle --platform=node --format=esm --outfile=x.mjs';
  expect(await found(app(`${build} --external:pg`))).toEqual([`bundle-reorders: "${build} --external:pg"`]);
  for (const more of ['', ' --packages=external', ' --external:pg --external:vaultstrap', ' --external:node:fs']) {
    expect(await found(app(build + more))).toEqual([]);
  }
  expect(await found(app(`${build.replace('esm', 'cjs')} --external:pg`))).toEqual([]);
});

test('a large app is read once, and a file that cannot be parsed stops nothing', async () => {
  const files: Record<string, string> = { 'package.json': '{"main":"m0.js"}', 'm300.js': 'class {' };
  for (let i = 0; i < 300; i++) files[`m${i}.js`] = `import './m${i + 1}.js';\nimport './m${i >> 1}.js';`;
  const { findings, files: count } = await lint(files);
  expect(findings.map(({ rule, file }) => [rule, file])).toEqual([['unreadable-file', 'm300.js']]);
  expect(count).toBe(302);
});
