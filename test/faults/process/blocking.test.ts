// What may happen to a process while its main thread is blocked: an answer or an error in time, never a hang.
// The ways in which the worker thread itself is lost are in test/process/hang.test.ts.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Emulator } from '../../../src/testing/index.js';
import { type App, createApp, startAzure } from '../../process/support/app.js';
import { canary } from '../../process/support/canary.js';
import { attach } from './support/inspector.js';

const password = canary('password');
/** Tests run beside each other: each has a vault of its own to break. */
const VAULTS = Array.from({ length: 20 }, (_, i) => `shop-${i}`);
const envOf = (vault: string) => ({ ...azure.env, DB_PASSWORD: `@KeyVault(VaultName=${vault};SecretName=password)` });
let used = 0;
const ownVault = () => {
  const vault = VAULTS[used++];
  if (!vault) throw new Error('more tests than vaults');
  return { vault, env: envOf(vault) };
};
const GOOD = { code: 0, probes: [{ DB_PASSWORD: password }] };

// Lookups wait for the one thread of the pool, which waits for a pipe. From the first lookup on: up to Node 22.13 ES modules
// are read by that thread, too. A thread of ours has no preload, so where there is one it waits at once.
const BUSY = `const dns = require('node:dns');
  const busy = () => require('node:fs').open(process.env.PIPE, 'r', () => {});
  const { lookup } = dns;
  if (process.env.BUSY_AT_ONCE) busy();
  else dns.lookup = (...question) => { dns.lookup = lookup; busy(); lookup(...question); };`;

let azure: Emulator;
let app: App;
beforeAll(async () => {
  azure = await startAzure({ vaults: Object.fromEntries(VAULTS.map((name) => [name, { password }])) });
  app = createApp();
  app.write({
    'busy.cjs': BUSY,
    'read.cjs': "require('./probe.cjs').env('DB_PASSWORD');",
    'handles.cjs': `process.on('SIGTERM', () => { require('./probe.cjs')('asked to end'); process.exit(7); });
        console.log('ready'); require('vaultstrap/register'); require('./read.cjs'); setTimeout(() => {}, 60_000);`,
    'register.cjs': "require('vaultstrap/register'); require('./read.cjs');",
    'bootstrap.mjs': "import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./read.cjs');",
  });
});
afterAll(() => azure?.close());

describe.concurrent('the worker thread dies at work', () => {
  /** In front of the worker's own text. */
  const ENDINGS: Record<string, string> = {
    'it exits': 'setTimeout(() => process.exit(1), 300);',
    'it throws': "setTimeout(() => { throw new Error('broken'); }, 300);",
    'it rejects': "setTimeout(() => Promise.reject(new Error('broken')), 300);",
    'it runs out of memory': 'setTimeout(() => { const all = []; for (;;) all.push(new Array(1e5).fill({})); }, 300);',
  };
  test.for(Object.entries(ENDINGS))('%s: a child process takes over', async ([how, ending], { expect }) => {
    const { vault, env } = ownVault();
    // The thread waits for an answer; the process that takes its place gets one.
    const fault = await azure.faults.add({ target: 'vault', vault, hang: true, times: 1 });
    const file = `${how.replaceAll(' ', '-')}.cjs`;
    app.write({
      [file]: `const threads = require('node:worker_threads');
        threads.Worker = class extends threads.Worker { constructor(source, options) { super(${JSON.stringify(ending)} + source, { ...options, resourceLimits: { maxOldGenerationSizeMb: 32 } }); } };`,
    });
    const outcome = await app.run(['--require', `./${file}`, 'register.cjs'], { env });
    expect(outcome).toMatchObject({ ...GOOD, stderr: '' });
    expect(await fault.hits()).toBe(1);
  });

  test.for(['vault', 'identity'] as const)('the %s sends more than there is memory', async (target, { expect }) => {
    const own = await startAzure({ vaults: { shop: { password } } });
    await own.faults.add({ target, hugeBytes: 2_000_000_000 });
    const { code, stderr, probes } = await app.run(['--max-old-space-size=48', 'register.cjs'], {
      env: { ...own.env, DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)' },
    });
    await own.close();
    expect({ code, probes }).toEqual({ code: 1, probes: [] });
    expect(stderr).toContain(`(ERR_${target.toUpperCase()}_REPLY)`);
  });
});

