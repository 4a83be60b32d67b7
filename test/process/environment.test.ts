// What is not ours stays as it is, to the byte; with nothing to do, nothing is loaded and nothing is asked.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const json = JSON.stringify({ user: 'app', password: canary('member') });
const CLI = 'node_modules/vaultstrap/dist/cli.cjs';

/** Values and names that careless code would change, lose or stumble over. */
const ODD: Record<string, string> = {
  EMPTY: '',
  SPACES: '  padded\t',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: mentions nothing of ours either
  DOLLAR: 'pa$$w0rd $HOME ${HOME} $(id) `id` \\$X',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: mentions nothing of ours, so it is nobody's template
  TEMPLATE: '${EMPTY}-${UNKNOWN:-fallback}',
  QUOTES: `"double" 'single'`,
  LINES: 'one\ntwo\r\nthree',
  HASH: 'before # behind',
  UNICODE: 'grüße 🔑 \u2028',
  JSON: '{"a":"$b"}',
  EXPORT: 'export X=1',
  LITERAL: 'user@KeyVault.example (not ours)',
  'dotted.name': 'dotted',
  'dashed-name': 'dashed',
  'ProgramFiles(x86)': 'C:\\Program Files (x86)',
  'name with spaces': 'spaces',
  'ASPNETCORE__Section:Key': 'colon',
  ümläut: 'umlaut',
  constructor: 'not a function',
  toString: 'nor this',
  hasOwnProperty: 'nor that',
  lower: 'lower',
  LOWER: 'upper',
  AZURE_OPENAI_API_KEY: 'plain',
  NODE_DEBUG: 'none-such',
  npm_config_thing: 'x',
};

