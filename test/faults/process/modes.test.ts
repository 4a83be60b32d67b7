// Faults as processes see them, on the packed package: every fault in one way to start, the main faults in all of them.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/testing/index.js';
import { type App, createApp, NODE, startAzure } from '../../process/support/app.js';
import { canary } from '../../process/support/canary.js';
import { IDENTITY_FAULTS, type Promised, VAULT_FAULTS } from '../support/matrix.js';
import { type Servers, startServers } from '../support/servers.js';
import { count } from '../support/tally.js';

const secret = canary('secret');
const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const WORKER = fileURLToPath(new URL('../../process/support/functions-worker.cjs', import.meta.url));
/** Far behind the limit of a test's process: what waits for it is killed, and has failed. */
const FAR = { VAULTSTRAP_TIMEOUT_SECONDS: '120' };
/** Time for a second try on a machine that is busy with four processes like this one. */
const SOON = { VAULTSTRAP_TIMEOUT_SECONDS: '3' };
const reference = (vault: string) => `@KeyVault(VaultName=${vault};SecretName=x)`;

let azure: Emulator;
let servers: Servers;
let app: App;
let sdkApp: App;
beforeAll(async () => {
  const faulty = VAULT_FAULTS.map((_, i) => `faulty-${i}`);
  const down = Object.keys(MODES).map((_, i) => `down-${i}`);
  const all = [...faulty, ...down, 'denied', 'gone', 'sound'];
  [azure, servers] = await Promise.all([
    startAzure({ vaults: Object.fromEntries(all.map((name) => [name, { x: secret }])) }),
    startServers(),
  ]);
  await Promise.all([
    ...VAULT_FAULTS.map(
      async ({ fault }, i) => fault && azure.faults.add({ target: 'vault', vault: `faulty-${i}`, ...fault(servers) }),
    ),
    azure.faults.add({ target: 'vault', vault: 'denied', status: 403 }),
    azure.faults.add({ target: 'vault', vault: 'gone', status: 404, body: { error: { code: 'SecretNotFound' } } }),
  ]);
  app = createApp();
  sdkApp = createApp({ sdk: true });
  for (const one of [app, sdkApp]) {
    one.write({
      'went-on.cjs': "require('./probe.cjs')('went on');",
      'report.cjs': "require('vaultstrap/register'); require('./probe.cjs')(require('vaultstrap').report());",
      'register.cjs': "require('vaultstrap/register'); require('./went-on.cjs');",
      'register.mjs': "import 'vaultstrap/register'; import './went-on.cjs';",
      'start.cjs': "require('vaultstrap/start'); require('vaultstrap/register'); require('./went-on.cjs');",
      'bootstrap.mjs': "import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./went-on.cjs');",
      'sync.mjs': "import { bootstrapSync } from 'vaultstrap'; bootstrapSync(); await import('./went-on.cjs');",
      'start-bootstrap.mjs': "import 'vaultstrap/start'; import './bootstrap.mjs';",
      'resolve.mjs':
        "import { resolve } from 'vaultstrap'; await resolve({ A: process.env.A, B: process.env.B }); await import('./went-on.cjs');",
      'f/0-register.cjs': "require('vaultstrap/register'); require(process.env.PROBE_MODULE)('went on');",
      'f/0-hook.cjs': "require('vaultstrap/functions').registerRotation({ status: true });",
    });
    cpSync(WORKER, one.path('worker.cjs'));
  }
});
afterAll(async () => {
  // Nobody followed a redirect.
  expect(servers.trap.seen).toEqual([]);
  await Promise.all([azure?.close(), servers?.close()]);
});

/** Every way to start: the arguments of the process, and what its failure looks like. */
interface Mode {
  readonly args: readonly string[];
  readonly code?: number;
  /** The functions worker lives on; what failed is in what it answers to the host. */
  readonly main?: string;
}
const MODES: Readonly<Record<string, Mode>> = {
  'register, CommonJS': { args: ['register.cjs'] },
  'register, ESM': { args: ['register.mjs'] },
  '--require register': { args: ['--require', 'vaultstrap/register', 'went-on.cjs'] },
  '--import preload': { args: ['--import', 'vaultstrap/preload', 'went-on.cjs'] },
  'start, then register': { args: ['start.cjs'] },
  'start, then bootstrap()': { args: ['start-bootstrap.mjs'] },
  'bootstrap()': { args: ['bootstrap.mjs'] },
  'bootstrapSync()': { args: ['sync.mjs'] },
  'resolve()': { args: ['resolve.mjs'] },
  run: { args: [CLI, 'run', '--', NODE, 'went-on.cjs'], code: 125 },
  'Functions: register': { args: [], main: 'f/0-register.cjs' },
  'Functions: the hook': { args: [], main: 'f/0-hook.cjs' },
};

