// Faults while processes keep themselves fresh, whatever they were started with; also those that take their time.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator, Fault } from '../../../src/testing/index.js';
import { type App, createApp, startAzure } from '../../process/support/app.js';
import { canary } from '../../process/support/canary.js';
import { count } from '../support/tally.js';

const old = canary('old');
const rotated = canary('new');

/** What the vault of each setting does from the first refresh on. */
const FAULTY: Readonly<Record<string, [code: string, fault: Omit<Fault, 'target'>]>> = {
  hangs: ['ERR_VAULT_TIMEOUT', { hang: true }],
  drips: ['ERR_VAULT_TIMEOUT', { drip: { everyMs: 500 } }],
  denied: [
    'ERR_VAULT_RBAC',
    { status: 403, body: { error: { code: 'Forbidden', innererror: { code: 'ForbiddenByRbac' } } } },
  ],
  down: ['ERR_VAULT_UNAVAILABLE', { status: 503 }],
  resets: ['ERR_VAULT_UNREACHABLE', { reset: true }],
  torn: ['ERR_VAULT_UNREACHABLE', { truncate: true }],
};
const settingOf = (vault: string) => vault.toUpperCase();
const settingsOf = (vaults: readonly string[]) =>
  Object.fromEntries(vaults.map((vault) => [settingOf(vault), `@KeyVault(VaultName=${vault};SecretName=x)`]));
const vaultsOf = (value: string) =>
  Object.fromEntries([...Object.keys(FAULTY), 'sound'].map((name) => [name, { x: value }]));

let app: App;
beforeAll(() => {
  app = createApp();
  app.write({
    // Refreshes at every line of its input, and tells what it has then.
    'keep.cjs': `const { refresh, report } = require('vaultstrap');
      const names = process.env.NAMES.split(',');
      const probe = require('./probe.cjs');
      process.on('unhandledRejection', () => probe('unhandled'));
      const tell = (result) => probe({ result, status: report().status, now: Object.fromEntries(names.map((n) => [n, process.env[n] ?? null])),
        settings: Object.fromEntries(report().settings.map(({ setting, code, kept }) => [setting, { code, kept }])) });
      tell();
      console.log('ready');
      require('node:readline').createInterface({ input: process.stdin }).on('line', async () => { tell(await refresh()); console.log('told'); });`,
    'register.cjs': "require('vaultstrap/register'); require('./keep.cjs');",
    'start.cjs': "require('vaultstrap/start'); require('vaultstrap/register'); require('./keep.cjs');",
    'bootstrap.mjs': "import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./keep.cjs');",
  });
});

interface Told {
  readonly status: string;
  readonly now: Readonly<Record<string, string | null>>;
  readonly settings: Readonly<Record<string, { code?: string; kept?: boolean }>>;
}

/** Starts, breaks, refreshes, mends, refreshes. */
async function throughTrouble(
  azure: Emulator,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { broken, mended }: { broken: () => Promise<unknown>; mended: () => Promise<unknown> },
): Promise<readonly Told[]> {
  const names = Object.keys(env).filter((name) => /^[A-Z]+$/.test(name));
  const { child, outcome, saw } = app.start(args, {
    env: { ...azure.env, VAULTSTRAP_REFRESH_SECONDS: '0', VAULTSTRAP_LOG: 'silent', ...env, NAMES: names.join(',') },
    input: null,
    limitMs: 60_000,
  });
  await saw('ready');
  await broken();
  const told = new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdin?.write('go\n');
  await told;
  await mended();
  child.stdin?.end('go\n');
  const { code, stderr, probes } = await outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return probes as readonly Told[];
}

