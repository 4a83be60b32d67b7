// vaultstrap run: the command's own environment, streams, signals and exit status.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, type RunOptions, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=password)';
/** Said of every start that goes to an emulator. */
const IN_FORCE = 'vaultstrap: in force: VAULTSTRAP_VAULT_ENDPOINT, VAULTSTRAP_VAULT_CA.\n';
const windows = process.platform === 'win32';
/** What runs behind it is process 1, as in a container; not every machine lets us. */
const ISOLATED = ['--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canIsolate = spawnSync('unshare', [...ISOLATED, 'true']).status === 0;

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } } });
  app = createApp();
  app.write({
    'read.cjs': "require('./probe.cjs').env('DB_PASSWORD');",
    'exit.cjs': 'process.exit(Number(process.argv[2]));',
    'kill.cjs': 'process.kill(process.pid, process.argv[2]);',
    'args.cjs': "require('./probe.cjs')(process.argv.slice(2));",
    'stdin.cjs': "process.stdin.on('data', (data) => process.stdout.write(String(data).toUpperCase()));",
    'streams.cjs': "process.stdout.write('to out\\n'); process.stderr.write('to err\\n');",
    'signals.cjs': `require('./probe.cjs').env('DB_PASSWORD');
      process.on(process.argv[2], () => { require('./probe.cjs')('heard'); process.exit(42); });
      setInterval(() => {}, 1000); console.log('ready');`,
    'waits.cjs': "setInterval(() => {}, 1000); console.log('ready');",
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const env = () => ({ ...azure.env, DB_PASSWORD: REFERENCE });
const RUN = ['node_modules/vaultstrap/dist/cli.cjs', 'run'];
const run = (args: readonly string[], options: RunOptions = {}) =>
  app.run([...RUN, '--', ...args], { ...options, env: { ...env(), ...options.env } });

test('values exist in the environment of the command only', async () => {
  const { code, stdout, stderr, probes } = await run([NODE, 'read.cjs']);

  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: IN_FORCE });
  expect(probes).toEqual([{ DB_PASSWORD: password }]);
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: 1, unauthorized: 0 });
});

