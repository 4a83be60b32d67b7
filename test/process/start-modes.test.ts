// Every way to start, in ESM and CommonJS: the same values, and no request too many.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, installCopy, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const apiKey = canary('api-key');
const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`many-${n}`, canary(`many-${n}`)]));

const references = {
  DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)',
  API_KEY: '@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/api-key/)',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
  DB_URL: 'postgres://app:${DB_PASSWORD}@db/shop',
};
const values = { DB_PASSWORD: password, API_KEY: apiKey, DB_URL: `postgres://app:${password}@db/shop` };
const missing = { DB_PASSWORD: null, API_KEY: null, DB_URL: null };
const READ = "probe.env('DB_PASSWORD', 'API_KEY', 'DB_URL');";

/** Looks at the embedded Azure often. */
const POLL = { timeout: 10_000, interval: 10 };

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password, 'api-key': apiKey }, many } });
  app = createApp();
  app.write({
    'read.cjs': `const probe = require('./probe.cjs'); ${READ}`,
    'read.mjs': `import probe from './probe.cjs'; ${READ}`,
    'plain.cjs': "require('./read.cjs');",
    'plain.mjs': "import './read.mjs';",
    'register.cjs': "require('vaultstrap/register'); require('./read.cjs');",
    // A static sibling: ESM evaluates it as soon as `register` has been evaluated, and waits for nothing.
    'register.mjs': "import 'vaultstrap/register'; import './read.mjs';",
    'dynamic.mjs': "await import('vaultstrap/register'); await import('./read.mjs');",
    'start.cjs':
      "require('vaultstrap/start'); require('./read.cjs'); require('vaultstrap/register'); require('./again.cjs');",
    'start.mjs': "import 'vaultstrap/start'; import './read.mjs'; import 'vaultstrap/register'; import './again.mjs';",
    'again.cjs': `const probe = require('./probe.cjs'); ${READ}`,
    'again.mjs': `import probe from './probe.cjs'; ${READ}`,
    'start-bootstrap.mjs': `import 'vaultstrap/start'; import './read.mjs'; import { bootstrap } from 'vaultstrap';
      await bootstrap(); await import('./again.mjs');`,
    'start-sync.cjs': `require('vaultstrap').start(); require('./read.cjs');
      require('vaultstrap').bootstrapSync(); require('./again.cjs');`,
    'bootstrap.mjs': `import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./read.mjs');`,
    'bootstrap.cjs': "require('vaultstrap').bootstrap().then(() => require('./read.cjs'));",
    'sync.mjs': `import { bootstrapSync } from 'vaultstrap'; bootstrapSync(); await import('./read.mjs');`,
    'sync.cjs': "require('vaultstrap').bootstrapSync(); require('./read.cjs');",
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const env = () => ({ ...azure.env, ...references });

/** `run` says which of the emulator's settings are in force. */
const QUIET = { VAULTSTRAP_LOG: 'error' };

describe('sees values from its first line', () => {
  const MODES: Record<string, { args: string[]; options?: string }> = {
    'import register, static sibling (ESM)': { args: ['register.mjs'] },
    'require register (CommonJS)': { args: ['register.cjs'] },
    'await import register (ESM)': { args: ['dynamic.mjs'] },
    '--import register, ESM': { args: ['--import', 'vaultstrap/register', 'plain.mjs'] },
    '--import register, CommonJS': { args: ['--import', 'vaultstrap/register', 'plain.cjs'] },
    '--require register, ESM': { args: ['--require', 'vaultstrap/register', 'plain.mjs'] },
    '--require register, CommonJS': { args: ['--require', 'vaultstrap/register', 'plain.cjs'] },
    '--import preload, ESM': { args: ['--import', 'vaultstrap/preload', 'plain.mjs'] },
    '--import preload, CommonJS': { args: ['--import', 'vaultstrap/preload', 'plain.cjs'] },
    '--require preload, ESM': { args: ['--require', 'vaultstrap/preload', 'plain.mjs'] },
    '--require preload, CommonJS': { args: ['--require', 'vaultstrap/preload', 'plain.cjs'] },
    '--import preload and register': { args: ['--import', 'vaultstrap/preload', 'register.mjs'] },
    '--eval': { args: ['--import', 'vaultstrap/preload', '--eval', "require('./read.cjs')"] },
    'NODE_OPTIONS --import preload, ESM': { args: ['plain.mjs'], options: '--import=vaultstrap/preload' },
    'NODE_OPTIONS --import preload, CommonJS': { args: ['plain.cjs'], options: '--import=vaultstrap/preload' },
    'NODE_OPTIONS --require register, ESM': { args: ['plain.mjs'], options: '--require=vaultstrap/register' },
    'NODE_OPTIONS --require register, CommonJS': { args: ['plain.cjs'], options: '--require=vaultstrap/register' },
    'bootstrap(), ESM': { args: ['bootstrap.mjs'] },
    'bootstrap(), CommonJS': { args: ['bootstrap.cjs'] },
    'bootstrapSync(), ESM': { args: ['sync.mjs'] },
    'bootstrapSync(), CommonJS': { args: ['sync.cjs'] },
    'vaultstrap run': { args: ['node_modules/vaultstrap/dist/cli.cjs', 'run', '--', NODE, 'plain.mjs'] },
  };

  test.each(Object.entries(MODES))('%s', async (_, { args, options }) => {
    const outcome = await app.run(args, {
      env: { ...env(), NODE_OPTIONS: options, ...(args.includes('run') && QUIET) },
    });

    expect(outcome).toMatchObject({ code: 0, stderr: '', stdout: '' });
    expect(outcome.probes).toEqual([values]);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
    // Sockets and the refresh clock keep nothing alive.
    expect(outcome.ms).toBeLessThan(10_000);
  });
});

test('who waits for a refresh holds the process, and no longer than that', async () => {
  app.write({
    'wait.cjs': `require('vaultstrap/register');
      const { refresh, withFreshSecret } = require('vaultstrap');
      const holds = () => process.getActiveResourcesInfo().includes('Timeout');
      const seen = [holds()];
      const giving = new AbortController();
      const given = refresh({ signal: giving.signal });
      seen.push(holds());
      giving.abort();
      given.catch(async () => {
        seen.push(holds());
        let tries = 0;
        const use = () => { if (tries++ === 0) { setImmediate(() => seen.push(holds())); throw new Error('refused'); } };
        await withFreshSecret('DB_PASSWORD', use, { isAuthError: () => true });
        require('./probe.cjs')([...seen, tries]);
      });`,
  });
  const { code, stderr, probes } = await app.run(['wait.cjs'], { env: env() });
  expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [[false, true, false, true, 2]] });
});

