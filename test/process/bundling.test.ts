// Many Function Apps are bundled: the library is one text in one file then, far from its package.
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import webpack from 'webpack';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=password)';
// The app's own modules write to the probe by themselves: the bundle stands alone.
const PROBE = `import { appendFileSync } from 'node:fs';
  export const probe = (data) => appendFileSync(process.env.PROBE_FILE, JSON.stringify(data) + '\\n');`;
const SOURCES = {
  'src/probe.js': PROBE,
  'src/config.js': `import { probe } from './probe.js'; export const value = process.env.DB_PASSWORD; probe({ config: value ?? null });`,
  'src/early.js': `import { probe } from './probe.js'; probe({ early: process.env.DB_PASSWORD ?? null });`,
  'src/register.js': `import 'vaultstrap/register'; import './config.js';`,
  'src/start.js': `import 'vaultstrap/start'; import './early.js'; import 'vaultstrap/register'; import './config.js';`,
  'src/api.js': `import { bootstrap, refresh, report, requireSettings } from 'vaultstrap'; import { probe } from './probe.js';
    bootstrap().then(refresh).then(() => {
      const { status, generation, settings } = report();
      probe({ api: requireSettings('DB_PASSWORD').DB_PASSWORD, status, generation, settings: settings.length });
    });`,
  'src/fails.js': `import { bootstrapSync, isVaultstrapError } from 'vaultstrap'; import { probe } from './probe.js';
    try { bootstrapSync(); } catch (error) { probe([isVaultstrapError(error), error.name, error.code]); }`,
};
const ENTRIES = ['register', 'start', 'api', 'fails'];
const EXPECTED: Record<string, unknown[]> = {
  register: [{ config: password }],
  start: [{ early: null }, { config: password }],
  api: [{ api: password, status: 'ready', generation: 1, settings: 1 }],
  fails: [[true, 'BootstrapError', 'ERR_SECRET_NOT_FOUND']],
};

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } } });
  app = createApp();
  app.write(SOURCES);
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

/** Runs what was built, in a folder of its own. */
async function expectItRuns(
  dir: string,
  entry: string,
  extension: string,
  { expected = EXPECTED, sdk = false }: { expected?: typeof EXPECTED; sdk?: boolean } = {},
): Promise<void> {
  const reference = entry === 'fails' ? '@KeyVault(VaultName=shop;SecretName=gone)' : REFERENCE;
  const { code, stderr, probes } = await app.run([`${entry}${extension}`], {
    cwd: dir,
    env: { ...azure.env, DB_PASSWORD: reference, ...(sdk && { VAULTSTRAP_CLIENT: 'sdk' }) },
  });
  expect({ entry, code, stderr, probes }).toEqual({ entry, code: 0, stderr: '', probes: expected[entry] });
}

