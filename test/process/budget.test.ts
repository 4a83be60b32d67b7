// What a start costs, in counts that are the same on every machine; times are the bench's (docs/performance.md).
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, type Env, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const VAULTS = 10;
const COUNT = 200;
const vaults = Object.fromEntries(
  Array.from({ length: VAULTS }, (_, vault) => [
    `vault-${vault}`,
    Object.fromEntries(Array.from({ length: COUNT / VAULTS }, (__, i) => [`s${i}`, canary(`${vault}-${i}`)])),
  ]),
);
/** 20 secrets in one vault, or all that there are. */
const references = (count: number, vaultCount: number): Env =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `S${i}`,
      `@KeyVault(VaultName=vault-${i % vaultCount};SecretName=s${Math.floor(i / vaultCount)})`,
    ]),
  );

/** Written by every process that was given `--require ./count.cjs`, in the order of their ends. */
interface Counted {
  readonly files: readonly string[];
  readonly builtins: readonly string[];
}

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults });
  app = createApp();
  app.write({
    'empty.cjs': '',
    // Ends behind what a start does when the program goes on.
    'turn.cjs': 'setImmediate(() => {});',
    // What loading a package costs anyhow, in this version of Node.
    'node_modules/plain/package.json': '{"name":"plain","exports":{"./cjs":"./plain.cjs","./esm":"./plain.mjs"}}',
    'node_modules/plain/plain.cjs': '',
    'node_modules/plain/plain.mjs': '',
    'plain.cjs': "require('plain/cjs');",
    'count.cjs': `const probe = require('./probe.cjs');
      process.on('exit', () => probe({
        files: Object.keys(require.cache).map((file) => file.replaceAll('\\\\', '/').split('/vaultstrap/dist/')[1]).filter(Boolean),
        builtins: process.moduleLoadList,
      }));`,
    'register.cjs': "require('vaultstrap/register');",
    'register.mjs': "import 'vaultstrap/register';",
    'join.cjs': "require('vaultstrap/start'); require('vaultstrap/register');",
    'twice.cjs': `require('vaultstrap/register');
      require('vaultstrap').refresh().then(({ failed }) => require('./probe.cjs')({ failed }));`,
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

async function count(args: readonly string[], env: Env = {}): Promise<readonly Counted[]> {
  const { code, stderr, probes } = await app.run(args, { env: { ...env, NODE_OPTIONS: '--require ./count.cjs' } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return probes as readonly Counted[];
}

const kilobytes = (files: readonly string[]) =>
  files.reduce((sum, file) => sum + statSync(path.join(inject('packed').package, 'dist', file)).size, 0) / 1024;

/** `require.cache` does not list ES modules. */
const PRELOAD = ['--import', 'vaultstrap/preload', 'empty.cjs'];
const RUN = ['node_modules/vaultstrap/dist/cli.cjs', 'run', '--', NODE, 'empty.cjs'];

/** Loaded in milliseconds each, and needed by nobody who only waits for a thread. */
const NETWORK = ['NativeModule http', 'NativeModule https', 'NativeModule tls', 'NativeModule crypto'];

describe('nothing to resolve', () => {
  test.each([
    ['register', ['register.cjs'], ['register.cjs']],
    ['start, then register', ['join.cjs'], ['start.cjs', 'register.cjs']],
    ['preload', PRELOAD, []],
  ])('%s loads no more than the question needs', async (_, args, files) => {
    // A module of Node more, or a second file of ours: whatever it is, it can be loaded behind mustStart().
    const [bare] = await count(args === PRELOAD ? ['--import', 'plain/esm', 'empty.cjs'] : ['plain.cjs']);
    const [ours] = await count(args);
    expect(ours?.files).toEqual(files);
    expect(ours?.builtins.filter((name) => !bare?.builtins.includes(name))).toEqual([]);
  });

  test.each(['register.cjs', 'start.cjs', 'preload.mjs'])('%s is 2 KB at most', (file) => {
    // Every Node process of an app reads it, npm's too. More than the question belongs into index.cjs.
    expect(kilobytes([file])).toBeLessThanOrEqual(2);
  });
});

describe('20 secrets in one vault', () => {
  const MODES: Record<string, { args: readonly string[]; files: readonly string[]; limitKb: number }> = {
    preload: { args: PRELOAD, files: ['index.cjs', 'client.cjs'], limitKb: 182 },
    'register, CommonJS': {
      args: ['register.cjs'],
      files: ['register.cjs', 'worker.cjs', 'index.cjs'],
      limitKb: 158,
    },
    'register, ES module': {
      args: ['register.mjs'],
      files: ['register.cjs', 'worker.cjs', 'index.cjs'],
      limitKb: 158,
    },
    'start, then register': {
      args: ['join.cjs'],
      files: ['start.cjs', 'worker.cjs', 'index.cjs', 'register.cjs'],
      limitKb: 160,
    },
    run: { args: RUN, files: ['cli.cjs', 'index.cjs', 'client.cjs'], limitKb: 209 },
  };

  test.each(Object.entries(MODES))('%s', async (mode, { args, files, limitKb }) => {
    const processes = await count(args, { ...azure.env, ...references(20, 1), VAULTSTRAP_LOG: 'error' });
    // The command ends behind the program that it started, which has values and loads nothing of ours.
    expect(processes).toHaveLength(mode === 'run' ? 2 : 1);
    const ours = processes.at(-1);
    // A further file: does a start need it, or could it be loaded when it is asked for (startup/siblings.ts)?
    expect(ours?.files).toEqual(files);
    // Grown: see what came in with `esbuild --analyze`. If a start needs it, raise the limit; if not, move it out.
    expect(kilobytes(files)).toBeLessThanOrEqual(limitKb);
    if (files.includes('worker.cjs')) {
      // A blocked thread fetches nothing: its network modules are the worker's to load.
      expect(NETWORK.filter((name) => ours?.builtins.includes(name))).toEqual([]);
    }
    // More requests: something is asked twice. More connections than secrets: one was opened for nothing.
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 20, unauthorized: 0 });
    expect((await azure.connections()).vault).toBe(20);
  });
});

test('behind a start nothing more is loaded', async () => {
  const [ours] = await count([...PRELOAD.slice(0, 2), 'turn.cjs'], { ...azure.env, ...references(20, 1) });
  // The report, a refresh: when somebody asks, or when it is due (after.cjs).
  expect(ours?.files).toEqual(['index.cjs', 'client.cjs']);
  // Most of a millisecond, to tell that this is the main thread.
  expect(ours?.builtins).not.toContain('NativeModule worker_threads');
});

test('200 secrets in 10 vaults: one token, each secret once, half as many connections at most', async () => {
  await count(PRELOAD, { ...azure.env, ...references(COUNT, VAULTS) });
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: COUNT, unauthorized: 0 });
  // 48 reads at once (MOST_AT_ONCE in vault/client.ts) take some 60: a vault that answers late on a busy machine leaves
  // more to the others for a while, and what was opened in advance may come too late to be used.
  expect((await azure.connections()).vault).toBeLessThanOrEqual(100);
});

test('a refresh with nothing changed asks for each secret once, and for no token', async () => {
  await count(['twice.cjs'], { ...azure.env, ...references(20, 1) });
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: 40, unauthorized: 0 });
  expect((await azure.connections()).vault).toBe(40);
});

test('the package is no larger than it must be', () => {
  const dist = path.join(inject('packed').package, 'dist');
  const code = readdirSync(dist).filter((file) => /\.[cm]js$/.test(file));
  // Everything that can be loaded in production; the embedded Azure is for tests. Grown: is it bundled twice?
  expect(kilobytes(code.filter((file) => file !== 'testing.cjs'))).toBeLessThanOrEqual(480);
});