describe.concurrent('a debugger', () => {
  test('that holds every new thread until it is told to go on, as editors do', async ({ expect }) => {
    const { env } = ownVault();
    const { child, outcome } = app.start(['--inspect-brk=0', 'register.cjs'], { env });
    const client = await attach(child);
    await client.send('NodeWorker.enable', { waitForDebuggerOnStart: true });
    client.on('NodeWorker.attachedToWorker', ({ sessionId }) => {
      const message = JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' });
      void client.send('NodeWorker.sendMessageToWorker', { sessionId, message });
    });
    await client.send('Runtime.runIfWaitingForDebugger');
    expect(await outcome).toMatchObject(GOOD);
  });

  test('that holds the thread and never lets it go', async ({ expect }) => {
    const { env } = ownVault();
    const { child, outcome } = app.start(['--inspect-brk=0', 'register.cjs'], { env });
    const client = await attach(child);
    await client.send('NodeWorker.enable', { waitForDebuggerOnStart: true });
    await client.send('Runtime.runIfWaitingForDebugger');
    expect(await outcome).toMatchObject(GOOD);
  });

  test('that stops the blocked thread for longer than a silence may last', async ({ expect }) => {
    const { vault, env } = ownVault();
    const fault = await azure.faults.add({ target: 'vault', vault, delayMs: 1500 });
    const { child, outcome } = app.start(['--inspect-brk=0', 'register.cjs'], { env });
    const client = await attach(child);
    const atStart = client.next('Debugger.paused');
    await client.send('Debugger.enable');
    await client.send('Runtime.runIfWaitingForDebugger');
    await atStart;
    await client.send('Debugger.resume');
    await expect.poll(() => fault.hits(), { timeout: 10_000, interval: 20 }).toBe(1);
    const paused = client.next('Debugger.paused');
    void client.send('Debugger.pause');
    await paused;
    // The developer looks around.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await client.send('Debugger.resume');
    expect(await outcome).toMatchObject(GOOD);
    // By the thread, which worked on meanwhile: no other took its place.
    expect(await fault.hits()).toBe(1);
  });
});

describe.concurrent('a name lookup that hangs', () => {
  // The one thread that looks names up waits for somebody to open the other end of a pipe.
  test.skipIf(process.platform === 'win32').for([
    ['register', ['register.cjs']],
    ['preload', ['--import', 'vaultstrap/preload', 'read.cjs']],
    ['bootstrap()', ['bootstrap.mjs']],
  ] as const)('an error at the deadline: %s', async ([mode, args], { expect }) => {
    const pipe = app.path(`pipe-${mode.replace(/\W/g, '')}`);
    execFileSync('mkfifo', [pipe]);
    const { outcome, saw } = app.start(['--require', './busy.cjs', ...args], {
      env: {
        ...azure.env,
        VAULTSTRAP_VAULT_ENDPOINT: undefined,
        VAULTSTRAP_ALLOWED_HOSTS: 'kv.vaultstrap.invalid',
        DB_PASSWORD: '@KeyVault(SecretUri=https://kv.vaultstrap.invalid/secrets/password)',
        VAULTSTRAP_TIMEOUT_SECONDS: '1',
        UV_THREADPOOL_SIZE: '1',
        PIPE: pipe,
        ...(mode === 'register' && { BUSY_AT_ONCE: '1' }),
      },
    });
    // Said in time; Node itself waits for the lookup before it ends.
    await saw('DB_PASSWORD: FetchTimedOut (ERR_');
    closeSync(openSync(pipe, 'w'));
    expect(await outcome).toMatchObject({ code: 1, probes: [] });
  });
});

describe.concurrent('SIGTERM while it blocks', () => {
  test('an app that handles it itself: its handler comes after the error or the values, and not never', async ({
    expect,
  }) => {
    const { vault, env } = ownVault();
    const fault = await azure.faults.add({ target: 'vault', vault, delayMs: 1000 });
    const { child, outcome, saw } = app.start(['handles.cjs'], { env });
    await saw('ready');
    await expect.poll(() => fault.hits(), { timeout: 10_000, interval: 20 }).toBe(1);
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ code: 7, probes: [{ DB_PASSWORD: password }, 'asked to end'] });
  });

  test('and one that cannot be resolved ends with the error', async ({ expect }) => {
    const { vault, env } = ownVault();
    const fault = await azure.faults.add({ target: 'vault', vault, hang: true });
    const { child, outcome } = app.start(['handles.cjs'], { env: { ...env, VAULTSTRAP_TIMEOUT_SECONDS: '2' } });
    await expect.poll(() => fault.hits(), { timeout: 10_000, interval: 20 }).toBe(1);
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ code: 1, probes: [] });
  });
});