const AT_ONCE = 5;

/** Runs tasks, a few at a time: each is a process that works a little and waits a lot. */
async function inTurns<T>(items: readonly T[], act: (item: T, index: number) => Promise<void>): Promise<void> {
  const left = [...items.entries()];
  const turn = async () => {
    for (let next = left.shift(); next; next = left.shift()) await act(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
}

/** The last try of an outage may be cut short by the deadline. */
function codesOf({ code, tries }: Promised): readonly string[] {
  return tries === 'outage' ? [code, 'ERR_TIMEOUT', 'ERR_VAULT_TIMEOUT', 'ERR_IDENTITY_TIMEOUT'] : [code];
}

describe.concurrent('every fault, by the blocking import', () => {
  const ROWS = VAULT_FAULTS.flatMap((row, i) => (row.fault ? [{ ...row, setting: `S${i}`, i }] : []));
  const isOutage = ({ tries }: Promised) => tries === 'outage';
  test.for([
    ['direct', 'facts', FAR],
    ['direct', 'outages', SOON],
    ['sdk', 'facts', FAR],
    ['sdk', 'outages', SOON],
  ] as const)('vaults, all at once: %s, %s', async ([client, kind, timeout], { task }) => {
    const rows = ROWS.filter((row) => isOutage(row) === (kind === 'outages'));
    const { code, stderr, probes } = await (client === 'sdk' ? sdkApp : app).run(['report.cjs'], {
      env: {
        ...azure.env,
        ...Object.fromEntries(rows.map(({ setting, i }) => [setting, reference(`faulty-${i}`)])),
        SOUND: reference('sound'),
        VAULTSTRAP_CLIENT: client,
        VAULTSTRAP_ON_ERROR: 'unset',
        ...timeout,
      },
    });
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('is not resolved') });
    const [report] = probes as [{ status: string; settings: { setting: string; status: string; code?: string }[] }];
    expect(report.status).toBe('degraded');
    const of = (setting: string) => report.settings.find((one) => one.setting === setting);
    // One that is well is none the worse.
    expect(of('SOUND')).toMatchObject({ status: 'Resolved' });
    for (const row of rows) {
      expect({ what: row.what, ...of(row.setting) }).toMatchObject({ what: row.what, unset: true });
      expect(codesOf(row), row.what).toContain(of(row.setting)?.code);
      count(task);
    }
  });

  test('somebody else in the place of a vault', async ({ task }) => {
    await inTurns(
      VAULT_FAULTS.filter(({ env }) => env),
      async (row) => {
        const { code, stderr, probes } = await app.run(['register.cjs'], {
          env: {
            ...azure.env,
            A: row.host ? `@KeyVault(SecretUri=https://${row.host}/secrets/x)` : reference('sound'),
            ...row.env?.(servers),
            ...(row.tries === 'outage' || row.host ? SOON : FAR),
          },
        });
        expect({ what: row.what, code, probes }).toEqual({ what: row.what, code: 1, probes: [] });
        expect(codesOf(row)).toContain(/^BootstrapError: A: \w+ \((\w+)\): .*Hint: /m.exec(stderr)?.[1]);
        count(task);
      },
    );
  });

  test('identity endpoints', async ({ task }) => {
    const kits = await Promise.all(
      Array.from({ length: AT_ONCE }, () => startAzure({ vaults: { sound: { x: secret } } })),
    );
    await inTurns(IDENTITY_FAULTS, async (row) => {
      const kit = kits.pop();
      if (!kit) throw new Error('more at once than there are endpoints');
      await kit.reset();
      if (row.fault) await kit.faults.add({ target: 'identity', ...(await row.fault(kit, servers)) });
      const { code, stderr, probes } = await app.run(['register.cjs'], {
        env: {
          ...kit.env,
          A: reference('sound'),
          ...row.env?.(servers),
          ...(row.tries === 'outage' ? SOON : FAR),
        },
      });
      kits.push(kit);
      expect({ what: row.what, code, probes }).toEqual({ what: row.what, code: 1, probes: [] });
      expect(codesOf(row), row.what).toContain(/^BootstrapError: A: \w+ \((\w+)\): .*Hint: /m.exec(stderr)?.[1]);
      const asked = (await kit.requests()).filter(({ target }) => target === 'identity').length;
      if (row.tries === 'outage' && !row.slow && row.fault) expect(asked, row.what).toBeGreaterThan(1);
      if (typeof row.tries === 'number') expect(asked, row.what).toBe(row.tries);
      count(task);
    });
    await Promise.all(kits.map((kit) => kit.close()));
  });
});