describe('start, then join: an early reader finds nothing', () => {
  test.each(['start.mjs', 'start.cjs', 'start-bootstrap.mjs', 'start-sync.cjs'])('%s', async (file) => {
    const outcome = await app.run([file], { env: env() });

    expect(outcome).toMatchObject({ code: 0, stderr: '', stdout: '' });
    expect(outcome.probes).toEqual([missing, values]);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
  });

  test('started before the graph of modules is loaded, joined in it', async () => {
    app.write({ 'joined.mjs': "import './read.mjs'; import 'vaultstrap/register'; import './again.mjs';" });
    const outcome = await app.run(['--import', 'vaultstrap/start', 'joined.mjs'], { env: env() });

    expect(outcome).toMatchObject({ code: 0, stderr: '', stdout: '' });
    expect(outcome.probes).toEqual([missing, values]);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
  });

  test('the secrets are fetched while the main thread is busy', async () => {
    app.write({
      'busy.cjs': `require('vaultstrap/start');
        const { existsSync } = require('node:fs');
        while (!existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        require('vaultstrap/register');
        require('./read.cjs');`,
    });
    const { outcome } = app.start(['busy.cjs'], { env: env() });
    await expect
      .poll(async () => (await azure.requests()).filter((r) => r.target === 'vault' && r.status === 200).length, POLL)
      .toBe(2);
    app.write({ go: '' });

    expect(await outcome).toMatchObject({ code: 0, stderr: '', probes: [values] });
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
  });

  test('start waits for nothing', async () => {
    await azure.faults.add({ target: 'identity', hang: true });
    app.write({
      'at-once.cjs': "require('vaultstrap/start'); require('./read.cjs'); process.exit(0);",
    });
    const { code, probes, ms } = await app.run(['at-once.cjs'], { env: env() });

    expect({ code, probes }).toEqual({ code: 0, probes: [missing] });
    // The deadline is 20 s away.
    expect(ms).toBeLessThan(10_000);
  });
});

