// In the Functions Node worker, as far as code in it can tell (support/functions-worker.cjs).
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { type App, createApp, NODE, type Outcome, type RunningChild, startAzure } from './support/app.js';
import { canary, plant } from './support/canary.js';

const first = canary('first');
const second = canary('second');
const WORKER = fileURLToPath(new URL('support/functions-worker.cjs', import.meta.url));

const references = {
  DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=db-password)',
  DB_URL: 'postgres://app:@KeyVault(VaultName=shop;SecretName=db-password;Encode=uri)@db/shop',
};
const GONE = { GONE: '@KeyVault(VaultName=shop;SecretName=gone)' };

const READ = `const seen = () => [process.env.DB_PASSWORD ?? null, process.env.DB_URL ?? null];
const atLoad = seen();`;
const HELLO = `app.http('hello', { handler: () => ({ jsonBody: { atLoad, now: seen() } }) });`;
const hello = {
  cjs: `const { app } = require('@azure/functions'); ${READ} ${HELLO}`,
  mjs: `import { app } from '@azure/functions'; ${READ} ${HELLO}`,
};
const rotation = (options: string) => `require('vaultstrap/functions').registerRotation(${options});`;

interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly error?: string;
  readonly functions?: Record<string, Record<string, unknown>>;
  readonly logs?: readonly (readonly [level: string, message: string])[];
  readonly status?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly names?: readonly string[];
}

interface Invocation {
  readonly name: string;
  readonly data?: object;
  readonly waitMs?: number;
  /** Waits for what happens outside meanwhile. */
  readonly waits?: true;
}

interface Plan {
  readonly main: readonly string[];
  readonly mode?: 'normal' | 'specialized' | 'reloaded';
  readonly settings?: Readonly<Record<string, string>>;
  readonly invoke?: readonly Invocation[];
  readonly nodeArgs?: readonly string[];
  /** What alone says that this is the worker. Default: both. */
  readonly only?: 'setting' | 'arguments';
}

