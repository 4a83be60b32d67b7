// Children, worker threads and restarted processes: they inherit values, and know since when.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../src/index.js';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, type Outcome, requestsOf, startAzure } from './support/app.js';
import { canary, plant } from './support/canary.js';

const password = canary('password');
/** A secret that looks like a reference to another one. */
const lookalike = plant(`@KeyVault(VaultName=shop;SecretName=password;Default=${canary('lookalike')})`);

const references = {
  DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)',
  LOOKALIKE: '@KeyVault(VaultName=shop;SecretName=lookalike)',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
  DB_URL: 'postgres://app:${DB_PASSWORD}@db/shop',
  MAYBE: '@KeyVault(VaultName=shop;SecretName=absent;Optional=true)',
};
const values = {
  DB_PASSWORD: password,
  LOOKALIKE: lookalike,
  DB_URL: `postgres://app:${password}@db/shop`,
  MAYBE: null,
};
const READ = "probe.env('DB_PASSWORD', 'LOOKALIKE', 'DB_URL', 'MAYBE');";

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password, lookalike } } });
  app = createApp();
  app.write({
    'read.cjs': `const probe = require('./probe.cjs'); ${READ}`,
    'child.cjs': "require('vaultstrap/register'); require('./read.cjs');",
    'child.mjs': "import 'vaultstrap/register'; import './read.cjs';",
    'child-api.mjs': "import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./read.cjs');",
    'child-start.mjs': "import 'vaultstrap/start'; import 'vaultstrap/register'; import './read.cjs';",
    'env.cjs': "require('vaultstrap/register'); require('./probe.cjs')({ ...process.env });",
    'report.cjs': `require('vaultstrap/register'); const { report } = require('vaultstrap');
      require('./read.cjs'); require('./probe.cjs')(report());`,
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const env = () => ({ ...azure.env, ...references });

describe('a child process', () => {
  test.each([
    ['register', ['child.cjs']],
    ['register (ESM)', ['child.mjs']],
    ['bootstrap()', ['child-api.mjs']],
    ['start, then register', ['child-start.mjs']],
    ['preload', ['--import', 'vaultstrap/preload', 'read.cjs']],
    ['without us', ['read.cjs']],
  ])('inherits values, asks nothing and resolves nothing again: %s', async (_, args) => {
    app.write({
      'parent.cjs': `require('vaultstrap/register');
        const { spawnSync } = require('node:child_process');
        const { status } = spawnSync(process.execPath, ${JSON.stringify(args)}, { stdio: 'inherit' });
        process.exitCode = status;`,
    });
    const { code, stderr, probes } = await app.run(['parent.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([values]);
    expect(await requestsOf(azure)).toMatchObject({ token: 1, vault: 3 });
  });

  test('the same with a preload in NODE_OPTIONS, through fork and three generations', async () => {
    app.write({
      'generations.cjs': `require('./read.cjs');
        const left = Number(process.argv[2]);
        if (left > 0) require('node:child_process').fork(__filename, [String(left - 1)]);`,
    });
    const { code, stderr, probes } = await app.run(['generations.cjs', '2'], {
      env: { ...env(), NODE_OPTIONS: '--import=vaultstrap/preload' },
    });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([values, values, values]);
    expect(await requestsOf(azure)).toMatchObject({ token: 1, vault: 3 });
  });

  test('resolves what its parent gives it anew, and leaves an override alone', async () => {
    app.write({
      'parent.cjs': `require('vaultstrap/register');
        const { spawnSync } = require('node:child_process');
        const env = { ...process.env, DB_PASSWORD: 'override', LOOKALIKE: '@KeyVault(VaultName=shop;SecretName=password)' };
        delete env.DB_URL;
        spawnSync(process.execPath, ['child.cjs'], { stdio: 'inherit', env });`,
    });
    const { code, stderr, probes } = await app.run(['parent.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([{ DB_PASSWORD: 'override', LOOKALIKE: password, DB_URL: null, MAYBE: null }]);
    expect(await requestsOf(azure)).toMatchObject({ token: 2, vault: 4 });
  });

  test('rotates if it registers itself', async () => {
    const first = await app.run(['env.cjs'], { env: env() });
    const next = canary('next');
    await azure.vault('shop').set('password', next);
    await azure.requests.clear();
    app.write({
      'rotate.mjs': `import 'vaultstrap/register'; import { refresh } from 'vaultstrap'; import probe from './probe.cjs';
        probe.env('DB_PASSWORD'); await refresh(); probe.env('DB_PASSWORD', 'DB_URL', 'LOOKALIKE');`,
    });
    const { code, stderr, probes } = await app.run(['rotate.mjs'], {
      env: { ...inherited(first), VAULTSTRAP_SETTLE_SECONDS: '0' },
    });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([
      { DB_PASSWORD: password },
      { DB_PASSWORD: next, DB_URL: `postgres://app:${next}@db/shop`, LOOKALIKE: lookalike },
    ]);
  });
});

/** What a process manager would start the next process with. */
function inherited({ probes }: Outcome): Record<string, string> {
  const { PROBE_FILE: _file, ...rest } = probes.at(-1) as Record<string, string>;
  return rest;
}

/** The same, as of long ago. */
function aged(environment: Record<string, string>): Record<string, string> {
  const record = JSON.parse(environment['VAULTSTRAP_REFERENCES'] ?? '');
  for (const entry of Object.values<{ resolvedAt: string }>(record.settings)) entry.resolvedAt = '2026-01-01T00:00:00Z';
  return { ...environment, VAULTSTRAP_REFERENCES: JSON.stringify(record) };
}

describe('an old environment, replayed', () => {
  const MODES: [string, (file: string) => string[]][] = [
    ['register', (file) => [file]],
    ['preload', (file) => ['--import', 'vaultstrap/preload', file]],
    ['start, then register', (file) => ['--require', 'vaultstrap/start', file]],
  ];
  let old: Record<string, string>;
  beforeEach(async () => {
    const first = await app.run(['env.cjs'], { env: env() });
    old = aged(inherited(first));
    await azure.requests.clear();
  });

  test.each(MODES)('is read again: %s', async (_, args) => {
    const next = canary('next');
    await azure.vault('shop').set('password', next);
    const { code, stderr, probes } = await app.run(args('report.cjs'), { env: old });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toMatchObject([
      { ...values, DB_PASSWORD: next, DB_URL: `postgres://app:${next}@db/shop` },
      { status: 'ready', requests: { token: 1, vault: 3 } },
    ]);
  });

  test.each(MODES)('keeps the inherited value in an outage: %s', async (_, args) => {
    await azure.faults.add({ target: 'vault', status: 503 });
    const { code, stderr, probes, ms } = await app.run(args('report.cjs'), {
      env: { ...old, VAULTSTRAP_TIMEOUT_SECONDS: '1' },
    });

    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^vaultstrap warn: DB_PASSWORD, LOOKALIKE and MAYBE keep the values they were started with \(ERR_VAULT_UNAVAILABLE\)/m,
    );
    expect(ms).toBeLessThan(10_000);
    expect(probes).toMatchObject([values, { status: 'degraded' }]);
    const [, report] = probes as [unknown, Report];
    for (const setting of ['DB_PASSWORD', 'LOOKALIKE']) {
      expect(report.settings).toContainEqual(
        expect.objectContaining({ setting, kept: true, origin: 'inherited', code: 'ERR_VAULT_UNAVAILABLE' }),
      );
    }
  });

  test('keeps it when there is no identity endpoint to be reached, too', async () => {
    const { code, probes } = await app.run(['report.cjs'], {
      env: { ...old, IDENTITY_ENDPOINT: 'http://127.0.0.1:1/msi/token', VAULTSTRAP_TIMEOUT_SECONDS: '1' },
    });

    expect(code).toBe(0);
    expect(probes).toMatchObject([values, { status: 'degraded' }]);
  });

  test.each(MODES)('a refusal is not papered over: %s', async (mode, args) => {
    await azure.identity().revoke({ vault: 'shop', secret: 'password', actions: ['get'] });
    app.write({
      'refused.cjs': `try { require('vaultstrap/register'); } catch (error) { require('./probe.cjs')(error.code); }
        require('./read.cjs');`,
    });
    const { code, probes } = await app.run(args('refused.cjs'), { env: old });

    if (mode === 'preload') {
      expect({ code, probes }).toEqual({ code: 1, probes: [] });
      return;
    }
    expect({ code, probes }).toEqual({
      code: 0,
      probes: ['ERR_BOOTSTRAP', { ...values, DB_PASSWORD: null, DB_URL: null }],
    });
  });

  test('a record that is broken is nobody to trust', async () => {
    for (const broken of [
      '{',
      '[]',
      '{"v":1}',
      '{"v":2,"salt":"x","settings":{}}',
      `{"v":1,"salt":"x","settings":{"DB_PASSWORD":null}}`,
    ]) {
      const { code, stderr, probes } = await app.run(['child.cjs'], {
        env: { ...env(), VAULTSTRAP_REFERENCES: broken },
      });
      expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [values] });
    }
  });
});

describe('worker threads', () => {
  const WORKER = "const { Worker } = require('node:worker_threads');";

  test.each([
    ['--import preload', ['--import', 'vaultstrap/preload', 'threads.cjs'], undefined],
    ['--require preload', ['--require', 'vaultstrap/preload', 'threads.cjs'], undefined],
    ['--import register', ['--import', 'vaultstrap/register', 'threads.cjs'], undefined],
    ['NODE_OPTIONS preload', ['threads.cjs'], '--import=vaultstrap/preload'],
    ['NODE_OPTIONS register', ['threads.cjs'], '--require=vaultstrap/register'],
  ])('of a preloaded process inherit, ask nothing, and end: %s', async (_, args, NODE_OPTIONS) => {
    app.write({
      'threads.cjs': `${WORKER} require('./read.cjs');
        new Worker('./thread.cjs').once('exit', (code) => {
          if (code !== 0) process.exit(9);
          new Worker('./thread.cjs', { env: require('node:worker_threads').SHARE_ENV });
        });`,
      'thread.cjs': "require('./read.cjs');",
    });
    const { code, stderr, probes } = await app.run(args, { env: { ...env(), NODE_OPTIONS } });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([values, values, values]);
    expect(await requestsOf(azure)).toMatchObject({ token: 1, vault: 3 });
  });

  test('that are preloaded have no clock of their own, unless their code registers', async () => {
    app.write({
      'main.cjs': `setImmediate(() => {
          require('./clock.cjs');
          ${WORKER} new Worker('./thread.cjs').once('exit', () => new Worker('./registers.cjs'));
        });`,
      'thread.cjs': "setImmediate(() => require('./clock.cjs'));",
      'registers.cjs': "require('vaultstrap/register'); setImmediate(() => require('./clock.cjs'));",
      'clock.cjs': "require('./probe.cjs')(require('vaultstrap').report().nextRefreshAt !== undefined);",
    });
    const { code, stderr, probes } = await app.run(['--import', 'vaultstrap/preload', 'main.cjs'], { env: env() });

    expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [true, false, true] });
  });

  test.each([
    ['CommonJS', "require('vaultstrap/register'); require('./read.cjs');", 'thread.cjs'],
    ['ESM', "import 'vaultstrap/register'; import './read.cjs';", 'thread.mjs'],
  ])('may register themselves, for themselves: %s', async (_, text, file) => {
    app.write({
      'main.cjs': `${WORKER} new Worker('./${file}').once('exit', (code) => { process.exitCode = code; require('./read.cjs'); });`,
      [file]: text,
    });
    const { code, stderr, probes } = await app.run(['main.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([values, references]);
  });

  test('that register rotate, and do not keep the process alive', async () => {
    app.write({
      'main.cjs': `require('vaultstrap/register'); ${WORKER} new Worker('./thread.mjs');`,
      'thread.mjs': `import 'vaultstrap/register'; import { refresh, report } from 'vaultstrap'; import probe from './probe.cjs';
        const before = report().generation; await refresh(); probe([before, report().status, process.env.DB_PASSWORD]);`,
    });
    const { code, stderr, probes } = await app.run(['main.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([[1, 'ready', password]]);
  });

  test('that share the environment, rotate it first and end, leave a clock that still owns it', async () => {
    app.write({
      'main.cjs': `${WORKER} const { once } = require('node:events'); const probe = require('./probe.cjs');
        const { bootstrapSync, refresh, report } = require('vaultstrap');
        (async () => {
          const azure = await require('vaultstrap/testing').startEmulator({ vaults: { shop: { password: 'one' } } });
          Object.assign(process.env, azure.env, { PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)' });
          bootstrapSync();
          const thread = new Worker('./thread.cjs', { env: require('node:worker_threads').SHARE_ENV });
          await once(thread, 'message');
          await azure.vault('shop').set('password', 'two');
          thread.postMessage('refresh');
          await once(thread, 'message');
          await thread.terminate();
          for (const next of ['three', 'four']) {
            const { changed } = await refresh();
            probe([process.env.PASSWORD, changed.length, report().settings[0].overridden ?? false]);
            await azure.vault('shop').set('password', next);
          }
          await azure.close();
        })();`,
      'thread.cjs': `require('vaultstrap/register'); const { parentPort } = require('node:worker_threads');
        parentPort.once('message', async () => { await require('vaultstrap').refresh(); parentPort.postMessage(''); });
        parentPort.postMessage('');`,
    });
    const { code, stderr, probes } = await app.run(['main.cjs']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([
      ['two', 1, false],
      ['three', 1, false],
    ]);
  });

  test('that fail to start do not take the process with them', async () => {
    app.write({
      'main.cjs': `${WORKER} new Worker('./thread.cjs').on('error', ({ code }) => require('./probe.cjs')(code));`,
      'thread.cjs': "require('vaultstrap/register');",
    });
    const { code, probes } = await app.run(['main.cjs'], {
      env: { ...azure.env, GONE: '@KeyVault(VaultName=shop;SecretName=gone)' },
    });

    expect({ code, probes }).toEqual({ code: 0, probes: ['ERR_SECRET_NOT_FOUND'] });
  });
});

test('no process reports its environment', async () => {
  app.write({
    'crash-report.cjs': `require('vaultstrap/register');
      require('./probe.cjs')(Object.keys(process.report.getReport().environmentVariables ?? {}));`,
  });
  const { probes } = await app.run(['crash-report.cjs'], { env: env() });

  expect(probes).toEqual([[]]);
});