// On a real platform nothing else tells `register` that there is something to join: the references are gone from the
// environment, and the emulator's settings, by which it would look, are not there.
test.each(['start.cjs', 'start.mjs'])('%s joins where no setting of ours is there', async (file) => {
  const { code, stderr } = await app.run([file], { env: { DB_PASSWORD: '@KeyVault(VaultName=shop)' } });

  expect(stderr).toContain('DB_PASSWORD: InvalidSyntax');
  expect(code).toBe(1);
});

describe('resolve()', () => {
  test.each([
    ['resolve.mjs', "import { resolve } from 'vaultstrap'; import probe from './probe.cjs'; "],
    ['resolve.cjs', "const { resolve } = require('vaultstrap'); const probe = require('./probe.cjs'); "],
  ])('touches nothing: %s', async (file, head) => {
    app.write({
      [file]: `${head}
        const before = JSON.stringify(process.env);
        resolve({ ...process.env, MORE: 'plain', GONE: undefined }).then(({ values, report }) => {
          probe({ same: JSON.stringify(process.env) === before, values, status: report.status, requests: report.requests });
        });`,
    });
    const outcome = await app.run([file], { env: env() });

    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const [probe] = outcome.probes as [{ values: Record<string, string> }];
    expect(probe).toMatchObject({
      same: true,
      status: 'ready',
      values: { ...values, MORE: 'plain', IDENTITY_ENDPOINT: azure.env['IDENTITY_ENDPOINT'] },
      requests: { token: 1, vault: 2, unauthorized: 0 },
    });
    expect(probe.values).not.toHaveProperty('GONE');
  });

  test.each([
    ['alone', ''],
    ['beside a start', 'await bootstrap();'],
  ])('asks for one token, however often, and however many at once: %s', async (_, begin) => {
    app.write({
      'often.mjs': `import { bootstrap, resolve } from 'vaultstrap'; import probe from './probe.cjs';
        const raw = { ...process.env }; ${begin}
        const reports = await Promise.all([resolve(raw), resolve(raw)]);
        reports.push(await resolve(raw, { timeoutSeconds: 9 }));
        probe([reports.at(-1).report.requests, ...reports.map(({ values }) => values.DB_PASSWORD)]);`,
    });
    const { probes } = await app.run(['often.mjs'], { env: env() });

    expect(probes).toEqual([[{ token: 0, vault: 2, unauthorized: 0 }, ...Array(3).fill(values.DB_PASSWORD)]]);
    expect(await requestsOf(azure)).toMatchObject({ token: 1 });
  });
});

describe('20 secrets used 5 times each cost 1 token and 20 reads', () => {
  const uses = Object.fromEntries(
    Object.keys(many).flatMap((secret, n) =>
      Array.from({ length: 5 }, (_, use) => [`S${n}_${use}`, `@KeyVault(VaultName=many;SecretName=${secret})`]),
    ),
  );
  test.each([
    ['register', ['all.cjs'], "require('vaultstrap/register');"],
    ['start, then register', ['all.cjs'], "require('vaultstrap/start'); require('vaultstrap/register');"],
    ['preload', ['--import', 'vaultstrap/preload', 'all.cjs'], ''],
  ])('%s', async (_, args, head) => {
    app.write({
      'all.cjs': `${head} const { report, close } = require('vaultstrap');
        require('./probe.cjs')({
          all: Object.entries(process.env).filter(([name]) => /^S\\d/.test(name)),
          requests: report().requests, status: report().status, settings: report().settings.length,
        });`,
    });
    const { probes } = await app.run(args, { env: { ...azure.env, ...uses } });
    const [{ all, ...rest }] = probes as [{ all: [string, string][] }];

    expect(rest).toEqual({ requests: { token: 1, vault: 20, unauthorized: 0 }, status: 'ready', settings: 100 });
    expect(all).toHaveLength(100);
    for (const [name, value] of all) expect(value).toBe(many[`many-${/^S(\d+)/.exec(name)?.[1]}`]);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 20, unauthorized: 0 });
  });
});

