// References that come into the environment behind register, as from a .env file that is loaded too late: one line, and
// none where somebody resolves them, or nobody shall.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, type Env, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=password)';
const line = (names: string) =>
  `vaultstrap warn: ${names}: set after vaultstrap/register had run, so the reference stays text. What loads .env belongs above it; npx vaultstrap lint shows where.\n`;

let azure: Emulator;
let app: App;
beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password, looks: REFERENCE } } });
  app = createApp();
});
afterAll(() => azure?.close());

async function stderrOf(file: string, code: string, env: Env = {}): Promise<string> {
  app.write({ [file]: code, '.env': `DB_PASSWORD=${REFERENCE}\n` });
  const outcome = await app.run([file], { env });
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  return outcome.stderr;
}

const COMMONJS = "require('vaultstrap/register');\nprocess.loadEnvFile();\n";

describe('told', () => {
  test.each([
    ['CommonJS', 'app.cjs', COMMONJS],
    [
      'ES modules',
      'app.mjs',
      "import 'vaultstrap/register';\nimport process from 'node:process';\nprocess.loadEnvFile();",
    ],
    ['where no timer is, as in jsdom', 'bare.cjs', `delete globalThis.setImmediate;\n${COMMONJS}`],
  ])('%s', async (_name, file, code) => {
    expect(await stderrOf(file, code)).toBe(line('DB_PASSWORD'));
    // The emulator's settings alone: a start that finds no reference.
    expect(await stderrOf(file, code, azure.env)).toBe(line('DB_PASSWORD'));
  });

  test('beside references that were there in time', async () => {
    const env = { ...azure.env, IN_TIME: REFERENCE };
    expect(await stderrOf('some.cjs', COMMONJS, env)).toBe(line('DB_PASSWORD'));
  });

  test('names, and not all of many', async () => {
    const many = `require('vaultstrap/register');\nfor (const n of 'ABCDE') process.env[n] = '${REFERENCE}';`;
    expect(await stderrOf('many.cjs', many)).toBe(line('A, B, C and 2 more'));
  });
});