let azure: Emulator;
let app: App;
let plans = 0;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { 'db-password': first } } });
  app = createApp({ sdk: true });
  cpSync(WORKER, app.path('worker.cjs'));
  app.write({
    'f/0-register.cjs': "require('vaultstrap/register');",
    'f/0-register.mjs': "import 'vaultstrap/register';",
    'f/0-start.cjs': "require('vaultstrap/start');",
    'f/1-hello.cjs': hello.cjs,
    'f/1-hello.mjs': hello.mjs,
    'f/2-register.cjs': "require('vaultstrap/register');",
    'f/hook.cjs': rotation(''),
    'f/all.cjs': rotation('{ timer: { useMonitor: false }, events: true, status: true }'),
    'f/scheduled.cjs': rotation("{ timer: true, schedule: '0 0 * * * *' }"),
    'f/fresh.cjs': rotation('{ maxAgeSeconds: 1 }'),
    'f/malformed.cjs': rotation("{ timer: 'yes' }"),
    'slow.mjs': 'await new Promise((resolve) => setTimeout(resolve, 500));',
    'one.mjs': "import 'vaultstrap/register'; import './f/1-hello.mjs';",
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

/** `meanwhile` runs beside the worker; invocations that wait begin behind it. */
async function drive(
  plan: Plan,
  meanwhile?: (child: RunningChild) => Promise<void>,
): Promise<{ steps: Map<string, Step>; all: readonly Step[]; outcome: Outcome }> {
  const { mode = 'normal', settings = references, main, invoke = [], nodeArgs = [], only } = plan;
  const file = `plan-${plans++}.json`;
  const env = { ...azure.env, ...settings, ...(only !== 'arguments' && { FUNCTIONS_WORKER_RUNTIME: 'node' }) };
  const go = app.path(`${file}.go`);
  const invocations = invoke.map(({ waits, ...one }) => ({
    data: { http: REQUEST },
    ...one,
    ...(waits && { waitFor: go }),
  }));
  app.write({ [file]: JSON.stringify({ dir: app.dir, main, mode, settings: env, invoke: invocations }) });
  const child = app.start(
    [...nodeArgs, 'worker.cjs', file, only === 'setting' ? '--host' : '--functions-uri', 'http://127.0.0.1/'],
    {
      command: NODE,
      env: { ...(mode !== 'specialized' && env), PROBE_MODULE: app.path('probe.cjs') },
    },
  );
  await meanwhile?.(child);
  app.write({ [`${file}.go`]: '' });
  const outcome = await child.outcome;
  expect(outcome.code, outcome.stderr).toBe(0);
  const all = outcome.probes as Step[];
  return { steps: new Map(all.map((step) => [step.step, step])), all, outcome };
}

const REQUEST = { method: 'GET', url: 'http://localhost/api/hello', headers: {}, query: {}, params: {} };
const HELLO_ONCE = [{ name: 'hello' }];

function valuesOf(value: string) {
  return [value, `postgres://app:${encodeURIComponent(value)}@db/shop`];
}

function bodyOf(step: Step | undefined): unknown {
  return JSON.parse(step?.body ?? 'null');
}

describe('values are there before the first line', () => {
  const LAYOUTS: Record<string, string[]> = {
    'a file of its own, CommonJS': ['f/0-register.cjs', 'f/1-hello.cjs'],
    'a file of its own, ESM': ['f/0-register.mjs', 'f/1-hello.mjs'],
    'one entry, static siblings': ['one.mjs'],
    'start, other modules, join': ['f/0-start.cjs', 'f/2-register.cjs', 'f/1-hello.cjs'],
    'with registerRotation': ['f/0-register.cjs', 'f/hook.cjs', 'f/1-hello.cjs'],
  };
  const MODES = ['normal', 'specialized', 'reloaded'] as const;
  test.each(Object.keys(LAYOUTS).flatMap((layout) => MODES.map((mode) => [layout, mode] as const)))(
    '%s, %s',
    async (layout, mode) => {
      const { steps, outcome } = await drive({ main: LAYOUTS[layout] ?? [], mode, invoke: HELLO_ONCE });
      expect([...steps.values()].filter(({ ok }) => ok === false)).toEqual([]);
      expect(bodyOf(steps.get('invoke hello'))).toEqual({ atLoad: valuesOf(first), now: valuesOf(first) });
      expect(steps.get('hooks')?.names).not.toContain('appTerminate');
      expect(outcome.stderr).toBe('');
    },
  );

  test('registerRotation alone resolves before the first invocation, too late for modules', async () => {
    const main = ['f/1-hello.cjs', 'f/hook.cjs'];
    const { steps, outcome } = await drive({ main, mode: 'specialized', invoke: HELLO_ONCE });
    expect(bodyOf(steps.get('invoke hello'))).toEqual({ atLoad: Object.values(references), now: valuesOf(first) });
    expect(outcome.stderr).toMatch(
      /^vaultstrap warn: .* while those loaded, DB_PASSWORD and DB_URL held no value yet\. .*\n$/,
    );
  });

  test('registerRotation alone is in time for what a parent process resolved', async () => {
    const main = ['f/1-hello.cjs', 'f/hook.cjs'];
    const nodeArgs = ['node_modules/vaultstrap/dist/cli.cjs', 'run', '--', NODE];
    const { steps, outcome } = await drive({ main, nodeArgs, invoke: HELLO_ONCE });
    expect(bodyOf(steps.get('invoke hello'))).toEqual({ atLoad: valuesOf(first), now: valuesOf(first) });
    expect(outcome.stderr).not.toContain('held no value');
  });

  test('registerRotation behind a start that could give nothing began none', async () => {
    const settings = { BROKEN: '@KeyVault(SecretName=)', VAULTSTRAP_ON_ERROR: 'unset' };
    const { steps, outcome } = await drive({ main: ['f/0-register.cjs', 'f/hook.cjs'], settings });
    expect(steps.get('init')?.ok).toBe(true);
    expect(outcome.stderr).toMatch(/^vaultstrap warn: BROKEN is not resolved .*\n$/);
  });

  test('what start took out, registerRotation joins', async () => {
    const main = ['f/0-start.cjs', 'f/1-hello.cjs', 'f/hook.cjs'];
    const { steps, outcome } = await drive({ main, mode: 'specialized', invoke: HELLO_ONCE });
    expect(bodyOf(steps.get('invoke hello'))).toEqual({ atLoad: [null, null], now: valuesOf(first) });
    expect(outcome.stderr).toBe('');
  });
});

describe('a second reload after a preload', () => {
  test.each([
    ['--import vaultstrap/preload', ['--import', 'vaultstrap/preload'], ['f/0-register.cjs', 'f/1-hello.cjs']],
    ['--require vaultstrap/register', ['--require', 'vaultstrap/register'], ['f/0-register.cjs', 'f/1-hello.cjs']],
    ['--import vaultstrap/preload alone', ['--import', 'vaultstrap/preload'], ['f/1-hello.cjs']],
    // The worker comes long after our first look for it.
    ['a slow preload beside it', ['--import', 'vaultstrap/preload', '--import', './slow.mjs'], ['f/1-hello.cjs']],
  ])('%s', async (_name, nodeArgs, main) => {
    const { steps } = await drive({ main, nodeArgs, mode: 'reloaded', invoke: HELLO_ONCE });
    expect(bodyOf(steps.get('invoke hello'))).toEqual({ atLoad: valuesOf(first), now: valuesOf(first) });
  });
});

describe('a failed start is loud', () => {
  const message = /GONE: SecretNotFound \(ERR_SECRET_NOT_FOUND\): vault 'shop' has no secret 'gone'\./;
  test.each([
    ['before any registration', ['f/0-register.cjs', 'f/1-hello.cjs'], 'normal', 'init'],
    ['before any registration', ['f/0-register.mjs', 'f/1-hello.mjs'], 'specialized', 'reload'],
    ['after a registration', ['f/1-hello.cjs', 'f/2-register.cjs'], 'normal', 'init'],
    ['in the appStart hook', ['f/1-hello.cjs', 'f/hook.cjs'], 'specialized', 'reload'],
  ] as const)('%s: %j, %s', async (_when, main, mode, step) => {
    const { steps, outcome } = await drive({ main, mode, settings: { ...references, ...GONE } });
    expect(steps.get(step)).toMatchObject({ ok: false, error: expect.stringMatching(message) });
    // The host makes an error of a line with that word, and one log entry of every line.
    expect(outcome.stderr.split('\n').filter((line) => /\berror\b/.test(line) && message.test(line))).toHaveLength(1);
  });

  test.each(['setting', 'arguments'] as const)('nothing but the %s says that this is the worker', async (only) => {
    const settings = { ...references, ...GONE };
    const { steps } = await drive({ main: ['f/0-register.cjs'], settings, only });
    expect(steps.get('init')?.ok).toBe(false);
  });

  test('malformed options of registerRotation', async () => {
    const { steps, outcome } = await drive({ main: ['f/malformed.cjs'], settings: {} });
    expect(steps.get('init')).toMatchObject({
      ok: false,
      error: expect.stringContaining('option timer of registerRotation is malformed. Hint: Expected: true, false'),
    });
    expect(outcome.stderr).toContain('option timer of registerRotation is malformed.');
  });

  test.each([
    ['that succeeds makes it good', "process.env.GONE = 'plain'; bootstrapSync();", true],
    [
      'that finds nothing to resolve any more, too',
      "for (const n of ['DB_PASSWORD', 'DB_URL', 'GONE']) process.env[n] = 'x'; bootstrapSync();",
      true,
    ],
    ['that is not there does not', '', false],
    ['that fails, too, does not', 'try { bootstrapSync(); } catch {}', false],
  ])('an app that catches it: a later start %s', async (_, later, ok) => {
    app.write({
      'f/0-caught.cjs': `const { bootstrapSync } = require('vaultstrap'); try { bootstrapSync(); } catch {} ${later}`,
    });
    const { steps } = await drive({ main: ['f/0-caught.cjs', 'f/1-hello.cjs'], settings: { ...references, ...GONE } });
    expect(steps.get('init')).toMatchObject({ ok, ...(!ok && { error: expect.stringMatching(message) }) });
  });

  test('nothing raw is left, the next start heals', async () => {
    app.write({ 'f/3-see.cjs': 'process.once("exit", () => require(process.env.PROBE_MODULE).env("GONE"));' });
    const settings = { ...references, ...GONE };
    const main = ['f/3-see.cjs', 'f/0-register.cjs', 'f/1-hello.cjs'];
    expect((await drive({ main, settings })).all.at(-1)).toEqual({ GONE: null });
    await azure.vault('shop').set('gone', second);
    const { steps, all } = await drive({ main, settings, invoke: HELLO_ONCE });
    expect(steps.get('init')?.ok).toBe(true);
    expect(all.at(-1)).toEqual({ GONE: second });
  });
});

describe('the three functions', () => {
  const EVENT = {
    id: '1',
    topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop',
    subject: 'db-password',
    eventType: 'Microsoft.KeyVault.SecretNewVersionCreated',
    data: { Id: 'https://shop.vault.azure.net/secrets/db-password', VaultName: 'shop', 'ObjectName ': 'db-password' },
  };
  const json = (value: unknown) => ({ json: JSON.stringify(value) });
  const TIMER = json({ Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false });
  const all = ['f/0-register.cjs', 'f/all.cjs', 'f/1-hello.cjs'];
  // The clock of the process stays out of it.
  const settings = { ...references, VAULTSTRAP_REFRESH_SECONDS: '0' };

  test('references that are left alone are no reason to start twice', async () => {
    const more = { LEFT: GONE.GONE, VAULTSTRAP_IGNORE: 'LEFT', WEBSITE_KEYVAULT_REFERENCES: '{}' };
    const { steps } = await drive({
      main: all,
      mode: 'specialized',
      settings: { ...settings, ...more },
      invoke: [{ name: 'secretsStatus' }],
    });
    expect(bodyOf(steps.get('invoke secretsStatus'))).toMatchObject({
      generation: 1,
      settings: [{ origin: 'reference' }, { origin: 'reference' }],
    });
  });

  test('only hooks are registered unless the user says so', async () => {
    const { steps } = await drive({ main: ['f/0-register.cjs', 'f/hook.cjs'] });
    expect(steps.get('metadata')?.functions).toEqual({});
  });

  test('bindings', async () => {
    const { steps } = await drive({ main: all, settings });
    expect(steps.get('metadata')?.functions).toMatchObject({
      rotateSecrets: { type: 'timerTrigger', schedule: '0 */5 * * * *', useMonitor: false },
      secretChanged: { type: 'eventGridTrigger' },
      secretsStatus: { type: 'httpTrigger', authLevel: 'function', methods: ['GET'], route: 'vaultstrap/status' },
    });
  });

  test.each([
    ['of the setting', 'f/all.cjs', { VAULTSTRAP_SCHEDULE: '0 0 1 * * *' }, '%VAULTSTRAP_SCHEDULE%'],
    ['of the option', 'f/scheduled.cjs', { VAULTSTRAP_SCHEDULE: '0 0 1 * * *' }, '0 0 * * * *'],
    ['of neither, the setting being empty', 'f/all.cjs', { VAULTSTRAP_SCHEDULE: '' }, '0 */5 * * * *'],
  ])('the schedule %s', async (_which, file, more, schedule) => {
    const { steps } = await drive({ main: [file], settings: more as Record<string, string> });
    expect(steps.get('metadata')?.functions?.['rotateSecrets']?.['schedule']).toBe(schedule);
  });

  test.each([
    ['rotateSecrets', TIMER],
    ['secretChanged', json(EVENT)],
  ])('%s brings what is new', async (name, data) => {
    const { steps } = await withRotation({ main: all, settings, invoke: [{ name, data }, { name: 'hello' }] });
    expect(steps.get(`invoke ${name}`)?.logs).toEqual([
      ['information', 'vaultstrap: generation 2, changed: DB_PASSWORD, DB_URL.'],
    ]);
    expect(bodyOf(steps.get('invoke hello'))).toMatchObject({ now: valuesOf(second) });
  });

  test('an event of another vault, or of something else, reads nothing', async () => {
    const { topic: _topic, ...rest } = EVENT;
    const other = { ...rest, data: { VaultName: 'other', ObjectName: 'db-password' } };
    const { all: steps } = await drive({
      main: all,
      settings,
      invoke: [
        { name: 'secretChanged', data: json(other) },
        { name: 'secretChanged', data: json({ ...EVENT, eventType: 'Microsoft.KeyVault.KeyNearExpiry' }) },
        { name: 'secretChanged', data: json('nonsense') },
      ],
    });
    const logs = steps.filter(({ step }) => step === 'invoke secretChanged').flatMap((step) => step.logs ?? []);
    expect(logs.map(([, text]) => text)).toEqual([
      'vaultstrap: passed over an event of a vault that no setting refers to.',
      'vaultstrap: passed over an event that is not about a secret of a vault.',
      'vaultstrap: passed over an event that is not about a secret of a vault.',
    ]);
    expect((await azure.requests()).filter(({ target }) => target === 'vault')).toHaveLength(1);
  });

  test('events are at least 5 s apart, and tell of expiry', async () => {
    const near = {
      ...EVENT,
      eventType: 'Microsoft.KeyVault.SecretNearExpiry',
      data: { ...EVENT.data, EXP: '1900000000' },
    };
    const { all: steps } = await drive({
      main: all,
      settings,
      invoke: [
        { name: 'secretChanged', data: json(EVENT) },
        { name: 'secretChanged', data: json(near) },
      ],
    });
    const [early, late] = steps.filter(({ step }) => step === 'invoke secretChanged');
    expect((early?.ms ?? 0) + (late?.ms ?? 0)).toBeGreaterThan(4900);
    expect(late?.logs?.[0]).toEqual([
      'warning',
      "vaultstrap: secret 'db-password' of vault 'shop', used by DB_PASSWORD, DB_URL, expires on 2030-03-17T17:46:40.000Z: add a new version.",
    ]);
  });

  test('a refused refresh is reported, the value kept', async () => {
    const { steps } = await withRotation(
      { main: all, settings, invoke: [{ name: 'rotateSecrets', data: TIMER }, { name: 'hello' }] },
      () => azure.vault('shop').delete('db-password'),
    );
    // One line for both settings.
    expect(steps.get('invoke rotateSecrets')?.logs).toEqual([
      ['information', 'vaultstrap: generation 1, nothing changed.'],
      [
        'error',
        expect.stringMatching(
          /^vaultstrap: DB_PASSWORD and DB_URL keep their last good values \(ERR_SECRET_NOT_FOUND\): vault 'shop' has no secret 'db-password'\. A restart now would fail\. Hint: /,
        ),
      ],
    ]);
    expect(bodyOf(steps.get('invoke hello'))).toMatchObject({ now: valuesOf(first) });
  });

  test('what was never had is not said to be kept', async () => {
    const { steps } = await drive({
      main: all,
      settings: { ...settings, ...GONE, VAULTSTRAP_ON_ERROR: 'unset' },
      invoke: [{ name: 'rotateSecrets', data: TIMER }],
    });
    expect(steps.get('invoke rotateSecrets')?.logs).toEqual([
      ['information', 'vaultstrap: generation 1, nothing changed.'],
      ['warning', expect.stringMatching(/^vaultstrap: GONE is not resolved \(ERR_SECRET_NOT_FOUND\): .*\. Hint: /)],
    ]);
  });

  test('the status, as JSON and as a page', async () => {
    const ask = (accept: string) => ({
      name: 'secretsStatus',
      data: { http: { ...REQUEST, headers: { accept } } },
    });
    const { all: steps } = await drive({
      main: all,
      settings,
      invoke: [ask('*/*'), ask('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8')],
    });
    const [machine, browser] = steps.filter(({ step }) => step === 'invoke secretsStatus');
    expect(machine).toMatchObject({
      status: '200',
      headers: {
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'content-type': 'application/json; charset=utf-8',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      },
    });
    expect(bodyOf(machine)).toMatchObject({
      status: 'ready',
      settings: [{ setting: 'DB_PASSWORD' }, { setting: 'DB_URL' }],
    });
    expect(browser?.headers?.['content-type']).toBe('text/html; charset=utf-8');
    expect(browser?.headers?.['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    expect(browser?.body).toContain('<h3>DB_PASSWORD</h3>');
    for (const body of [machine?.body, browser?.body]) {
      expect(body).not.toContain(first);
      expect(body).not.toContain(azure.env['IDENTITY_HEADER']);
    }
  });

  /** Something happens to the vault between the start and the first invocation. */
  async function withRotation(
    plan: Plan,
    change = async () => {
      await azure.vault('shop').set('db-password', second);
    },
  ) {
    const [head, ...rest] = plan.invoke ?? [];
    return drive({ ...plan, invoke: head ? [{ ...head, waits: true }, ...rest] : rest }, async () => {
      await untilRead();
      await change();
    });
  }
});

test('maxAgeSeconds: an invocation waits for values that are too old', async () => {
  const settings = { ...references, VAULTSTRAP_REFRESH_SECONDS: '0' };
  const { all } = await drive({
    main: ['f/0-register.cjs', 'f/fresh.cjs', 'f/1-hello.cjs'],
    settings,
    invoke: [{ name: 'hello' }, { name: 'hello', waitMs: 1200 }],
  });
  expect(all.filter(({ step, ok }) => step === 'invoke hello' && ok)).toHaveLength(2);
  expect((await azure.requests()).filter(({ target }) => target === 'vault')).toHaveLength(2);
});

test('the vault goes away while invocations run: they do not notice, and nothing crashes', async () => {
  const settings = { ...references, VAULTSTRAP_REFRESH_SECONDS: '1' };
  const twenty = Array.from({ length: 20 }, () => ({ name: 'hello', waitMs: 100 }));
  const { all, outcome } = await drive(
    {
      main: ['f/0-register.cjs', 'f/hook.cjs', 'f/1-hello.cjs'],
      settings,
      invoke: [...twenty, { name: 'hello', waits: true }],
    },
    async (child) => {
      await untilRead();
      await azure.tokens.revokeAll();
      await azure.faults.add({ target: 'vault', reset: true });
      await azure.faults.add({ target: 'identity', status: 500 });
      await child.saw('keep their last good values');
    },
  );
  const invocations = all.filter(({ step }) => step === 'invoke hello');
  expect(invocations).toHaveLength(21);
  for (const one of invocations) expect(bodyOf(one)).toEqual({ atLoad: valuesOf(first), now: valuesOf(first) });
  const lines = outcome.stderr.trim().split('\n');
  expect(lines.filter((line) => !/^vaultstrap warn: .* keep(s|) (its|their) last good values? \(/.test(line))).toEqual(
    [],
  );
});

async function untilRead(): Promise<void> {
  await until(async () => (await azure.requests()).some(({ target, status }) => target === 'vault' && status === 200));
}

plant(second);