test('copies of the package, and ESM and CommonJS, share one state', async () => {
  installCopy(app.path('other'));
  app.write({
    'copies.mjs': `import 'vaultstrap/register';
      import { createRequire } from 'node:module';
      import * as esm from 'vaultstrap';
      import probe from './probe.cjs';
      const cjs = createRequire(import.meta.url)('vaultstrap');
      const requireOther = createRequire(new URL('./other/', import.meta.url));
      const other = requireOther('vaultstrap');
      requireOther('vaultstrap/register');
      await other.bootstrap();
      other.bootstrapSync();
      let refused;
      try { other.bootstrapSync({ concurrency: 2 }); } catch (error) { refused = error; }
      const reports = [esm, cjs, other].map(({ report }) => JSON.stringify({ ...report(), settings: report().settings.length }));
      probe({
        separate: other.report !== cjs.report, reports: new Set(reports).size, status: other.report().status,
        code: refused.code, recognised: other.isVaultstrapError(refused), instance: refused instanceof other.VaultstrapError,
      });
      const heard = [];
      for (const copy of [esm, cjs, other]) copy.onRotated('DB_PASSWORD', ({ generation }) => void heard.push(generation));
      console.log('ready');
      process.stdin.resume().on('end', async () => {
        await other.refresh();
        setImmediate(() => probe({ heard, value: process.env.DB_PASSWORD, generation: esm.report().generation }));
      });`,
  });
  const next = canary('next');
  const { child, outcome, saw } = app.start(['copies.mjs'], {
    env: { ...env(), VAULTSTRAP_SETTLE_SECONDS: '0' },
    input: null,
  });
  await saw('ready');
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
  await azure.vault('shop').set('password', next);
  child.stdin?.end();

  const { code, stderr, probes } = await outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(probes).toEqual([
    {
      separate: true,
      reports: 1,
      status: 'ready',
      code: 'ERR_ALREADY_STARTED',
      recognised: true,
      instance: false,
    },
    { heard: [2, 2, 2], value: next, generation: 2 },
  ]);
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: 4, unauthorized: 0 });
});

describe('a reference that comes later', () => {
  const LATE = `const { bootstrap, bootstrapSync, report, start } = require('vaultstrap');
    const probe = require('./probe.cjs');
    const origins = () => Object.fromEntries(report().settings.map(({ setting, origin }) => [setting, origin]));
    // As dotenv would, when it is loaded behind us.
    const late = () => { process.env.LATE = '@KeyVault(VaultName=many;SecretName=many-0)'; };`;
  const origins = { DB_PASSWORD: 'reference', API_KEY: 'reference', DB_URL: 'template', LATE: 'reference' };

  test.each([
    ['joined by another blocking start', 'bootstrapSync(); late(); bootstrapSync(); tell();'],
    ['joined by bootstrap()', 'bootstrapSync(); late(); bootstrap().then(tell);'],
    ['after a preload', 'bootstrap().then(() => { late(); bootstrapSync(); tell(); });'],
    // As `import 'dotenv/config'` would, between the two imports.
    ['between start and register', 'start(); late(); bootstrapSync(); tell();'],
    ['between start and bootstrap()', 'start(); late(); bootstrap().then(tell);'],
    ['while a bootstrap() is under way', 'bootstrap(); late(); bootstrap().then(tell);'],
  ])('is read alone, and the others stay what they are: %s', async (_, start) => {
    app.write({
      'late.cjs': `${LATE}
        function tell() { ${READ} probe.env('LATE'); probe(origins()); probe(report().requests); }
        ${start}`,
    });
    const { code, stderr, probes } = await app.run(['late.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes[0]).toEqual(values);
    expect(probes[1]).toEqual({ LATE: many['many-0'] });
    expect(probes[2]).toEqual(origins);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 3, unauthorized: 0 });
    expect(probes[3]).toEqual({ token: 1, vault: 3, unauthorized: 0 });
  });
});