describe('esbuild', () => {
  const CASES = [
    { format: 'cjs', inlined: true, minify: true },
    { format: 'cjs', inlined: true, minify: false },
    { format: 'cjs', inlined: false, minify: false },
    { format: 'esm', inlined: true, minify: true },
    { format: 'esm', inlined: true, minify: false },
    { format: 'esm', inlined: false, minify: true },
  ] as const;

  test.each(CASES)('%j', async ({ format, inlined, minify }) => {
    const extension = format === 'cjs' ? '.cjs' : '.mjs';
    const dir = app.path(`out-${format}-${inlined}-${minify}`, 'elsewhere');
    const { warnings } = await build({
      absWorkingDir: app.dir,
      entryPoints: ENTRIES.map((entry) => `src/${entry}.js`),
      outdir: dir,
      outExtension: { '.js': extension },
      bundle: true,
      platform: 'node',
      target: 'node22',
      format,
      minify,
      // The SDK is optional and never part of a bundle.
      external: inlined ? ['@azure/*'] : ['vaultstrap', 'vaultstrap/*'],
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    // A folder without node_modules: nothing of the package is beside the bundle.
    const alone = inlined ? path.join(path.dirname(app.dir), `alone-${path.basename(path.dirname(dir))}`) : dir;
    if (inlined) cpSync(dir, alone, { recursive: true });
    // ESM runs what stays external first, all of it: nobody reads early there.
    const expected =
      format === 'esm' && !inlined ? { ...EXPECTED, start: [{ early: password }, { config: password }] } : EXPECTED;
    for (const entry of ENTRIES) await expectItRuns(alone, entry, extension, { expected });
    expect(await requestsOf(azure)).toMatchObject({ unauthorized: 0 });
  });

  // With `splitting`, esbuild moves shared modules into chunks that run before the entry's own imports
  // (https://github.com/evanw/esbuild/issues/399): the app has to be a dynamic import behind register.
  test('splitting, with an entry of its own', async () => {
    app.write({
      'src/entry.js': "import 'vaultstrap/register'; await import('./config.js');",
      'src/other.js': "import 'vaultstrap/register'; await import('./config.js');",
    });
    await build({
      absWorkingDir: app.dir,
      entryPoints: ['src/entry.js', 'src/other.js'],
      outdir: app.path('out-splitting'),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    const expected = { entry: EXPECTED['register'] ?? [], other: EXPECTED['register'] ?? [] };
    for (const entry of ['entry', 'other']) await expectItRuns(app.path('out-splitting'), entry, '.mjs', { expected });
  });

  test('no --external is needed for an SDK that is not installed', async () => {
    const { warnings, metafile } = await build({
      absWorkingDir: app.dir,
      entryPoints: ['src/register.js'],
      outdir: app.path('out-plain'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      metafile: true,
      logLevel: 'silent',
    });

    expect(warnings).toEqual([]);
    const inputs = Object.keys(metafile.inputs).filter((input) => input.includes('node_modules'));
    for (const input of inputs) expect(input).toMatch(/^node_modules\/vaultstrap\//);
    cpSync(app.path('out-plain/register.js'), app.path('out-plain/register.cjs'));
    await expectItRuns(app.path('out-plain'), 'register', '.cjs');
  });
});

describe('webpack', () => {
  // Minifying takes most of the time: two entries will do.
  test.each([
    ['production', true, ['register', 'api']],
    ['development', true, ENTRIES],
    ['development', false, ENTRIES],
  ] as const)('%s, inlined: %s', async (mode, inlined, entries) => {
    const dir = app.path(`webpack-${mode}-${inlined}`);
    mkdirSync(dir);
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
      webpack(
        {
          mode,
          context: app.dir,
          target: 'node22',
          entry: Object.fromEntries(entries.map((entry) => [entry, `./src/${entry}.js`])),
          output: { path: dir, filename: '[name].cjs' },
          externalsType: 'commonjs',
          externals: inlined ? [/^@azure\//] : [/^@azure\//, /^vaultstrap(\/|$)/],
        },
        (error, result) => (error ? reject(error) : resolve(result)),
      );
    });
    const { errors, warnings } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};

    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(readdirSync(dir).filter((file) => file.endsWith('.cjs')).length).toBeGreaterThanOrEqual(entries.length);
    const alone = inlined ? path.join(path.dirname(app.dir), `alone-webpack-${mode}`) : dir;
    if (inlined) cpSync(dir, alone, { recursive: true });
    for (const entry of entries) await expectItRuns(alone, entry, '.cjs');
  });
});

// They go by the package's list of files with side effects: what they take for pure, and is not, they drop in silence.
describe.each([
  ['rollup', (input: string) => rollup({ input, plugins: [nodeResolve(), commonjs()], external: [/^@azure\//] })],
  // In Vite, tsdown and others.
  ['rolldown', (input: string) => rolldown({ input, platform: 'node', external: [/^@azure\//] })],
] as const)('%s', (name, bundle) => {
  // Taken in once, which takes most of the time, and written twice.
  test.each(ENTRIES)('%s, as an ES module and as CommonJS', async (entry) => {
    const alone = path.join(path.dirname(app.dir), `alone-${name}`);
    const built = await bundle(app.path(`src/${entry}.js`));
    for (const [format, extension] of [
      ['esm', '.mjs'],
      ['cjs', '.cjs'],
    ] as const) {
      const file = path.join(alone, `${entry}${extension}`);
      await built.write({ file, format });
      await expectItRuns(alone, entry, extension);
      // What is loaded for its effect alone, where something is wrong.
      if (entry === 'register') expect(readFileSync(file, 'utf8')).toContain('set after vaultstrap/register');
    }
    await built.close();
  });
});

test('a bundle finds the SDK where the bundle is, or where the app is started', async () => {
  const withSdk = createApp({ sdk: true });
  withSdk.write(SOURCES);
  for (const format of ['cjs', 'esm'] as const) {
    const extension = format === 'cjs' ? '.cjs' : '.mjs';
    await build({
      absWorkingDir: withSdk.dir,
      entryPoints: ['src/register.js', 'src/api.js'],
      outdir: withSdk.path('out'),
      outExtension: { '.js': extension },
      bundle: true,
      platform: 'node',
      format,
      minify: true,
      external: ['@azure/*'],
      logLevel: 'silent',
    });
    for (const entry of ['register', 'api']) await expectItRuns(withSdk.path('out'), entry, extension, { sdk: true });
  }
});
