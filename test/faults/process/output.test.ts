// What Node itself prints and writes about a process: nothing in it is a secret value, a token or the identity header.
// The runner searches every standard output and error for all that was planted; here are the ways to make them talk.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/testing/index.js';
import { type App, createApp, startAzure } from '../../process/support/app.js';
import { canary, leaksIn, plant } from '../../process/support/canary.js';

const password = canary('password');
const GOOD = { DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)' };
const BAD = { GONE: '@KeyVault(VaultName=shop;SecretName=none)', TORN: '@KeyVault(VaultName=torn;SecretName=x)' };
const PRELOAD = ['--import', 'vaultstrap/preload'];

let azure: Emulator;
let app: App;
/** A value that is in the environment already, as in a process that its manager starts again. */
let inherited: Readonly<Record<string, string>>;
beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password }, torn: { x: canary('torn') } } });
  await azure.faults.add({ target: 'vault', vault: 'torn', body: `{"value":"${canary('body')}` });
  plant(azure.env['IDENTITY_HEADER'] ?? '');
  app = createApp({ sdk: true });
  app.write({
    'nothing.cjs': '',
    'register.cjs': "require('vaultstrap/register');",
    'refresh.cjs': "require('vaultstrap/register'); void require('vaultstrap').refresh();",
    // Nobody waits for it, nobody catches it.
    'rejects.cjs': "void require('vaultstrap').bootstrap(); setTimeout(() => {}, 1500);",
    'late.cjs': `require('vaultstrap/register'); setTimeout(() => { throw new Error('the app itself'); });`,
    'report.cjs': `const text = () => JSON.stringify(process.report.getReport());
      const threads = require('node:worker_threads');
      // The thread's first moments, drawn out: nothing of ours has run there yet.
      threads.Worker = class extends threads.Worker {
        constructor(source, options) { super('const end = Date.now() + 500; while (Date.now() < end);' + source, options); }
      };
      require('vaultstrap/start');
      const end = Date.now() + 10_000;
      let during;
      do during = text(); while (!JSON.parse(during).workers.length && Date.now() < end);
      require('vaultstrap/register');
      const after = text(); console.log(during, after); process.report.writeReport('by-hand.json');`,
    'out-of-memory.cjs': "require('vaultstrap/register'); const all = []; for (;;) all.push(new Array(1e5).fill({}));",
    'env.cjs': "require('vaultstrap/register'); require('./probe.cjs')({ ...process.env });",
  });
  const { probes } = await app.run(['env.cjs'], { env: { ...azure.env, ...GOOD } });
  const [{ DB_PASSWORD = '', VAULTSTRAP_REFERENCES = '' }] = probes as [Record<string, string>];
  const longAgo = VAULTSTRAP_REFERENCES.replace(/"resolvedAt":"\d{4}/g, '"resolvedAt":"2001');
  inherited = { DB_PASSWORD, VAULTSTRAP_REFERENCES: longAgo };
});
afterAll(() => azure?.close());

describe.concurrent('NODE_DEBUG', () => {
  test.each(['http,https,net,tls,http2', 'worker,undici,stream,timer', '*'])('%s', async (area) => {
    const settings = { ...azure.env, NODE_DEBUG: area };
    for (const [args, more] of [
      [['register.cjs'], GOOD],
      [['refresh.cjs'], GOOD],
      [['refresh.cjs'], { ...GOOD, VAULTSTRAP_CLIENT: 'sdk' }],
      [[...PRELOAD, 'nothing.cjs'], GOOD],
      [['register.cjs'], inherited],
    ] as const) {
      expect((await app.run(args, { env: { ...settings, ...more } })).code).toBe(0);
    }
  });

  test('a line warns all the same: it is up to Node', async () => {
    const { stderr } = await app.run(['register.cjs'], { env: { ...azure.env, ...GOOD, NODE_DEBUG: 'http' } });
    expect(stderr).toContain('NODE_DEBUG prints request headers');
  });
});

describe.concurrent('an error that nobody catches', () => {
  const OPTIONS = [
    [],
    ['--trace-uncaught'],
    ['--enable-source-maps'],
    ['--stack-trace-limit=200', '--trace-warnings'],
    ['--unhandled-rejections=warn'],
    ['--unhandled-rejections=warn-with-error-code'],
    ['--unhandled-rejections=strict'],
  ];
  test.each(OPTIONS.flatMap((options) => ['register.cjs', 'rejects.cjs'].map((file) => [options, file] as const)))(
    '%j %s',
    async (options, file) => {
      const { code, stderr } = await app.run([...options, file], {
        env: { ...azure.env, ...GOOD, ...BAD, VAULTSTRAP_LOG: 'debug' },
      });
      expect(stderr).toMatch(/GONE: SecretNotFound \(ERR_SECRET_NOT_FOUND\)/);
      if (options[0] !== '--unhandled-rejections=warn' || file === 'register.cjs') expect(code).toBe(1);
    },
  );

  test('of the app, with values in place', async () => {
    const { code, stderr } = await app.run(['--trace-uncaught', 'late.cjs'], { env: { ...azure.env, ...GOOD } });
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('the app itself')]);
  });
});

describe.concurrent("Node's diagnostic report", () => {
  const inFolder = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json') && name !== 'package.json')
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));

  test.each<[string, string[], string, Record<string, string>, number | null]>([
    ['of a start that fails', ['--report-uncaught-exception'], 'register.cjs', BAD, 1],
    ['of an app that fails', ['--report-uncaught-exception'], 'late.cjs', {}, 7],
    ['when memory runs out', ['--report-on-fatalerror', '--max-old-space-size=48'], 'out-of-memory.cjs', {}, null],
  ])('%s', async (_, options, file, more, code) => {
    const own = createApp();
    own.write({ [file]: readFileSync(app.path(file), 'utf8') });
    const outcome = await own.run([...options, file], {
      env: { ...azure.env, ...GOOD, ...more },
    });
    if (code === 1) expect(outcome.code).toBe(1);
    const reports = inFolder(own.dir);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain('"javascriptStack"');
    expect(leaksIn(reports.join())).toEqual([]);
    // The tokens and the header of the platform, too: they are variables of it.
    expect(reports[0]).not.toContain('"environmentVariables"');
  });

  test('by hand, from the first moment of the worker thread on', async () => {
    const own = createApp();
    own.write({ 'report.cjs': readFileSync(app.path('report.cjs'), 'utf8') });
    const { code, stdout } = await own.run(['report.cjs'], { env: { ...azure.env, ...GOOD } });
    expect(code).toBe(0);
    expect(stdout).toContain('"javascriptHeap"');
    const [written = ''] = inFolder(own.dir);
    expect(written).toContain('"javascriptHeap"');
    expect(leaksIn(written)).toEqual([]);
  });
});

test('the search finds what it is there for', async () => {
  app.write({
    'leaks.cjs':
      "require('vaultstrap/register'); console.log(Buffer.from(process.env.DB_PASSWORD).toString('base64'));",
  });
  await expect(app.run(['leaks.cjs'], { env: { ...azure.env, ...GOOD } })).rejects.toThrow('secrets in the output');
});