describe.concurrent('the last good value stays', () => {
  let azure: Emulator;
  let ready = 0;
  let done = 0;
  // The vaults are of all: they break when all have started, and are mended when all have noticed.
  const allReady = Promise.withResolvers<void>();
  const allDone = Promise.withResolvers<void>();
  const MODES = [
    ['register', ['register.cjs']],
    ['preload', ['--import', 'vaultstrap/preload', 'keep.cjs']],
    ['start, then register', ['start.cjs']],
    ['bootstrap()', ['bootstrap.mjs']],
  ] as const;
  beforeAll(async () => {
    azure = await startAzure({ vaults: vaultsOf(old) });
  });
  afterAll(() => azure?.close());

  async function broken() {
    if (++ready < MODES.length) return allReady.promise;
    for (const vault of Object.keys(vaultsOf(old))) await azure.vault(vault).set('x', rotated);
    for (const [vault, [, fault]] of Object.entries(FAULTY))
      await azure.faults.add({ target: 'vault', vault, ...fault });
    allReady.resolve();
  }
  async function mended() {
    if (++done < MODES.length) return allDone.promise;
    await azure.faults.clear();
    allDone.resolve();
  }

  test.for(MODES)('%s', async ([, args], { task }) => {
    const env = settingsOf([...Object.keys(FAULTY), 'sound']);
    const [first, second, third] = await throughTrouble(azure, args, env, { broken, mended });

    expect(new Set(Object.values(first?.now ?? {}))).toEqual(new Set([old]));
    expect(second?.status).toBe('degraded');
    expect(second?.now['SOUND']).toBe(rotated);
    for (const [vault, [code]] of Object.entries(FAULTY)) {
      expect({ vault, value: second?.now[settingOf(vault)] }).toEqual({ vault, value: old });
      expect(second?.settings[settingOf(vault)]).toMatchObject({ kept: true });
      // Two seconds of tries, of which the last may be cut short on a busy machine.
      const codes = code === 'ERR_VAULT_RBAC' ? [code] : [code, 'ERR_VAULT_TIMEOUT', 'ERR_TIMEOUT'];
      expect(codes, vault).toContain(second?.settings[settingOf(vault)]?.code);
      count(task);
    }
    expect(third?.status).toBe('ready');
    expect(new Set(Object.values(third?.now ?? {}))).toEqual(new Set([rotated]));
  });
});

test.concurrent('an identity endpoint that hangs, when the token is refused', async ({ task }) => {
  const own = await startAzure({ vaults: vaultsOf(old) });
  const [first, second, third] = await throughTrouble(own, ['register.cjs'], settingsOf(['sound']), {
    broken: async () => {
      await own.vault('sound').set('x', rotated);
      await own.tokens.revokeAll();
      await own.faults.add({ target: 'identity', hang: true });
    },
    mended: () => own.faults.clear(),
  });
  expect([first?.now, second?.now, third?.now]).toEqual([{ SOUND: old }, { SOUND: old }, { SOUND: rotated }]);
  expect(second).toMatchObject({
    status: 'degraded',
    settings: { SOUND: { code: 'ERR_IDENTITY_TIMEOUT', kept: true } },
  });
  expect(third?.status).toBe('ready');
  count(task);
  await own.close();
});

test.concurrent('a vault that hangs does not hold back the others', async () => {
  const own = await startAzure({ vaults: vaultsOf(old) });
  app.write({
    'soon.cjs': `require('vaultstrap/register'); console.log('ready');
      const { onRotated, refresh } = require('vaultstrap');
      const probe = require('./probe.cjs');
      let over = false;
      onRotated('SOUND', () => { probe.env('SOUND'); probe({ over }); process.exit(); });
      process.stdin.once('data', () => void refresh().then(() => { over = true; }));`,
  });
  const { child, outcome, saw } = app.start(['soon.cjs'], {
    env: { ...own.env, ...settingsOf(['hangs', 'sound']), VAULTSTRAP_REFRESH_SECONDS: '0' },
    input: null,
  });
  await saw('ready');
  await own.vault('sound').set('x', rotated);
  await own.faults.add({ target: 'vault', vault: 'hangs', hang: true });
  child.stdin?.end('go\n');
  const { probes } = await outcome;
  await own.close();
  expect(probes).toEqual([{ SOUND: rotated }, { over: false }]);
});