test.each([
  ['a blocking start overtakes the one under way', 'bootstrap(); late(); bootstrapSync(); probe.env(...names);'],
  ['the one under way had nothing to do', 'bootstrap(); late(); bootstrap().then(() => probe.env(...names));'],
  ['two wait for the one under way', 'bootstrap(); bootstrap(); late(); bootstrap().then(() => probe.env(...names));'],
])('a reference that comes during a start is no raw text behind the next: %s', async (title, code) => {
  const names = title.includes('nothing') ? ['LATE'] : ['API_KEY', 'LATE'];
  app.write({
    'during.cjs': `const probe = require('./probe.cjs'); const { bootstrap, bootstrapSync } = require('vaultstrap');
      const names = ${JSON.stringify(names)};
      const late = () => { process.env.LATE = '@KeyVault(VaultName=many;SecretName=many-0)'; };
      ${code}`,
  });
  const settings = names.length === 1 ? {} : { API_KEY: references.API_KEY };
  const { code: status, stderr, probes } = await app.run(['during.cjs'], { env: { ...azure.env, ...settings } });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(probes).toEqual([{ ...(names.length > 1 && { API_KEY: apiKey }), LATE: many['many-0'] }]);
});

describe('a .env file between two lines of ours', () => {
  const LOAD = "process.loadEnvFile('between.env');";
  const JOIN = "require('vaultstrap/register'); require('./probe.cjs').env('URL', 'LATE', 'DB_PASSWORD');";
  test.each([
    ['preload', ['--import', 'vaultstrap/preload', 'between.cjs'], LOAD],
    ['start', ['between.cjs'], `require('vaultstrap/start'); ${LOAD}`],
    ['bootstrapSync', ['between.cjs'], `require('vaultstrap').bootstrapSync(); ${LOAD}`],
  ])('a template in it is expanded, no reference beside it: %s', async (_, args, code) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
    app.write({ 'between.env': 'URL=db://${DB_PASSWORD}@db\n', 'between.cjs': `${code} ${JOIN}` });
    const { code: status, stderr, probes } = await app.run(args, { env: env() });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(probes).toEqual([{ URL: `db://${password}@db`, LATE: null, DB_PASSWORD: password }]);
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
  });

  test('nothing of it is left raw when the start fails', async () => {
    app.write({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
      'between.env': 'LATE="@KeyVault(VaultName=many;SecretName=many-0)"\nURL=db://${LATE}@db\n',
      'between.cjs': `require('vaultstrap/start'); ${LOAD}
        const probe = require('./probe.cjs');
        try { require('vaultstrap/register'); } catch ({ code }) { probe(code); probe.env('URL', 'LATE', 'DB_PASSWORD'); }`,
    });
    const gone = '@KeyVault(VaultName=shop;SecretName=gone)';
    const { probes } = await app.run(['between.cjs'], { env: { ...env(), GONE: gone } });
    expect(probes).toEqual(['ERR_SECRET_NOT_FOUND', { URL: null, LATE: null, DB_PASSWORD: password }]);
  });
});

test('a setting that a later start could not give stays missing, and so do its templates', async () => {
  app.write({
    'worse.cjs': `const probe = require('./probe.cjs'); const { bootstrapSync, refresh } = require('vaultstrap');
      bootstrapSync();
      process.env.DB_PASSWORD = '@KeyVault(VaultName=shop;SecretName=gone)';
      try { bootstrapSync(); } catch ({ code }) { probe(code); }
      refresh().then((result) => { probe(result); ${READ} });`,
  });
  const { code, stderr, probes } = await app.run(['worse.cjs'], { env: env() });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(probes).toEqual([
    // Both of them.
    'ERR_BOOTSTRAP',
    { generation: 1, changed: [], failed: [] },
    { ...values, DB_PASSWORD: null, DB_URL: null },
  ]);
});

test('a later start with a malformed setting of ours takes away what is raw, and no value', async () => {
  app.write({
    'malformed.cjs': `const probe = require('./probe.cjs'); const { bootstrapSync } = require('vaultstrap');
      bootstrapSync();
      // As a .env file that is loaded late.
      Object.assign(process.env, { LATE: '@KeyVault(VaultName=many;SecretName=many-0)', VAULTSTRAP_TIMEOUT_SECONDS: 'soon' });
      try { bootstrapSync(); } catch ({ code }) { probe(code); }
      ${READ} probe.env('LATE');`,
  });
  const { code, stderr, probes } = await app.run(['malformed.cjs'], { env: env() });

  expect({ code, stderr, probes }).toEqual({
    code: 0,
    stderr: '',
    probes: ['ERR_INVALID_SETTING', values, { LATE: null }],
  });
});

