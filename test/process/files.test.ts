// File=true: values in private files, for as long as the process that wrote them lives.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Report } from '../../src/index.js';
import type { Emulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { ALLOW_NET, type App, createApp, type Env, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const onLinux = process.platform === 'linux';
const pem = (text: string) => `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`;
const first = pem(canary('first'));
const pfx = canary('pfx');
const password = canary('password');

const references = {
  CERT_FILE: '@KeyVault(VaultName=shop;SecretName=tls;Format=pem;File=true)',
  ARGS: '--cert=@KeyVault(VaultName=shop;SecretName=tls;Format=pem;File=true) --pw=@KeyVault(VaultName=shop;SecretName=pw;File=true)',
  TLS: '@KeyVault(VaultName=shop;SecretName=tls;Format=pem)',
};

/** Where a variable's files are, what stands in them, who may read them. */
const LOOK = `
const { lstatSync, readFileSync } = require('node:fs'); const { dirname } = require('node:path');
const { CERT_FILE, ARGS, TLS } = process.env;
const mode = (file) => (lstatSync(file).mode & 0o777).toString(8);
require('./probe.cjs')(CERT_FILE === undefined ? {} : {
  CERT_FILE, ARGS, TLS, content: readFileSync(CERT_FILE, 'utf8'), modes: [mode(CERT_FILE), mode(dirname(CERT_FILE))],
  others: ARGS?.match(/(?<==)\\S+/g).map((file) => readFileSync(file, 'utf8')),
});`;

interface Look {
  readonly CERT_FILE: string;
  readonly ARGS: string;
  readonly TLS: string;
  readonly content: string;
  readonly modes: readonly string[];
  readonly others: readonly string[];
}

let azure: Emulator;
let app: App;

beforeAll(async () => {
  const tls = { value: pfx, contentType: 'application/x-pkcs12', pem: first };
  azure = await startAzure({ vaults: { shop: { tls, pw: password } } });
  app = createApp();
  app.write({
    'look.cjs': LOOK,
    'app.cjs': "require('vaultstrap/register'); require('./look.cjs');",
    'app.mjs': "import 'vaultstrap/register'; import './look.cjs';",
    'late.mjs': "import 'vaultstrap/start'; import 'vaultstrap/register'; import './look.cjs';",
    'throw.cjs': "require('./app.cjs'); throw new Error('a mistake of the app');",
    'exit.cjs': "require('./app.cjs'); process.exit(3);",
    'wait.cjs': "require('./app.cjs'); console.log('waiting'); setInterval(() => {}, 1000);",
    'env.cjs': "require('vaultstrap/register'); require('./probe.cjs')({ ...process.env });",
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const env = (more: Env = {}): Env => ({ ...azure.env, ...references, ...more });
const folderOf = ({ CERT_FILE }: Pick<Look, 'CERT_FILE'>) => path.dirname(CERT_FILE);

describe('the files of a start', () => {
  test.each<[string, string[], number]>([
    ['register', ['app.cjs'], 0],
    ['register (ESM)', ['app.mjs'], 0],
    ['start, then register', ['late.mjs'], 0],
    ['preload', ['--import', 'vaultstrap/preload', 'look.cjs'], 0],
    ['by a process that ends with an exception', ['throw.cjs'], 1],
    ['by a process that ends itself', ['exit.cjs'], 3],
  ])('are there at the first line, for us alone, and gone at the end: %s', async (_, args, status) => {
    const { code, probes } = await app.run(args, { env: env() });

    expect(code).toBe(status);
    const [look] = probes as [Look];
    expect(look).toMatchObject({ content: first, others: [first, password], TLS: first });
    if (process.platform !== 'win32') expect(look.modes).toEqual(['600', '700']);
    if (onLinux) expect(look.CERT_FILE).toMatch(/^\/dev\/shm\/vaultstrap-\d+-\d+-\w{6}\/CERT_FILE\.pem$/);
    expect(existsSync(folderOf(look))).toBe(false);
  });

  test('without memory to write to, stand in the folder for temporary files', async () => {
    const args = [
      '--permission',
      ...ALLOW_NET,
      '--allow-fs-read=*',
      `--allow-fs-write=${app.dir}/`,
      '--import',
      'vaultstrap/preload',
      'look.cjs',
    ];
    const { code, probes } = await app.run(args, {
      env: env({ TMPDIR: app.dir, TEMP: app.dir, PROBE_FILE: app.path('probe') }),
    });

    expect(code).toBe(0);
    expect(probes).toEqual([]);
    const look = JSON.parse(readFileSync(app.path('probe'), 'utf8')) as Look;
    rmSync(app.path('probe'));
    expect(path.dirname(folderOf(look))).toBe(app.dir);
    expect(readdirSync(app.dir).filter((name) => name.startsWith('vaultstrap-'))).toEqual([]);
  });

  test('are a failure that names the remedy where the permission model forbids them', async () => {
    const args = ['--permission', ...ALLOW_NET, '--allow-fs-read=*', '--import', 'vaultstrap/preload', 'look.cjs'];
    const { code, stderr } = await app.run(args, { env: env() });

    expect(code).toBe(1);
    expect(stderr).toMatch(/CERT_FILE: OtherReasons \(ERR_FILE\): the permission model forbids .* --allow-fs-write=/);
  });

  test('are told by report() without a value, nor is there one in what children are told', async () => {
    app.write({
      'told.cjs': `require('vaultstrap/register'); const { report, refresh } = require('vaultstrap');
        refresh().then(() => console.log(JSON.stringify(report()), process.env.VAULTSTRAP_REFERENCES, report()));`,
    });
    const { code, stdout } = await app.run(['told.cjs'], { env: env() });

    expect(code).toBe(0);
    const { settings } = JSON.parse(`${stdout.split('} {"v":1')[0]}}`) as Report;
    expect(settings.map(({ setting, file }) => [setting, file])).toEqual([
      ['ARGS', true],
      ['CERT_FILE', true],
      ['TLS', undefined],
    ]);
  });

  test('are not written by resolve()', async () => {
    app.write({
      'resolve.cjs': `require('vaultstrap').resolve({ A: process.env.CERT_FILE }).catch(({ code, message }) => {
        require('./probe.cjs')([code, message]); });`,
    });
    const { probes } = await app.run(['resolve.cjs'], { env: env() });
    expect(probes).toEqual([['ERR_FILE', expect.stringContaining('resolve() writes none')]]);
  });
});

describe.runIf(onLinux)('what a signal left behind', () => {
  async function killed(signal: NodeJS.Signals): Promise<string> {
    const { child, outcome, saw } = app.start(['wait.cjs'], { env: env() });
    await saw('waiting');
    child.kill(signal);
    const { probes } = await outcome;
    const folder = folderOf(probes[0] as Look);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  test.each<NodeJS.Signals>(['SIGTERM', 'SIGKILL'])('%s: is removed by the next start', async (signal) => {
    const left = await killed(signal);
    // Of the others the signals are their own affair, and so nothing was installed.
    expect(existsSync(left)).toBe(true);
    await app.run(['app.cjs'], { env: env() });
    expect(existsSync(left)).toBe(false);
  });

  test("but not a living process's, another namespace's or anybody's who has such a name", async () => {
    const [, namespace = ''] = /-(\d+)-/.exec(path.basename(await killed('SIGKILL'))) ?? [];
    const others = [
      `vaultstrap-${namespace}-${process.pid}-abcdef`,
      `vaultstrap-1${namespace}-4194304-abcdef`,
      `vaultstrap-${namespace}-4194304-abc`,
    ].map((name) => `/dev/shm/${name}`);
    for (const folder of others) mkdirSync(folder);
    onTestFinished(() =>
      others.forEach((folder) => {
        rmSync(folder, { recursive: true });
      }),
    );
    await app.run(['app.cjs'], { env: env() });
    expect(others.filter((folder) => existsSync(folder))).toEqual(others);
  });
});

describe('a rotation', () => {
  test('writes the file anew at the same path, and is told', async () => {
    app.write({
      'rotate.mjs': `import 'vaultstrap/register'; import { onRotated, refresh, report } from 'vaultstrap';
        import probe from './probe.cjs'; import { createRequire } from 'node:module';
        const look = () => { const require = createRequire(import.meta.url); delete require.cache[require.resolve('./look.cjs')]; require('./look.cjs'); };
        look(); console.log('started'); await new Promise((resolve) => process.stdin.once('end', resolve).resume());
        onRotated('CERT_FILE', ({ generation, changed }) => probe([generation, changed.map(({ setting }) => setting)]));
        await refresh(); look(); await refresh(); probe(report().generation);`,
    });
    const running = app.start(['rotate.mjs'], { env: env({ VAULTSTRAP_SETTLE_SECONDS: '0' }), input: null });
    await running.saw('started');
    const second = pem(canary('second'));
    await azure.vault('shop').set('tls', { value: pfx, contentType: 'application/x-pkcs12', pem: second });
    running.child.stdin?.end();
    const { code, stderr, probes } = await running.outcome;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [before, after] = probes.filter((probe) => (probe as Look).content) as [Look, Look];
    expect(before.content).toBe(first);
    expect(after).toEqual({ ...before, TLS: second, content: second, others: [second, password] });
    expect(probes).toEqual(expect.arrayContaining([[2, ['CERT_FILE']], 2]));
    expect(existsSync(folderOf(before))).toBe(false);
  });

  test('that finds the secret revoked removes the file, if that is what was asked for', async () => {
    app.write({
      'revoked.mjs': `import 'vaultstrap/register'; import { refresh } from 'vaultstrap'; import probe from './probe.cjs';
        import { existsSync } from 'node:fs'; const file = process.env.CERT_FILE;
        probe(existsSync(file)); console.log('started'); await new Promise((resolve) => process.stdin.once('end', resolve).resume());
        await refresh(); await refresh(); probe([existsSync(file), process.env.CERT_FILE ?? null]);`,
    });
    const only = {
      ...env({ VAULTSTRAP_ON_REVOKED: 'unset', VAULTSTRAP_SETTLE_SECONDS: '0' }),
      ARGS: undefined,
      TLS: undefined,
    };
    const running = app.start(['revoked.mjs'], { env: only, input: null });
    await running.saw('started');
    await azure.identity().revoke({ vault: 'shop', secret: 'tls', actions: ['get'] });
    running.child.stdin?.end();
    expect((await running.outcome).probes).toEqual([true, [false, null]]);
  });
});

describe('whoever inherits a path', () => {
  test('uses it; a child that registers has files of its own, and takes none of its parent with it', async () => {
    app.write({
      'parent.cjs': `require('./app.cjs'); const { spawnSync } = require('node:child_process');
        for (const file of ['look.cjs', 'app.cjs']) spawnSync(process.execPath, [file], { stdio: 'inherit' });
        require('./probe.cjs')(require('node:fs').readFileSync(process.env.CERT_FILE, 'utf8'));`,
    });
    const { code, stderr, probes } = await app.run(['parent.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [parent, plain, registered, left] = probes as [Look, Look, Look, string];
    expect(plain).toEqual(parent);
    expect(registered).toMatchObject({ content: first, others: [first, password] });
    expect(folderOf(registered)).not.toBe(folderOf(parent));
    expect(left).toBe(first);
    for (const look of [parent, registered]) expect(existsSync(folderOf(look))).toBe(false);
  });

  test('a worker thread that registers, likewise', async () => {
    app.write({
      'threads.cjs': `require('./app.cjs'); const { Worker } = require('node:worker_threads');
        new Worker('./app.cjs').once('exit', () =>
          require('./probe.cjs')(require('node:fs').readFileSync(process.env.CERT_FILE, 'utf8')));`,
    });
    const { code, stderr, probes } = await app.run(['threads.cjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [main, thread, left] = probes as [Look, Look, string];
    expect(thread.content).toBe(first);
    expect(folderOf(thread)).not.toBe(folderOf(main));
    expect(left).toBe(first);
    for (const look of [main, thread]) expect(existsSync(folderOf(look))).toBe(false);
  });

  test.runIf(onLinux)(
    'a worker thread that still runs when the main thread ends leaves nothing behind either',
    async () => {
      app.write({
        'busy.cjs':
          "require('./app.cjs'); require('node:worker_threads').parentPort.postMessage(''); setInterval(() => {}, 1000);",
        'leave.cjs': `require('./app.cjs'); const { Worker } = require('node:worker_threads');
        new Worker('./busy.cjs').once('message', () => process.exit(0));`,
      });
      const { code, probes } = await app.run(['leave.cjs'], { env: env() });
      expect(code).toBe(0);
      expect((probes as Look[]).map((look) => existsSync(folderOf(look)))).toEqual([false, false]);
    },
  );

  test('from a process that is gone (a process manager) does not believe it, however fresh', async () => {
    const { probes } = await app.run(['env.cjs'], { env: env() });
    const { PROBE_FILE: _file, ...old } = probes[0] as Record<string, string>;
    await azure.requests.clear();

    const again = await app.run(['app.cjs'], { env: old });
    const [look] = again.probes as [Look];
    expect(look.content).toBe(first);
    expect(look.CERT_FILE).not.toBe(old['CERT_FILE']);
    expect((await requestsOf(azure)).vault).toBe(2);

    await azure.faults.add({ target: 'vault', status: 503 });
    const outage = await app.run(['app.cjs'], {
      env: { ...old, VAULTSTRAP_TIMEOUT_SECONDS: '1', VAULTSTRAP_ON_ERROR: 'unset' },
    });
    expect(outage.probes).toEqual([{}]);
    expect(outage.stderr).toMatch(/ARGS and CERT_FILE are not resolved \(ERR_VAULT_UNAVAILABLE\)/);
  });
});

describe('vaultstrap run', () => {
  const cli = () => app.path('node_modules/vaultstrap/dist/cli.cjs');

  test('keeps the files until its command has ended', async () => {
    app.write({ 'slow.cjs': "setTimeout(() => require('./look.cjs'), 300);" });
    const { code, probes } = await app.run([cli(), 'run', '--', process.execPath, 'slow.cjs'], { env: env() });

    expect(code).toBe(0);
    const [look] = probes as [Look];
    expect(look.others).toEqual([first, password]);
    await until(() => !existsSync(folderOf(look)));
  });

  test('--mask conceals what stands in them, line by line', async () => {
    app.write({
      'cat.cjs':
        "const file = process.env.CERT_FILE; console.log(file); process.stdout.write(require('node:fs').readFileSync(file));",
    });
    // The search for secrets in every output is the test.
    const { code, stdout } = await app.run([cli(), 'run', '--mask', '--', process.execPath, 'cat.cjs'], {
      env: { ...env(), TLS: undefined },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/CERT_FILE\.pem\r?\n\*\*\*/);
  });
});