const references = {
  DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)',
  MEMBER: '@KeyVault(VaultName=shop;SecretName=json;Field=user)',
  TWICE: '@KeyVault(VaultName=shop;SecretName=password)',
  APPSETTING_TWICE: '@KeyVault(VaultName=shop;SecretName=password)',
  SQLAZURECONNSTR_Main: 'Server=db;Password=@KeyVault(VaultName=shop;SecretName=password)',
};
const values = {
  DB_PASSWORD: password,
  MEMBER: 'app',
  TWICE: password,
  APPSETTING_TWICE: password,
  SQLAZURECONNSTR_Main: `Server=db;Password=${password}`,
};

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password, json } } });
  app = createApp();
  app.write({
    'env.cjs': "require('./probe.cjs')({ ...process.env });",
    'register.cjs': "require('vaultstrap/register'); require('./env.cjs');",
    'register.mjs': "import 'vaultstrap/register'; import './env.cjs';",
    'start.cjs': "require('vaultstrap/start'); require('vaultstrap/register'); require('./env.cjs');",
    'keep.cjs': "try { require('vaultstrap/register'); } catch {} require('./env.cjs');",
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

type Env = Record<string, string>;

/** The environment that a program sees, without what the runner itself puts there, which differs each time. */
async function seenBy(args: readonly string[], env: Record<string, string | undefined>): Promise<Env> {
  const { code, stderr, probes } = await app.run(args, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { PROBE_FILE, ...seen } = probes[0] as Env;
  expect(PROBE_FILE).toBeTruthy();
  return seen;
}

describe('nothing else in the environment changes', () => {
  test.each([
    ['register', ['register.cjs']],
    ['register (ESM)', ['register.mjs']],
    ['start, then register', ['start.cjs']],
    ['preload', ['--import', 'vaultstrap/preload', 'env.cjs']],
    ['run', [CLI, 'run', '--', NODE, 'env.cjs']],
  ])('%s', async (_, args) => {
    // `run` says which of the emulator's settings are in force.
    const env = { ...azure.env, ...ODD, ...references, ...(args.includes('run') && { VAULTSTRAP_LOG: 'error' }) };
    const before = await seenBy(['env.cjs'], env);
    const { VAULTSTRAP_REFERENCES, ...after } = await seenBy(args, env);

    expect(before).toMatchObject(references);
    expect(after).toEqual({ ...before, ...values });
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    const record = JSON.parse(VAULTSTRAP_REFERENCES ?? '');
    expect(Object.keys(record.settings).sort()).toEqual(Object.keys(references).sort());
  });

  test('a failed start removes what failed and changes nothing else', async () => {
    const env = { ...azure.env, ...ODD, ...references, GONE: '@KeyVault(VaultName=shop;SecretName=none)' };
    const { GONE, ...before } = await seenBy(['env.cjs'], env);
    const { VAULTSTRAP_REFERENCES, ...after } = await seenBy(['keep.cjs'], env);

    expect(GONE).toBe(env.GONE);
    // What could be had is there: the app that catches the error may do without the rest.
    expect(after).toEqual({ ...before, ...values });
    expect(VAULTSTRAP_REFERENCES).toContain('DB_PASSWORD');
  });

  test('__proto__ is a name like any other', async () => {
    const env = Object.fromEntries([['__proto__', 'polluted'], ...Object.entries({ ...azure.env, ...references })]);
    app.write({
      'proto.cjs': `require('vaultstrap/register');
        require('./probe.cjs')([Object.entries(process.env).find(([name]) => name === '__proto__'), {}.polluted ?? null, process.env.DB_PASSWORD]);`,
    });
    const { code, stderr, probes } = await app.run(['proto.cjs'], { env });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([[['__proto__', 'polluted'], null, password]]);
  });

  test('names in VAULTSTRAP_IGNORE are left alone', async () => {
    const env = { ...azure.env, ...references, VAULTSTRAP_IGNORE: 'DB_PASSWORD, MEMBER' };
    const { VAULTSTRAP_REFERENCES, ...seen } = await seenBy(['register.cjs'], env);

    expect(seen).toMatchObject({
      ...values,
      DB_PASSWORD: references.DB_PASSWORD,
      MEMBER: references.MEMBER,
    });
    expect(VAULTSTRAP_REFERENCES).not.toContain('DB_PASSWORD');
    expect(await requestsOf(azure)).toMatchObject({ vault: 1 });
  });

  test('all names ignored: nothing is asked', async () => {
    const env = { ...azure.env, A: references.DB_PASSWORD, VAULTSTRAP_IGNORE: 'A' };
    const seen = await seenBy(['register.cjs'], env);

    expect(seen['A']).toBe(references.DB_PASSWORD);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });
});

describe('with nothing to do', () => {
  const CASES: [string, Record<string, string>][] = [
    ['no reference', { PLAIN: 'x', ...ODD }],
    ['VAULTSTRAP_ENABLED=false', { ...references, VAULTSTRAP_ENABLED: 'false' }],
    [
      'VAULTSTRAP_ENABLED=0 and a setting that is malformed',
      { ...references, VAULTSTRAP_ENABLED: '0', VAULTSTRAP_LOG: '?' },
    ],
  ];
  const MODES: [string, string[], string[]][] = [
    // Beside each, a program that does the same with a module that does nothing.
    ['require register', ['lazy-register.cjs'], ['lazy-nothing.cjs']],
    ['import register', ['lazy-register.mjs'], ['lazy-nothing.mjs']],
    ['require start', ['lazy-start.cjs'], ['lazy-nothing.cjs']],
    ['--require register', ['--require', 'vaultstrap/register', 'loaded.cjs'], ['--require', 'nothing', 'loaded.cjs']],
    ['--require preload', ['--require', 'vaultstrap/preload', 'loaded.cjs'], ['--require', 'nothing', 'loaded.cjs']],
    ['--import preload', ['--import', 'vaultstrap/preload', 'loaded.cjs'], ['--import', 'nothing', 'loaded.cjs']],
  ];
  interface Loaded {
    builtins: string[];
    files: string[];
    state: boolean;
    env: Env;
  }

  beforeAll(() => {
    app.write({
      // A package as well: Node itself loads more to find one.
      'node_modules/nothing/package.json': JSON.stringify({
        name: 'nothing',
        exports: { '.': { import: './index.mjs', require: './index.cjs' }, './cjs': './index.cjs' },
      }),
      'node_modules/nothing/index.cjs': "'use strict';",
      'node_modules/nothing/index.mjs': 'export {};',
      'loaded.cjs': `const builtins = [...process.moduleLoadList];
        const files = Object.keys(require.cache).map((file) => file.split(/[\\\\/]/).at(-1));
        const { PROBE_FILE, ...env } = process.env;
        const state = Object.getOwnPropertySymbols(globalThis).some((symbol) => symbol.description.startsWith('vaultstrap'));
        require('./probe.cjs')({ builtins, files, state, env });`,
      'lazy-register.cjs': "require('vaultstrap/register'); require('./loaded.cjs');",
      'lazy-start.cjs': "require('vaultstrap/start'); require('./loaded.cjs');",
      'lazy-nothing.cjs': "require('nothing'); require('./loaded.cjs');",
      'lazy-register.mjs': "import 'vaultstrap/register'; import './loaded.cjs';",
      'lazy-nothing.mjs': "import 'nothing/cjs'; import './loaded.cjs';",
    });
  });

  describe.each(CASES)('%s', (_, settings) => {
    test.each(MODES)('%s loads and changes nothing', async (_, args, control) => {
      const env = { ...azure.env, ...settings };
      // The emulator's own settings would be a reason to look closer.
      for (const name of Object.keys(env)) if (/^VAULTSTRAP_VAULT/.test(name)) delete (env as Env)[name];
      const [ours, bare] = await Promise.all(
        [args, control].map(async (a) => {
          const { code, stderr, probes } = await app.run(a, { env });
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
          return probes[0] as Loaded;
        }),
      );

      expect(ours?.builtins.filter((name) => !bare?.builtins.includes(name))).toEqual([]);
      expect(ours?.files.filter((name) => !/^(loaded|lazy-\w+|register|start)\.cjs$/.test(name))).toEqual([]);
      expect(ours?.state).toBe(false);
      expect(ours?.env).toEqual(bare?.env);
      expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
    });
  });

  test('the same look sees a start', async () => {
    const { probes } = await app.run(['lazy-register.cjs'], { env: { ...azure.env, ...references } });
    const { builtins, files, state } = probes[0] as Loaded;

    expect(builtins).toContain('NativeModule worker_threads');
    expect(files).toContain('index.cjs');
    expect(state).toBe(true);
  });

  test('VAULTSTRAP_ENABLED=false holds for the API and the command as well', async () => {
    const env = { ...azure.env, ...references, VAULTSTRAP_ENABLED: 'false' };
    app.write({
      'off.mjs': `import probe from './probe.cjs'; import { bootstrap, bootstrapSync, start, report, resolve } from 'vaultstrap';
        start(); bootstrapSync(); await bootstrap(); probe({ status: report().status, value: process.env.DB_PASSWORD });
        const A = process.env.DB_PASSWORD; probe(await resolve({ A, B: undefined }));
        process.env.VAULTSTRAP_ENABLED = 'true'; probe(await resolve({ A }, { enabled: false }));`,
    });
    const idle = { status: 'idle', generation: 0, requests: { token: 0, vault: 0, unauthorized: 0 }, settings: [] };
    const untouched = { values: { A: references.DB_PASSWORD }, report: idle };
    // Where it is not switched off as a whole, what is relaxed is said.
    const relaxations = ['VAULTSTRAP_VAULT_ENDPOINT', 'VAULTSTRAP_VAULT_CA'];
    const { code, stderr, probes } = await app.run(['off.mjs'], { env });
    expect({ code, stderr, probes }).toEqual({
      code: 0,
      stderr: '',
      probes: [
        { status: 'idle', value: references.DB_PASSWORD },
        untouched,
        { ...untouched, report: { ...idle, relaxations } },
      ],
    });

    expect(await seenBy([CLI, 'run', '--', NODE, 'env.cjs'], env)).toMatchObject(references);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });

  test('the SDK stays out where our own lane serves', async () => {
    const withSdk = createApp({ sdk: true });
    withSdk.write({
      'sdk.mjs': `import 'vaultstrap/register'; import { createRequire } from 'node:module'; import probe from './probe.cjs';
        probe({ value: process.env.DB_PASSWORD, azure: Object.keys(createRequire(import.meta.url).cache).filter((f) => f.includes('@azure')),
          net: process.moduleLoadList.filter((name) => /^NativeModule (https?|http2|tls|undici|internal\\/deps\\/undici\\/undici)$/.test(name)) });`,
    });
    const { probes } = await withSdk.run(['sdk.mjs'], { env: { ...azure.env, ...references } });

    // The main thread has no use for the network before the first refresh.
    expect(probes).toEqual([{ value: password, azure: [], net: [] }]);
  });
});