test('a value that was revoked does not come back with a later start', async () => {
  app.write({
    'revoked.mjs': `import probe from './probe.cjs'; import { startEmulator } from 'vaultstrap/testing';
      import { bootstrap, refresh } from 'vaultstrap';
      const azure = await startEmulator({ vaults: { shop: { a: process.env.VALUE, b: process.env.VALUE } } });
      Object.assign(process.env, azure.env, { A: '@KeyVault(VaultName=shop;SecretName=a)' });
      await bootstrap();
      await azure.vault('shop').disable('a');
      await refresh(); await refresh();
      probe.env('A');
      // As a plugin would, that is loaded later.
      const more = () => { process.env.B = '@KeyVault(VaultName=shop;SecretName=b)'; return bootstrap(); };
      await more().catch(({ code }) => probe(code));
      probe.env('A', 'B');
      await azure.vault('shop').enable('a');
      await bootstrap();
      probe.env('A', 'B');
      await azure.close();`,
  });
  const { code, probes } = await app.run(['revoked.mjs'], {
    env: {
      VALUE: password,
      VAULTSTRAP_ON_REVOKED: 'unset',
      VAULTSTRAP_REFRESH_SECONDS: '0',
      VAULTSTRAP_SETTLE_SECONDS: '0',
      VAULTSTRAP_LOG: 'silent',
    },
  });

  expect({ code, probes }).toEqual({
    code: 0,
    probes: [{ A: null }, 'ERR_SECRET_DISABLED', { A: null, B: password }, { A: password, B: password }],
  });
});

test('a start does not undo what a refresh has brought meanwhile', async () => {
  app.write({
    'meanwhile.mjs': `import probe from './probe.cjs'; import { startEmulator } from 'vaultstrap/testing';
      import { bootstrap, refresh, report } from 'vaultstrap'; import { setTimeout } from 'node:timers/promises';
      const { OLD, NEW } = process.env;
      const azure = await startEmulator({ vaults: { shop: { a: OLD, b: OLD } } });
      Object.assign(process.env, azure.env, { A: '@KeyVault(VaultName=shop;SecretName=a)' });
      await bootstrap();
      await azure.vault('shop').set('a', NEW);
      const held = await azure.faults.add({ target: 'vault', secret: 'b', hang: true, times: 1 });
      process.env.B = '@KeyVault(VaultName=shop;SecretName=b)';
      const later = bootstrap();
      while (await held.hits() === 0) await setTimeout(5);
      await refresh();
      probe.env('A', 'B');
      probe(report().status);
      await azure.dropConnections();
      await later;
      probe.env('A', 'B');
      probe((await refresh()).changed);
      await azure.close();`,
  });
  const { code, stderr, probes } = await app.run(['meanwhile.mjs'], {
    env: { OLD: password, NEW: apiKey, VAULTSTRAP_REFRESH_SECONDS: '0' },
  });

  expect({ code, stderr, probes }).toEqual({
    code: 0,
    stderr: '',
    probes: [{ A: apiKey, B: '@KeyVault(VaultName=shop;SecretName=b)' }, 'ready', { A: apiKey, B: password }, []],
  });
});

test('a reset ends what came before it: its starts say nothing and take nothing away any more', async () => {
  app.write({
    'resets.mjs': `import probe from './probe.cjs'; import { setTimeout } from 'node:timers/promises';
      import { startEmulator } from 'vaultstrap/testing'; import { bootstrap, report, start } from 'vaultstrap';
      const azure = await startEmulator({ vaults: { shop: { a: process.env.VALUE } }, latency: { vaultMs: 300 } });
      const again = async (settings) => {
        await azure.reset();
        Object.assign(process.env, azure.env, { A: '@KeyVault(VaultName=shop;SecretName=a)' }, settings);
      };
      // More than Node lets an event have listeners.
      for (let i = 0; i < 12; i++) { await again({ VAULTSTRAP_TIMEOUT_SECONDS: '1' }); start(); }
      await again({ VAULTSTRAP_TIMEOUT_SECONDS: '60' }); start();
      await setTimeout(1100);
      probe(report().status);
      // The end of a start before a reset is not the end of the one behind it.
      await again();
      const asked = await azure.faults.add({ target: 'vault', delayMs: 1 });
      const first = bootstrap();
      while (await asked.hits() === 0) await setTimeout(5);
      await again();
      const second = bootstrap();
      await first;
      await Promise.all([second, bootstrap()]);
      probe.env('A');
      probe(report().requests.vault);
      await azure.close();`,
  });
  const { code, stderr, probes } = await app.run(['resets.mjs'], {
    env: { VALUE: password, VAULTSTRAP_REFRESH_SECONDS: '0' },
  });

  expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: ['idle', { A: password }, 1] });
});

