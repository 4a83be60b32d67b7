// vaultstrap init in apps of every layout: the result builds, starts and sees values, lint has nothing to say about it, and
// a second run finds nothing to do.
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import type { Emulator } from '../../src/testing/index.js';
import { APPS, type AppFixture } from '../cli/fixtures/apps.js';
import { type App, createApp, NODE, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const WORKER = fileURLToPath(new URL('support/functions-worker.cjs', import.meta.url));
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=db-password)';
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const password = canary('password');

let azure: Emulator;
beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { 'db-password': password } } });
});
afterAll(() => azure?.close());

function appOf(files: AppFixture['files']): App {
  const app = createApp({ sdk: true });
  mkdirSync(app.path('node_modules/@types'));
  symlinkSync(path.join(root, 'node_modules/@types/node'), app.path('node_modules/@types/node'), 'junction');
  for (const name of ['express', 'dotenv'])
    symlinkSync(path.join(root, 'node_modules', name), app.path('node_modules', name), 'junction');
  app.write(files);
  return app;
}

async function build(app: App, how: AppFixture['build']): Promise<void> {
  if (!how) return;
  // The declarations themselves, which take most of the time, are what test/types looks at.
  const tsc = [path.join(root, 'node_modules/typescript-5.9/bin/tsc'), '-p', '.', '--skipLibCheck'];
  // esbuild's own file is a program, no script.
  const esbuild = { command: path.join(root, 'node_modules/esbuild/bin/esbuild'), limitMs: 60_000 };
  const { code, stdout, stderr } = await (how === 'tsc'
    ? app.run(tsc, { limitMs: 60_000 })
    : app.run([...how], esbuild));
  expect(code, stdout + stderr).toBe(0);
}