describe('exit status', () => {
  test.each([0, 1, 7, 125, 255])("the command's own: %i", async (status) => {
    expect(await run([NODE, 'exit.cjs', String(status)])).toMatchObject({ code: status, stderr: IN_FORCE });
  });

  test.skipIf(windows).each([
    ['SIGTERM', 143],
    ['SIGKILL', 137],
    ['SIGINT', 130],
  ])('128 + n: %s', async (signal, status) => {
    expect(await run([NODE, 'kill.cjs', signal])).toMatchObject({ code: status, signal: null });
  });

  test('125: nothing was started, because a setting failed', async () => {
    const { code, stderr, probes } = await run([NODE, 'read.cjs'], {
      env: { GONE: '@KeyVault(VaultName=shop;SecretName=gone)' },
    });

    expect({ code, probes }).toEqual({ code: 125, probes: [] });
    expect(stderr).toMatch(/^vaultstrap error: GONE: SecretNotFound \(ERR_SECRET_NOT_FOUND\): .*Hint: .*\n$/);
  });

  test.skipIf(windows)('126: not executable', async () => {
    app.write({ 'not-executable': '#!/bin/sh\n' });
    const { code, stderr } = await run(['./not-executable']);

    expect(code).toBe(126);
    expect(stderr).toMatch(
      /^vaultstrap: in force: .*\nvaultstrap error: \.\/not-executable could not be started \(EACCES\)\. Hint: .*chmod \+x.*\n$/,
    );
  });

  test('127: not found', async () => {
    const { code, stderr } = await run(['no-such-command-here']);

    expect(code).toBe(127);
    expect(stderr).toMatch(
      /^vaultstrap: in force: .*\nvaultstrap error: no-such-command-here was not found\. Hint: .*PATH.*\n$/,
    );
  });

  test.skipIf(windows)('127: a script whose interpreter is missing is there, and says what is not', async () => {
    app.write({ 'no-interpreter': '#!/no/such/interpreter\n' });
    chmodSync(app.path('no-interpreter'), 0o755);
    expect(await run(['./no-interpreter'])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('./no-interpreter could not be started: the interpreter'),
    });
  });

  test('127: a whole line in one pair of quotes', async () => {
    expect(await run(['node read.cjs'])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('not in one pair of quotes'),
    });
  });

  // Linux' bound for one argument; of these refusals Node throws.
  test.skipIf(process.platform !== 'linux').each([
    ['an argument that is too long', [NODE, 'args.cjs', 'x'.repeat(130 * 1024)]],
    ['a path through a file', ['./args.cjs/x']],
    ['a name that is too long', [`./${'x'.repeat(300)}`]],
  ])('126: %s, without a stack', async (_what, args) => {
    // The runner could not pass it on either: a command line in a file.
    app.write({ 'long.json': JSON.stringify(args) });
    const { code, stderr } = await app.run(
      ['-e', "process.argv = [process.argv[0], '', 'run', '--', ...require('./long.json')]; require(process.env.CLI)"],
      { env: { ...env(), CLI: app.path('node_modules/vaultstrap/dist/cli.cjs') } },
    );

    expect(code).toBe(126);
    expect(stderr).toMatch(
      /^vaultstrap: in force: .*\nvaultstrap error: [^\n]* could not be started \(E\w+\)\.[^\n]*\n$/,
    );
  });

  test.each([
    [['run']],
    [['run', '--no-such-option', '--', 'true']],
    [['no-such-command']],
    [['--no-such-option']],
    [['help', 'nosuch']],
    [['nosuch', '--help']],
  ])('2: usage, %j', async (args) => {
    const { code, stderr } = await app.run(['node_modules/vaultstrap/dist/cli.cjs', ...args], { env: env() });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^vaultstrap error: .* Hint: .*Run npx vaultstrap (run )?--help to see how\.\n$/);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });

  test('2: help of a command that does not exist names the nearest', async () => {
    const cli = 'node_modules/vaultstrap/dist/cli.cjs';
    expect(await app.run([cli, 'help', 'lnt'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        "vaultstrap error: unknown command 'lnt'. Hint: Did you mean lint? Run npx vaultstrap --help to see how.\n",
    });
    expect(await app.run([cli, 'help', 'help'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('2: a value for an option that takes none', async () => {
    expect(await app.run([...RUN, '--mask=yes', '--', 'true'])).toMatchObject({
      code: 2,
      stderr: "vaultstrap error: option '--mask' takes no value. Hint: Run npx vaultstrap run --help to see how.\n",
    });
  });

  // A folder that is in use cannot be removed on Windows.
  test.skipIf(windows).each([['lint'], ['init'], ['emulate']])(
    '2: in a folder that is gone, %s says so',
    async (name) => {
      app.write({ [`gone-${name}/in.sh`]: `cd gone-${name} && rm in.sh && rmdir ../gone-${name} && exec "$@"\n` });
      const cli = app.path('node_modules/vaultstrap/dist/cli.cjs');
      expect(await app.run([`gone-${name}/in.sh`, NODE, cli, name], { command: 'sh' })).toMatchObject({
        code: 2,
        stdout: '',
        stderr: 'vaultstrap error: the folder that this runs in is gone. Hint: Change to one that exists.\n',
      });
    },
  );

  const secret = canary('argument');
  test.each([
    [['check', secret]],
    [['doctor', secret]],
    [['init', secret]],
    [['import', 'a.env', secret, '--vault', 'shop']],
    [['set', 'shop', 'pw', secret]],
    [['set', 'shop', 'pw', `--value=${secret}`]],
    [['set', 'shop', 'pw', `-p${secret}`]],
    [['set', 'shop', 'pw', `--value=it's\n${secret}`]],
    [['doctor', '--timeout', secret]],
    [['emulate', `--password=${secret}`]],
  ])('2: what stands in a wrong place may be a secret, and is not repeated (%#)', async (args) => {
    const { code, stdout, stderr } = await app.run(['node_modules/vaultstrap/dist/cli.cjs', ...args]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^vaultstrap error: [^\n]* Hint: [^\n]+\n$/);
    expect(stderr).not.toContain(secret);
  });

  test('2: no command at all shows what there is, in the order of use, each in one line', async () => {
    const { code, stdout, stderr } = await app.run(['node_modules/vaultstrap/dist/cli.cjs']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const list = /Commands:\n([\s\S]*?)\n\n/.exec(stderr)?.[1]?.split('\n') ?? [];
    expect(list.map((line) => line.trim().split(' ', 1)[0])).toEqual([
      'init',
      'lint',
      'run',
      'check',
      'doctor',
      'emulate',
      'set',
      'import',
      'help',
    ]);
    expect(Math.max(...stderr.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test.each(['init', 'lint', 'run', 'check', 'doctor', 'emulate', 'set', 'import'])(
    'help %s: exit statuses, examples, lines that fit',
    async (name) => {
      const { code, stdout, stderr } = await app.run(['node_modules/vaultstrap/dist/cli.cjs', 'help', name]);

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\nExit status: [\s\S]*\nExamples:\n {2}vaultstrap /);
      expect(stdout.split('\n').filter(({ length }) => length > 80)).toEqual([]);
    },
  );

  test.each([['--help'], ['--version'], ['run', '--help']])('0: %s %s', async (...args) => {
    const { code, stdout, stderr } = await app.run(['node_modules/vaultstrap/dist/cli.cjs', ...args.filter(Boolean)]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(args[0] === '--version' ? /^\d+\.\d+\.\d+\n$/ : /^Usage: vaultstrap/);
  });

  test.skipIf(process.platform !== 'linux').each(['--help', '--version'])('1: %s to a full disk', async (option) => {
    app.write({ 'full.sh': 'exec "$@" > /dev/full\n' });
    const args = ['full.sh', NODE, 'node_modules/vaultstrap/dist/cli.cjs', option];

    expect(await app.run(args, { command: 'sh' })).toMatchObject({
      code: 1,
      stderr: 'vaultstrap error: standard output cannot be written (ENOSPC).\n',
    });
  });

  test.skipIf(process.platform !== 'linux')('2: no command, and help that nobody hears', async () => {
    app.write({ 'deaf.sh': 'exec "$@" 2> /dev/full\n' });
    const args = ['deaf.sh', NODE, 'node_modules/vaultstrap/dist/cli.cjs'];

    expect((await app.run(args, { command: 'sh' })).code).toBe(2);
  });
});

test('an empty command is a mistake, and no stack', async () => {
  const { code, stderr } = await run(['']);

  expect({ code, stderr }).toEqual({ code: 2, stderr: `${IN_FORCE}vaultstrap error: the command is empty.\n` });
});

test.each(['error', 'silent'])('where only errors are wanted (%s), nothing is said', async (level) => {
  expect(await run([NODE, 'read.cjs'], { env: { VAULTSTRAP_LOG: level } })).toMatchObject({ code: 0, stderr: '' });
});

test('a Node command asks nothing at its start: it inherits values and their record', async () => {
  app.write({ 'registers.cjs': "require('vaultstrap/register'); require('./probe.cjs').env('DB_PASSWORD');" });
  const { code, probes } = await run([NODE, 'registers.cjs']);

  expect({ code, probes }).toEqual({ code: 0, probes: [{ DB_PASSWORD: password }] });
  expect(await requestsOf(azure)).toEqual({ token: 1, vault: 1, unauthorized: 0 });
});

describe('streams and arguments', () => {
  test('stdin passes', async () => {
    const { code, stdout } = await run([NODE, 'stdin.cjs'], { input: 'some input' });

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'SOME INPUT' });
  });

  test('so do stdout and stderr, apart', async () => {
    expect(await run([NODE, 'streams.cjs'])).toMatchObject({
      code: 0,
      stdout: 'to out\n',
      stderr: `${IN_FORCE}to err\n`,
    });
  });

  test('arguments arrive as they are', async () => {
    const args = [
      '--help',
      '-v',
      '--',
      'two words',
      '',
      '$HOME',
      '*',
      '"quoted"',
      "it's",
      'a\\b',
      'näme',
      '--mask',
      '^&|<>%PATH%',
    ];
    const { code, probes } = await run([NODE, 'args.cjs', ...args]);

    expect({ code, probes }).toEqual({ code: 0, probes: [args] });
  });

  test('the working directory is where we are', async () => {
    app.write({ 'below/where.cjs': "require('../probe.cjs')(require('node:path').basename(process.cwd()));" });
    const { probes } = await app.run([app.path(...RUN.slice(0, 1)), 'run', '--', NODE, 'where.cjs'], {
      cwd: app.path('below'),
      env: env(),
    });

    expect(probes).toEqual(['below']);
  });
});

describe.skipIf(windows)('signals', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)(
    '%s reaches the command, which decides',
    async (signal) => {
      const { child, outcome, saw } = app.start([...RUN, '--', NODE, 'signals.cjs', signal], { env: env() });
      await saw('ready');
      child.kill(signal);

      expect(await outcome).toMatchObject({ code: 42, signal: null, probes: [{ DB_PASSWORD: password }, 'heard'] });
    },
  );

  test('a command that dies of it: 128 + n', async () => {
    const { child, outcome, saw } = app.start([...RUN, '--', NODE, 'waits.cjs'], { env: env() });
    await saw('ready');
    child.kill('SIGTERM');

    expect(await outcome).toMatchObject({ code: 143, signal: null, stderr: IN_FORCE });
  });

  test('before the command has started, it ends us', async () => {
    const fault = await azure.faults.add({ target: 'vault', hang: true });
    const { child, outcome } = app.start([...RUN, '--', NODE, 'read.cjs'], { env: env() });
    await expect.poll(() => fault.hits(), { timeout: 10_000, interval: 10 }).toBe(1);
    child.kill('SIGTERM');

    expect(await outcome).toMatchObject({ signal: 'SIGTERM', probes: [] });
  });

  test.skipIf(!canIsolate)('also the first process of a container, which has no default for it', async () => {
    const fault = await azure.faults.add({ target: 'vault', hang: true });
    const args = [...ISOLATED, NODE, ...RUN, '--', NODE, 'read.cjs'];
    const { child, outcome } = app.start(args, { env: env(), command: 'unshare' });
    await expect.poll(() => fault.hits(), { timeout: 10_000, interval: 10 }).toBe(1);
    process.kill(Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')), 'SIGTERM');

    expect(await outcome).toMatchObject({ code: 143, stderr: '', probes: [] });
  });
});