test('a raw reference that was put back is a value again at the next start, without a request', async () => {
  app.write({
    'overridden.cjs': `const probe = require('./probe.cjs'); const { bootstrap, bootstrapSync } = require('vaultstrap');
      const raw = process.env.DB_PASSWORD;
      // As dotenv does with \`override\`.
      const override = () => { process.env.DB_PASSWORD = raw; };
      bootstrapSync(); override();
      bootstrapSync(); ${READ} override();
      bootstrap().then(() => { ${READ} });`,
  });
  const { code, stderr, probes } = await app.run(['overridden.cjs'], { env: env() });

  expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [values, values] });
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: 2, unauthorized: 0 });
});

test("an app's tests may have stopped all clocks: the network goes on", async () => {
  app.write({
    'stopped.cjs': `const probe = require('./probe.cjs');
      // As fake timers do that nobody advances.
      const stop = () => {
        process.hrtime.bigint = () => 0n;
        Date.now = () => 0;
        for (const name of ['setTimeout', 'setInterval', 'setImmediate'])
          globalThis[name] = () => ({ ref() { return this; }, unref() { return this; } });
      };
      // In the set-up of all tests, even.
      const before = process.argv[3] === 'before';
      if (before) stop();
      const { bootstrap, bootstrapSync, refresh, withFreshSecret } = require('vaultstrap');
      if (!before) stop();
      const isAuthError = () => true;
      let refused = false;
      const use = () => { if (!refused) { refused = true; throw new Error('refused'); } };
      (async () => {
        if (process.argv[2] === 'sync') bootstrapSync();
        else await bootstrap();
        await refresh();
        await withFreshSecret('DB_PASSWORD', use, { isAuthError });
        ${READ}
      })();`,
  });
  for (const how of [['sync'], ['async'], ['sync', 'before'], ['async', 'before']]) {
    const { code, stderr, probes } = await app.run(['stopped.cjs', ...how], { env: env() });
    expect({ how, code, stderr, probes }).toEqual({ how, code: 0, stderr: '', probes: [values] });
  }
});

test.each(['sync', 'async'])('an object in the place of process.env, with more than texts in it: %s', async (how) => {
  app.write({
    'replaced.cjs': `const probe = require('./probe.cjs');
      process.env = { ...process.env, PORT: 3000, NOTHING: undefined, NULL: null, LIST: [], CALL() {}, SYMBOL: Symbol('x') };
      const { bootstrap, bootstrapSync, refresh } = require('vaultstrap');
      (async () => {
        if (process.argv[2] === 'sync') require('vaultstrap/register');
        await bootstrap();
        bootstrapSync();
        await refresh();
        ${READ} probe(process.env.PORT);
      })();`,
  });
  const { code, stderr, probes } = await app.run(['replaced.cjs', how], { env: env() });

  expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [values, 3000] });
});

// As in the children that Node starts, what it inherits counts.
test.each(['sync', 'async'])('an object made from process.env in its place: %s', async (how) => {
  app.write({
    'derived.cjs': `const probe = require('./probe.cjs');
      const whole = process.env;
      process.env = Object.create(whole);
      const { bootstrap, refresh, report, requireSettings } = require('vaultstrap');
      (async () => {
        if (process.argv[2] === 'sync') require('vaultstrap/register');
        await bootstrap();
        await refresh();
        const { DB_PASSWORD } = requireSettings('DB_PASSWORD');
        probe([DB_PASSWORD, process.env.MISSING, report().status, whole.DB_PASSWORD]);
      })();`,
  });
  const raw = env();
  const { code, stderr, probes } = await app.run(['derived.cjs', how], {
    env: { ...raw, MISSING: '@KeyVault(VaultName=shop;SecretName=missing;Optional=true)' },
  });
  expect({ code, stderr, probes }).toEqual({
    code: 0,
    stderr: '',
    probes: [[password, null, 'ready', raw.DB_PASSWORD]],
  });
});