/** What the app's modules saw while they were loaded. */
async function run(app: App, { isFunctions, loads, loadsEnvFile }: AppFixture): Promise<object> {
  if (loadsEnvFile) app.write({ '.env': `DB_PASSWORD=${REFERENCE}\n` });
  const settings = { ...azure.env, ...(!loadsEnvFile && { DB_PASSWORD: REFERENCE }) };
  if (!isFunctions) {
    const { code, stderr, probes } = await app.run([loads[0] ?? ''], { env: settings });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return Object.assign({}, ...probes);
  }
  const env = { ...settings, FUNCTIONS_WORKER_RUNTIME: 'node' };
  app.write({
    'plan.json': JSON.stringify({ dir: app.dir, main: loads, mode: 'normal', settings: env, invoke: [] }),
  });
  const { code, stderr, probes } = await app.run([WORKER, 'plan.json', '--functions-uri', 'http://127.0.0.1/'], {
    env: { ...env, PROBE_MODULE: app.path('probe.cjs'), NODE_PATH: path.join(root, 'node_modules') },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const steps = probes as { step?: string; ok?: boolean; error?: string; names?: string[] }[];
  expect(steps.filter(({ ok }) => ok === false)).toEqual([]);
  expect(steps.find(({ step }) => step === 'hooks')?.names).toEqual(
    expect.arrayContaining(['appStart', 'preInvocation']),
  );
  return Object.assign({}, ...probes.filter((probe) => !('step' in (probe as object))));
}

describe.each(Object.entries(APPS))('%s', (_name, fixture) => {
  test('builds, starts, sees values, lints clean, and stays as it is', { timeout: 120_000 }, async () => {
    const app = appOf(fixture.files);
    const before = await app.run([CLI, 'init', '--yes']);
    expect(before, before.stderr + before.stdout).toMatchObject({ code: 0, stderr: '' });
    const sample = fixture.isFunctions ? 'local.settings.sample.json' : '.env.sample';
    expect(before.stdout).toContain(`Written: ${['package.json', ...fixture.touched, sample].join(', ')}.`);
    // A web app's .env is nobody's business unless it loads it: `npm start` alone would see no settings.
    expect(before.stdout).toMatch(
      fixture.isFunctions
        ? / npx vaultstrap emulate -- (?:npm|func) start\n$/
        : / npx vaultstrap emulate -- npx vaultstrap run -e \.env -- npm start\n$/,
    );
    const { dependencies } = JSON.parse(readFileSync(app.path('package.json'), 'utf8'));
    expect(dependencies.vaultstrap).toBe(`^${version}`);

    await build(app, fixture.build);
    const saw = await run(app, fixture);
    expect(Object.values(saw).length).toBeGreaterThan(0);
    for (const [module, value] of Object.entries(saw)) expect({ module, value }).toEqual({ module, value: password });

    const linted = await app.run([CLI, 'lint', '--json']);
    expect(JSON.parse(linted.stdout)).toMatchObject({ references: fixture.loadsEnvFile ? 2 : 1, findings: [] });

    const files = ['package.json', ...fixture.touched, sample];
    const written = files.map((file) => readFileSync(app.path(file), 'utf8'));
    const again = await app.run([CLI, 'init', '--yes']);
    expect(again).toMatchObject({
      code: 0,
      stdout: 'Nothing to do: vaultstrap is in this app already. Whether it loads first: npx vaultstrap lint\n',
    });
    expect(files.map((file) => readFileSync(app.path(file), 'utf8'))).toEqual(written);
  });
});

describe('what is written', () => {
  const files = APPS['func init --typescript']?.files ?? {};

  test('without a terminal: nothing, unless --yes says so', async () => {
    const app = appOf(files);
    const NOT_DONE = [
      [['init'], 1],
      [['init', '--dry-run'], 0],
      [['init', '--dry-run', '--yes'], 0],
    ] as const;
    for (const [args, expected] of NOT_DONE) {
      const { code, stdout } = await app.run([CLI, ...args]);
      expect(code).toBe(expected);
      expect(stdout).toContain('+++ b/src/functions/0-vaultstrap.ts');
      expect(stdout).toMatch(/Nothing written/);
    }
    expect(existsSync(app.path('src/functions/0-vaultstrap.ts'))).toBe(false);
    expect(readFileSync(app.path('package.json'), 'utf8')).toBe(files['package.json']);
  });

  test('what it says to run next runs: there may be a sample of .env only, and no script', async () => {
    const next = async (more: Readonly<Record<string, string>>) => {
      const app = appOf({ 'package.json': '{ "main": "index.js" }\n', 'index.js': 'run();\n', ...more });
      return (await app.run([CLI, 'init', '--yes'])).stdout;
    };
    const command = 'npx vaultstrap emulate -- npx vaultstrap run -e .env -- node index.js\n';
    expect(await next({ '.env': '' })).toContain(`without Azure: ${command}`);
    expect(await next({})).toContain(`without Azure: copy .env.sample to .env, then ${command}`);
    expect(await next({ '.env.example': '' })).toContain(`copy .env.example to .env, then ${command}`);
    expect(await next({ 'package.json': '{ "scripts": { "dev": "node index.js" } }' })).toContain(' -- npm run dev\n');
    expect(await next({ 'package.json': '{}' })).toContain(' -- COMMAND\n');
  });

  test('the functions that are asked for', async () => {
    const app = appOf(files);
    expect(await app.run([CLI, 'init', '--yes', '--timer', '--status'])).toMatchObject({ code: 0 });
    expect(readFileSync(app.path('src/functions/0-vaultstrap.ts'), 'utf8')).toContain(
      'registerRotation({ timer: true, status: true });',
    );
  });

  test('newlines and indentation stay as they are', async () => {
    const fixture = APPS['JavaScript functions with an index file, a licence and directives, CRLF'];
    const app = appOf(fixture?.files ?? {});
    await app.run([CLI, 'init', '--yes']);
    const manifest = readFileSync(app.path('package.json'), 'utf8');
    expect(manifest).toContain(`    "@azure/functions": "^4.0.0",\r\n        "vaultstrap": "^${version}"\r\n    },`);
    expect(manifest.replaceAll('\r\n', '')).not.toContain('\n');
    const index = readFileSync(app.path('src/index.js'), 'utf8');
    expect(index).toMatch(
      /^\/\*!\r\n \* Copyright Contoso\r\n \*\/\r\n'use strict';\r\nrequire\('vaultstrap\/register'\);\r\n\r\nconst/,
    );
  });

  test('dependencies that are not there yet stand behind what is', async () => {
    const app = appOf({ 'package.json': '{\n  "name": "shop",\n  "main": "index.js"\n}\n', 'index.js': 'run();\n' });
    await app.run([CLI, 'init', '--yes']);
    expect(Object.keys(JSON.parse(readFileSync(app.path('package.json'), 'utf8')))).toEqual([
      'name',
      'main',
      'dependencies',
    ]);
  });

  test('a sample that is there gets one more line, and its values are not shown', async () => {
    const app = appOf(APPS['Express, CommonJS']?.files ?? {});
    const secret = canary('sample');
    app.write({ '.env.example': `PORT=3000\nOLD_KEY=${secret}` });
    const { code, stdout } = await app.run([CLI, 'init', '--yes']);
    expect(code, stdout).toBe(0);
    expect(readFileSync(app.path('.env.example'), 'utf8')).toBe(
      `PORT=3000\nOLD_KEY=${secret}\nDB_PASSWORD=@KeyVault(VaultName=my-vault;SecretName=db-password)\n`,
    );
  });
});

describe.skipIf(process.platform === 'win32')('on a terminal', () => {
  /** Answers the question, and gives what is left to see. */
  async function answer(app: App, key: string): Promise<{ code: number; screen: string }> {
    const terminal = spawn(NODE, [CLI, 'init'], {
      cwd: app.dir,
      cols: 120,
      rows: 40,
      env: { PATH: process.env['PATH'], TERM: 'xterm' },
    });
    let screen = '';
    let answered = false;
    terminal.onData((text) => {
      screen += text;
      if (answered || !screen.includes('Write this?')) return;
      answered = true;
      terminal.write(key);
    });
    const timer = setTimeout(() => terminal.kill('SIGKILL'), 20_000);
    const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    clearTimeout(timer);
    return { code, screen };
  }

  test.each([
    ['y', true],
    ['n', false],
    ['\u0003', false],
    ['\u0004', false],
  ])('%j', async (key, isWritten) => {
    const app = appOf(APPS['Express, CommonJS']?.files ?? {});
    const { code, screen } = await answer(app, key);
    expect(code, screen).toBe(0);
    // In colours, since people look at it.
    expect(screen).toContain("\u001b[32m+require('vaultstrap/register')");
    expect(screen).toContain(isWritten ? 'Written: package.json, server.js, .env.sample.' : 'Nothing written.');
    expect(existsSync(app.path('.env.sample'))).toBe(isWritten);
  });
});

describe('what it does not know gets the line to paste', () => {
  test.each([
    [
      'a start that says nothing',
      { 'package.json': '{ "scripts": { "start": "pm2 start apps.config.js" } }' },
      'node --import vaultstrap/preload',
    ],
    [
      'a bundler with a program for its configuration',
      { 'host.json': '{}', 'package.json': '{ "main": "dist/main.js", "scripts": { "build": "webpack" } }' },
      "import 'vaultstrap/register';",
    ],
    [
      'function files in several folders',
      {
        'host.json': '{}',
        'package.json': '{ "main": "src/**/*.js" }',
        'src/a/one.js': "require('@azure/functions');",
        'src/b/two.js': "require('@azure/functions');",
      },
      "import 'vaultstrap/register';",
    ],
    [
      'a file that would load before ours',
      { 'host.json': '{}', 'package.json': '{ "main": "src/*.js" }', 'src/-a.js': '', 'src/b.js': '' },
      "import 'vaultstrap/register';",
    ],
  ])('%s', async (_name, files, line) => {
    const app = appOf(files);
    const { code, stdout } = await app.run([CLI, 'init', '--yes']);
    expect(code, stdout).toBe(1);
    expect(stdout).toContain('To be done by hand:');
    expect(stdout).toContain(line);
    for (const [name, text] of Object.entries(files)) {
      if (name !== 'package.json') expect(readFileSync(app.path(name), 'utf8')).toBe(text);
    }
  });

  test.each([
    ['no JSON', '{ "name": ', 'package.json, line 1: this is not JSON: a value is missing.'],
    ['a list', '[]', 'package.json holds no object.'],
    ['odd in its dependencies', '{ "dependencies": "x" }', 'package.json: "dependencies" is no object.'],
    ['nothing', '', 'package.json, line 1: this is not JSON: a value is missing.'],
  ])('a package.json that is %s is a mistake, and no stack', async (_what, text, message) => {
    const app = appOf({ 'package.json': text });
    expect(await app.run([CLI, 'init', '--yes'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `vaultstrap error: ${message}\n`,
    });
  });

  // Root may write everywhere, and Windows' folders have no such right.
  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'where not everything may be written, nothing is',
    async () => {
      const app = appOf({ 'package.json': '{ "main": "index.js" }\n', 'index.js': 'run();\n' });
      chmodSync(app.path('index.js'), 0o444);
      const { code, stderr } = await app.run([CLI, 'init', '--yes']);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'vaultstrap error: index.js cannot be written (EACCES); nothing was.\n',
      });
      expect(readFileSync(app.path('package.json'), 'utf8')).toBe('{ "main": "index.js" }\n');
    },
  );

  test('a folder in the place of a file is told, without a stack', async () => {
    const app = appOf({ 'package.json': '{ "main": "index.js" }\n', 'index.js': 'run();\n', '.env.sample/x': '' });
    expect(await app.run([CLI, 'init', '--yes'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'vaultstrap error: .env.sample is a folder.\n',
    });
  });

  test.skipIf(process.platform === 'win32')(
    'a link to nothing in the place of a file: nothing is written',
    async () => {
      const app = appOf({ 'package.json': '{ "main": "index.js" }\n', 'index.js': 'run();\n' });
      symlinkSync('nowhere', app.path('.env.sample'));
      expect(await app.run([CLI, 'init', '--yes'])).toMatchObject({
        code: 2,
        stderr: 'vaultstrap error: .env.sample is a link that leads nowhere; nothing was written.\n',
      });
      expect(readFileSync(app.path('index.js'), 'utf8')).toBe('run();\n');
    },
  );

  test.skipIf(process.platform === 'win32').each<[string, AppFixture['files']]>([
    ['the pattern of a main', { 'app/host.json': '{}', 'app/package.json': '{"main":"../*.js"}' }],
    ['a link', { 'app/package.json': '{"main":"index.js"}' }],
  ])('what leads out of the folder is left alone: %s', async (_what, files) => {
    const app = appOf({ ...files, 'other.js': 'run();\n' });
    symlinkSync('../other.js', app.path('app/index.js'));
    const manifest = readFileSync(app.path('app/package.json'), 'utf8');
    const { code, stderr } = await app.run([app.path(CLI), 'init', '--yes'], { cwd: app.path('app') });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^vaultstrap error: \S+ leads out of this folder; nothing was written\.\n$/),
    });
    expect(readFileSync(app.path('other.js'), 'utf8')).toBe('run();\n');
    expect(existsSync(app.path('0-vaultstrap.js'))).toBe(false);
    expect(readFileSync(app.path('app/package.json'), 'utf8')).toBe(manifest);
  });

  test.skipIf(process.platform === 'win32')('names and lines of files steer no terminal', async () => {
    const name = 'i\u001b[2J.js';
    const app = appOf({ 'package.json': JSON.stringify({ main: name }), [name]: '// \u001b[2J\u202e\nrun();\n' });
    const { code, stdout } = await app.run([CLI, 'init', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('Written: package.json, i\\u{1b}[2J.js');
    expect(stdout).not.toMatch(/[^\P{C}\n\t]/u);
  });

  test('a name with a space is one word of the command that it ends with', async () => {
    const app = appOf({ 'package.json': '{ "main": "my app.js" }', 'my app.js': 'run();\n' });
    const { stdout } = await app.run([CLI, 'init', '--yes']);
    expect(stdout).toMatch(/ npx vaultstrap run -e \.env -- node "my app\.js"\n$/);
  });

  test('a folder without an app is a mistake', async () => {
    const app = createApp();
    mkdirSync(app.path('empty'));
    const { code, stderr } = await app.run([app.path(CLI), 'init'], { cwd: app.path('empty') });
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no package.json here'),
    });
  });
});