describe.concurrent('every way to start', () => {
  let plans = 0;
  /** What the process printed or, in the Functions worker, what it answered to the host. */
  async function failureOf(mode: Mode, env: Record<string, string | undefined>): Promise<string> {
    if (mode.main === undefined) {
      const { code, stderr, probes } = await app.run(mode.args, { env });
      expect({ code, probes }).toEqual({ code: mode.code ?? 1, probes: [] });
      return stderr;
    }
    const plan = `plan-${plans++}.json`;
    const settings = { ...env, FUNCTIONS_WORKER_RUNTIME: 'node' };
    sdkApp.write({ [plan]: JSON.stringify({ dir: sdkApp.dir, main: [mode.main], mode: 'specialized', settings }) });
    const { code, stderr, probes } = await sdkApp.run(['worker.cjs', plan, '--functions-uri', 'http://127.0.0.1/'], {
      env: { PROBE_MODULE: sdkApp.path('probe.cjs') },
    });
    expect(code, stderr).toBe(0);
    expect(probes).not.toContain('went on');
    const reload = (probes as { step?: string; ok?: boolean; error?: string }[]).find(({ step }) => step === 'reload');
    expect(reload?.ok).toBe(false);
    return `${reload?.error}\n${stderr}`;
  }

  test('what is a fact is reported at once, all of it', async ({ task }) => {
    const settings = { ...azure.env, ...FAR, A: reference('denied'), B: reference('gone') };
    await inTurns(Object.entries(MODES), async ([name, mode]) => {
      const text = await failureOf(mode, settings);
      expect(text, name).toContain('A: AccessToKeyVaultDenied (ERR_VAULT_FORBIDDEN)');
      expect(text, name).toContain('B: SecretNotFound (ERR_SECRET_NOT_FOUND)');
      count(task);
    });
  });

  test('an outage is tried until the deadline', async ({ task }) => {
    await inTurns(Object.entries(MODES), async ([name, mode], i) => {
      const fault = await azure.faults.add({ target: 'vault', vault: `down-${i}`, status: 503 });
      const text = await failureOf(mode, { ...azure.env, ...SOON, A: reference(`down-${i}`) });
      expect(text, name).toMatch(/A: \w+ \(ERR_(VAULT_UNAVAILABLE|VAULT_TIMEOUT|TIMEOUT)\)/);
      expect(await fault.hits(), name).toBeGreaterThan(1);
      count(task);
    });
  });

  test('no identity: at once, and no vault is asked', async ({ task }) => {
    const kit = await startAzure({ identities: { system: false } });
    await inTurns(Object.entries(MODES), async ([name, mode]) => {
      const text = await failureOf(mode, { ...kit.env, ...FAR, A: reference('sound'), B: reference('gone') });
      expect(text, name).toContain('A, B: MSINotEnabled (ERR_IDENTITY_NOT_ASSIGNED)');
      count(task);
    });
    expect((await kit.requests()).filter(({ target }) => target === 'vault')).toEqual([]);
    await kit.close();
  });

  test('an identity endpoint in trouble: until the deadline', async ({ task }) => {
    const kit = await startAzure({});
    const fault = await kit.faults.add({ target: 'identity', status: 500 });
    await inTurns(Object.entries(MODES), async ([name, mode]) => {
      const before = await fault.hits();
      const text = await failureOf(mode, { ...kit.env, ...SOON, A: reference('sound') });
      expect(text, name).toMatch(/A: \w+ \(ERR_(IDENTITY_UNAVAILABLE|IDENTITY_TIMEOUT|TIMEOUT)\)/);
      expect((await fault.hits()) - before, name).toBeGreaterThan(1);
      count(task);
    });
    await kit.close();
  });
});