describe('text that was meant as a reference', () => {
  const NEAR = { DB_PASSWORD: '@KeyVaul(VaultName=shop;SecretName=password)' };
  const told =
    'vaultstrap warn: DB_PASSWORD: what looks like a reference is none, and stays text. A reference begins with @KeyVault( or @Microsoft.KeyVault(.\n';

  test.each([
    ['alone', NEAR],
    ['beside a reference', { ...NEAR, GOOD: REFERENCE }],
    ['on App Service, which gives it twice', { ...NEAR, APPSETTING_DB_PASSWORD: NEAR.DB_PASSWORD }],
  ])('%s: a start says so, once', async (_name, env) => {
    const twice = "require('vaultstrap/register');\nrequire('vaultstrap').bootstrap();";
    expect(await stderrOf('near.cjs', twice, { ...azure.env, ...env })).toBe(told);
    const preloaded = await app.run(['--import', 'vaultstrap/preload', '-e', '0'], { env: { ...azure.env, ...env } });
    expect(preloaded).toMatchObject({ code: 0, stderr: told });
  });

  test.each([
    ['text about references', { DB_PASSWORD: 'see KeyVault(VaultName)' }],
    ['a setting to leave alone', { ...NEAR, VAULTSTRAP_IGNORE: 'DB_PASSWORD' }],
    ['switched off', { ...NEAR, VAULTSTRAP_ENABLED: 'false' }],
    ['a secret that looks so', { DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=near)' }],
  ])('%s: nothing', async (_name, env) => {
    await azure.vault('shop').set('near', NEAR.DB_PASSWORD);
    const child = "require('node:child_process').execFileSync(process.execPath, ['child.cjs'], { stdio: 'inherit' });";
    app.write({ 'child.cjs': "require('vaultstrap/register');" });
    const code = `require('vaultstrap/register');\n${child}\nrequire('vaultstrap').bootstrap();`;
    expect(await stderrOf('far.cjs', code, { ...azure.env, ...env })).toBe('');
  });
});

describe('refresh() of an app that nothing has started', () => {
  const told = `vaultstrap warn: DB_PASSWORD: nothing has resolved the reference, and refresh() only reads again what a start has resolved. Import 'vaultstrap/register' in the app's first line, or await bootstrap().\n`;
  const REFRESH = "const { bootstrap, refresh } = require('vaultstrap');\nrefresh().then(() => refresh());";
  const env = { DB_PASSWORD: REFERENCE };

  test('one line, and not for every call', async () => {
    expect(await stderrOf('refresh.cjs', REFRESH, env)).toBe(told);
  });

  test('nor the value that it has from a parent process', async () => {
    const code = `if (process.argv[2]) { ${REFRESH} } else {
      require('vaultstrap/register');
      require('node:child_process').spawnSync(process.execPath, [__filename, 'child'], { stdio: 'inherit' });
    }`;
    const stderr = await stderrOf('parent.cjs', code, { ...azure.env, ...env });
    expect(stderr).toBe(
      told
        .replace('nothing has', 'only another process or thread has')
        .replace('a start has', 'a start in this one has'),
    );
  });

  test('also when it is not the first call', async () => {
    const code = REFRESH.replace('refresh().', "require('vaultstrap').report();\nrefresh().");
    expect(await stderrOf('refresh.cjs', code, env)).toBe(told);
  });

  test.each<[string, string, Env]>([
    ['of no references', REFRESH, { DB_PASSWORD: password }],
    ['of a process that is told to leave them alone', REFRESH, { ...env, VAULTSTRAP_ENABLED: 'false' }],
    ['of the same by option', `${REFRESH.replace('refresh()', 'bootstrap({ enabled: false }).then(refresh)')}`, env],
    ['of a reference to leave alone', REFRESH, { ...env, VAULTSTRAP_IGNORE: 'DB_PASSWORD' }],
    ['where nothing is to be told', REFRESH, { ...env, VAULTSTRAP_LOG: 'error' }],
    ['where it is under way', REFRESH.replace('refresh()', 'bootstrap();\nrefresh()'), env],
  ])('not a word %s', async (_name, code, given) => {
    expect(await stderrOf('refresh.cjs', code, { ...azure.env, ...given })).toBe('');
  });
});

// Many an app listens while its modules load, and starts behind that.
describe('onRotated() of an app that nothing has started', () => {
  const listening = (behind = '') => `const timers = require('node:timers');
    const { setTimeout } = timers;
    const due = [];
    timers.setTimeout = (run, ms, ...args) => {
      if (ms === 10_000) due.push(() => run(...args));
      return setTimeout(run, ms, ...args);
    };
    const { bootstrap, bootstrapSync, onRotated } = require('vaultstrap');
    onRotated(() => {});
    onRotated('DB_PASSWORD', () => {});
    ${behind}
    for (const run of due) run();
    if (due.length !== 2) console.error(due.length);`;
  const env = { DB_PASSWORD: REFERENCE };

  test('one line, when some time has passed', async () => {
    expect(await stderrOf('listen.cjs', listening(), env)).toBe(
      `vaultstrap warn: DB_PASSWORD: nothing has resolved the reference, and onRotated() only hears of what a start has resolved. Import 'vaultstrap/register' in the app's first line, or await bootstrap().\n`,
    );
  });

  test.each<[string, string, Env]>([
    ['of no references', '', { DB_PASSWORD: password }],
    ['of a process that is told to leave them alone', '', { VAULTSTRAP_ENABLED: 'false' }],
    ['where a start has come meanwhile', 'bootstrapSync();', {}],
    ['where it is under way', 'bootstrap();', {}],
    ['nor an error where nothing can be printed', "console.error = () => { throw new Error('deaf'); };", {}],
    ['where it was told to leave them alone', 'bootstrap({ enabled: false });', {}],
  ])('not a word %s', async (_name, behind, given) => {
    expect(await stderrOf('listen.cjs', listening(behind), { ...azure.env, ...env, ...given })).toBe('');
  });
});

describe('not told', () => {
  const API = "const { bootstrap, bootstrapSync } = require('vaultstrap');\n";

  test.each([
    ['what the next start resolves', `${API}${COMMONJS}bootstrapSync();`],
    ['what a start is resolving', `${API}${COMMONJS}bootstrap();`],
    ['a value that reads like a reference', `${COMMONJS}process.env.DB_PASSWORD = 'user@KeyVault.example';`],
    ['a name that is never resolved', `require('vaultstrap/register');\nprocess.env.HTTPS_PROXY = '${REFERENCE}';`],
  ])('%s', async (_name, code) => {
    expect(await stderrOf('app.cjs', code, azure.env)).toBe('');
  });

  test.each([
    { VAULTSTRAP_IGNORE: 'OTHER, DB_PASSWORD' },
    // As App Service gives it twice, and PM2 a copy of all.
    { VAULTSTRAP_IGNORE: 'DB_PASSWORD', APPSETTING_DB_PASSWORD: REFERENCE, pm2_env: `{"DB_PASSWORD":"${REFERENCE}"}` },
    { VAULTSTRAP_ENABLED: 'false' },
    { VAULTSTRAP_LOG: 'error' },
  ])('%o', async (env) => {
    expect(await stderrOf('app.cjs', COMMONJS, env)).toBe('');
  });

  test('values that read like references, and what is none, in this process and in one that inherits them', async () => {
    const literal = { PLAIN: REFERENCE, TEXT: '@KeyVault(VaultName=shop;SecretName=looks)', ESCAPED: '@@KeyVault(x)' };
    const code = `require('vaultstrap/register');
      if (!process.argv[2]) require('node:child_process').spawnSync(process.execPath, [__filename, 'child'], { stdio: 'inherit' });`;
    expect(await stderrOf('child.cjs', code, { ...azure.env, ...literal })).toBe('');
  });

  test('what a start could not resolve, and left as it was', async () => {
    const env = { ...azure.env, VAULTSTRAP_ON_ERROR: 'keep', GONE: '@KeyVault(VaultName=shop;SecretName=gone)' };
    expect(await stderrOf('kept.cjs', "require('vaultstrap/register');", env)).not.toContain('set after');
  });
});
