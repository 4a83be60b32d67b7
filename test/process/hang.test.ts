// A start that cannot hang: whatever the network, the platform or the worker thread does, it ends in time.
import { mkdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator, Fault } from '../../src/testing/index.js';
import { ALLOW_NET, type App, createApp, installCopy, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const other = canary('other');
const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const env = () => ({ ...azure.env, DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)' });
const HANGS: [string, Fault][] = [
  ['the vault', { target: 'vault', hang: true }],
  ['the identity endpoint', { target: 'identity', hang: true }],
];

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password, other } } });
  app = createApp();
  app.write({
    'nothing.cjs': '',
    'read.cjs': "require('./probe.cjs').env('DB_PASSWORD');",
    'register.cjs': "require('vaultstrap/register'); require('./read.cjs');",
    'register.mjs': "import 'vaultstrap/register'; import './read.cjs';",
    'start.cjs': "require('vaultstrap/start'); require('vaultstrap/register'); require('./read.cjs');",
    'bootstrap.mjs': "import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./read.cjs');",
    'start-bootstrap.mjs': "import 'vaultstrap/start'; import './bootstrap.mjs';",
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

describe('what never answers is given up at the deadline', () => {
  const MODES: [string, string[], number][] = [
    ['register', ['register.cjs'], 1],
    ['register (ESM)', ['register.mjs'], 1],
    ['start, then register', ['start.cjs'], 1],
    ['start, then bootstrap()', ['start-bootstrap.mjs'], 1],
    ['bootstrap()', ['bootstrap.mjs'], 1],
    ['preload', ['--import', 'vaultstrap/preload', 'read.cjs'], 1],
    ['run', [CLI, 'run', '--', NODE, 'read.cjs'], 125],
  ];
  // All at once: they wait, and nothing else.
  test.each(HANGS)('%s', async (_, fault) => {
    await azure.faults.add(fault);
    const outcomes = await Promise.all(
      MODES.map(([, args]) => app.run(args, { env: { ...env(), VAULTSTRAP_TIMEOUT_SECONDS: '1' } })),
    );

    for (const [index, [mode, , status]] of MODES.entries()) {
      const { code, stderr, probes, ms } = outcomes[index] as (typeof outcomes)[number];
      expect({ mode, code, probes }).toEqual({ mode, code: status, probes: [] });
      expect(stderr).toMatch(/DB_PASSWORD: \w+ \(ERR_(VAULT_|IDENTITY_)?TIMEOUT\): .*Hint: /);
      expect(ms).toBeGreaterThan(950);
      // Seven processes on two processors.
      expect(ms).toBeLessThan(12_000);
    }
  });

  test('a reply that drips for ever', async () => {
    await azure.faults.add({ target: 'vault', drip: { everyMs: 200 } });
    const { code, stderr } = await app.run(['register.cjs'], { env: { ...env(), VAULTSTRAP_TIMEOUT_SECONDS: '1' } });

    expect(code).toBe(1);
    expect(stderr).toMatch(/DB_PASSWORD: \w+ \(ERR_(VAULT_)?TIMEOUT\)/);
  });
});

describe('while it blocks', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('%s ends the process', async (signal) => {
    const fault = await azure.faults.add({ target: 'vault', hang: true });
    const { child, outcome } = app.start(['register.cjs'], { env: env() });
    await expect.poll(() => fault.hits(), { timeout: 10_000, interval: 10 }).toBe(1);
    const sentMs = performance.now();
    child.kill(signal);

    expect(await outcome).toMatchObject({ code: null, signal, probes: [] });
    expect(performance.now() - sentMs).toBeLessThan(10_000);
  });

  test('an inspector may be attached', async () => {
    const { code, stderr, probes } = await app.run(['--inspect=0', 'register.cjs'], { env: env() });

    expect({ code, probes }).toEqual({ code: 0, probes: [{ DB_PASSWORD: password }] });
    expect(stderr).toMatch(/^Debugger listening on .*\nFor help, see: .*\n$/);
  });

  test('options for the app are not for the worker thread', async () => {
    app.write({ 'first.cjs': "require('./probe.cjs').env('DB_PASSWORD');" });
    const { code, stderr, probes } = await app.run(['--no-deprecation', '--title=app', 'register.cjs'], {
      env: { ...env(), NODE_OPTIONS: '--require=./first.cjs --conditions=custom --max-http-header-size=20000' },
    });

    // The preload runs once, in the main thread, before us.
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([{ DB_PASSWORD: env().DB_PASSWORD }, { DB_PASSWORD: password }]);
  });
});

test.skipIf(ALLOW_NET.length === 0)(
  'the network is forbidden: the error says so at once, and what to add',
  async () => {
    const permission = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
    // Tried again, it would not end in time.
    const patient = { ...env(), VAULTSTRAP_TIMEOUT_SECONDS: '60' };
    const { code, stderr } = await app.run([...permission, '--import', 'vaultstrap/preload', 'read.cjs'], {
      env: patient,
    });

    expect(code).toBe(1);
    expect(stderr).toContain('DB_PASSWORD: OtherReasons (ERR_NETWORK_PERMISSION)');
    expect(stderr).toContain('--allow-net');
  },
);

test.skipIf(ALLOW_NET.length === 0)(
  'forbidden to this thread alone: nothing rotates, and no restart is said to fail',
  async () => {
    app.write({
      'refreshed.cjs': `require('vaultstrap/register');
      const { refresh, report } = require('vaultstrap');
      refresh().then(() => {
        const [{ code, kept, wouldFailAtStart }] = report().settings;
        require('./probe.cjs')([code, kept, wouldFailAtStart]);
      });`,
    });
    const permission = ['--permission', '--allow-worker', '--allow-fs-read=*', '--allow-fs-write=*'];
    const { stderr, probes } = await app.run([...permission, 'refreshed.cjs'], { env: env() });
    expect(probes, stderr).toEqual([['ERR_NETWORK_PERMISSION', true, null]]);
    expect(stderr).toContain(
      'vaultstrap warn: DB_PASSWORD keeps its last good value (ERR_NETWORK_PERMISSION): the permission model forbids the network. Hint: Add --allow-net.',
    );
  },
);

describe('the worker thread', () => {
  test('is forbidden: the error says what to do instead, and that works', async () => {
    const permission = ['--permission', ...ALLOW_NET, '--allow-fs-read=*', '--allow-fs-write=*'];
    const blocked = await app.run([...permission, 'register.cjs'], { env: env() });

    expect(blocked).toMatchObject({ code: 1, probes: [] });
    expect(blocked.stderr).toContain('DB_PASSWORD: OtherReasons (ERR_WORKER_PERMISSION)');
    expect(blocked.stderr).toContain('node --import vaultstrap/preload');
    expect(blocked.stderr).toContain('--allow-worker');

    const preloaded = await app.run([...permission, '--import', 'vaultstrap/preload', 'read.cjs'], { env: env() });
    expect(preloaded).toMatchObject({ code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });
    const allowed = await app.run([...permission, '--allow-worker', 'register.cjs'], { env: env() });
    expect(allowed).toMatchObject({ code: 0, probes: [{ DB_PASSWORD: password }] });
  });

  /** Ways in which a worker thread fails, put in its place before anything else runs. */
  const SABOTAGE: Record<string, string> = {
    'exits at once': 'super("process.exit(1)", options)',
    'throws at once': 'super("throw new Error()", options)',
    'is terminated': 'super(source, options); this.terminate()',
    'runs out of memory':
      'super("const all = []; for (;;) all.push(new Array(1e5).fill({}))", { ...options, resourceLimits: { maxOldGenerationSizeMb: 8 } })',
    'never begins': 'super("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", options)',
    'falls silent': `super("const { workerData } = require('node:worker_threads'); Atomics.add(workerData.signal, 0, 1);"
      + "Atomics.notify(workerData.signal, 0); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", options)`,
    'cannot be created': 'throw Object.assign(new Error("no"), { code: "ERR_WORKER_INIT_FAILED" })',
  };
  const fileOf = (how: string) => `sabotage-${how.replaceAll(' ', '-')}.cjs`;
  // Once: tests beside each other read them.
  beforeAll(() => {
    for (const [how, text] of Object.entries(SABOTAGE)) {
      app.write({
        [fileOf(how)]: `const threads = require('node:worker_threads');
          threads.Worker = class extends threads.Worker { constructor(source, options) { ${text}; } };`,
      });
    }
  });
  const sabotage = (how: string, args: string[], more: Record<string, string> = {}) =>
    app.run(['--require', `./${fileOf(how)}`, ...args], { env: { ...env(), ...more } });
  const ENDING = ['exits at once', 'throws at once', 'is terminated', 'runs out of memory'];
  const SILENT = ['never begins', 'falls silent'];

  // All at once, in tests and among them: a blocked thread finds out by waiting.
  test.concurrent('is lost: a child process takes over, and if that is lost as well, it is an error', async ({
    expect,
  }) => {
    // Its requests are counted, which are not those of the tests beside it.
    const own = await startAzure({ vaults: { shop: { password } } });
    app.write({
      'spy.cjs': `const processes = require('node:child_process'); const { spawnSync } = processes;
        processes.spawnSync = (file, args, options) => {
          require('./probe.cjs')({ file: file === process.execPath, args, shell: options.shell ?? null });
          return spawnSync(file, args, options);
        };`,
      'lose.cjs': `const processes = require('node:child_process'); const { spawnSync } = processes;
        processes.spawnSync = (file, args, options) => spawnSync(file, ['-e', ''], options);`,
    });
    const cases = [...ENDING, ...SILENT];
    const [lost, ...outcomes] = await Promise.all([
      sabotage('exits at once', ['--require', './lose.cjs', 'register.cjs'], own.env),
      ...cases.map((how) => sabotage(how, ['--require', './spy.cjs', 'register.cjs'], own.env)),
    ]);

    for (const [index, how] of cases.entries()) {
      expect({ how, ...outcomes[index] }).toMatchObject({
        how,
        code: 0,
        stderr: '',
        // No shell, no file, and nothing in the arguments, which others can read.
        probes: [{ file: true, args: ['-'], shell: null }, { DB_PASSWORD: password }],
      });
      expect(outcomes[index]?.ms).toBeLessThan(18_000);
    }
    expect(await requestsOf(own)).toMatchObject({ token: cases.length, vault: cases.length });
    await own.close();
    expect(lost).toMatchObject({ code: 1, probes: [] });
    expect(lost.stderr).toContain('DB_PASSWORD: OtherReasons (ERR_WORKER_LOST)');
  });

  test.concurrent('is lost and somebody awaits it: this thread takes over', async ({ expect }) => {
    const cases = [...ENDING, ...SILENT, 'cannot be created'];
    const outcomes = await Promise.all(cases.map((how) => sabotage(how, ['start-bootstrap.mjs'])));
    for (const [index, how] of cases.entries()) {
      const { code, stderr, probes } = outcomes[index] ?? {};
      expect({ how, code, stderr, probes }).toEqual({ how, code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });
    }
  });

  test.concurrent('falls silent for longer than there is time: an error at the deadline', async ({ expect }) => {
    const outcomes = await Promise.all(
      SILENT.map((how) => sabotage(how, ['start-bootstrap.mjs'], { VAULTSTRAP_TIMEOUT_SECONDS: '1' })),
    );
    for (const { code, stderr, probes } of outcomes) {
      expect({ code, probes }).toEqual({ code: 1, probes: [] });
      expect(stderr).toContain('DB_PASSWORD: FetchTimedOut (ERR_TIMEOUT)');
      // It was joined.
      expect(stderr).not.toContain('nothing joined');
    }
  });

  // A folder that is in use cannot be removed on Windows.
  test.skipIf(process.platform === 'win32')(
    'has no folder to boot in: a child process at once, not after 5 s',
    async () => {
      app.write({
        'gone/in.sh': 'cd gone && rm in.sh && rmdir ../gone && exec "$@"\n',
        // It would be waited for, and be lost.
        'none.cjs':
          "require('node:worker_threads').Worker = class { constructor() { require('./probe.cjs')('a thread'); } on() {} unref() {} terminate() {} };",
      });
      const preload = ['--require', app.path('none.cjs')];
      const outcome = await app.run(['gone/in.sh', NODE, ...preload, app.path('register.cjs')], {
        env: env(),
        command: 'sh',
      });

      expect(outcome).toMatchObject({ code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });
    },
  );

  test('is lost: a start after that one has a thread of its own', async () => {
    app.write({
      'second.cjs': `const threads = require('node:worker_threads'); let count = 0;
        threads.Worker = class extends threads.Worker {
          constructor(source, options) { super(count++ === 0 ? 'process.exit(1)' : source, options); }
        };
        require('vaultstrap/start'); const { bootstrap, bootstrapSync } = require('vaultstrap');
        bootstrap().then(() => {
          process.env.LATE = '@KeyVault(VaultName=shop;SecretName=other)';
          bootstrapSync();
          require('./probe.cjs').env('DB_PASSWORD', 'LATE');
        });`,
    });
    const { code, stderr, probes } = await app.run(['second.cjs'], { env: env() });

    expect({ code, stderr, probes }).toEqual({
      code: 0,
      stderr: '',
      probes: [{ DB_PASSWORD: password, LATE: other }],
    });
  });

  test('cannot be created: a child process takes over; without that, the error says the way around it', async () => {
    app.write({
      'lose.cjs': `const processes = require('node:child_process'); const { spawnSync } = processes;
        processes.spawnSync = (file, args, options) => spawnSync(file, ['-e', ''], options);`,
    });
    const taken = await sabotage('cannot be created', ['register.cjs']);
    expect(taken).toMatchObject({ code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });

    const { code, stderr, probes } = await sabotage('cannot be created', ['--require', './lose.cjs', 'register.cjs']);
    expect({ code, probes }).toEqual({ code: 1, probes: [] });
    expect(stderr).toContain('DB_PASSWORD: OtherReasons (ERR_WORKER_START)');
    expect(stderr).toContain('node --import vaultstrap/preload');
  });
});

describe('a deployment replaces the files while the app starts', () => {
  const raw = "process.once('exit', () => require('./probe.cjs').env('DB_PASSWORD'));";
  const NOT_LOADED =
    /DB_PASSWORD: OtherReasons \(ERR_NOT_LOADED\): .* Hint: If a deployment replaced .*, start it again/;
  const withoutFile = (name: string, text: string) => {
    mkdirSync(app.path(`without-${name}`), { recursive: true });
    installCopy(app.path(`without-${name}`));
    rmSync(app.path(`without-${name}/node_modules/vaultstrap/dist/${name}.cjs`));
    app.write({
      [`without-${name}/probe.cjs`]: "module.exports = require('../probe.cjs');",
      [`without-${name}/main.cjs`]: text,
      // Says at once that it has ended, as a thread does that an error ends.
      'no-thread.cjs': `const threads = require('node:worker_threads');
        const END = "const { workerData: { signal } } = require('node:worker_threads'); Atomics.store(signal, 1, 1);"
          + 'Atomics.add(signal, 0, 1); Atomics.notify(signal, 0);';
        threads.Worker = class extends threads.Worker { constructor(source, options) { super(END, options); } };`,
    });
    return app.path(`without-${name}/main.cjs`);
  };

  test('and the thread is lost: the error says so, and nothing raw stays', async () => {
    const main = withoutFile('after', `${raw} require('vaultstrap/register');`);
    const { code, stderr, probes } = await app.run(['--require', './no-thread.cjs', main], { env: env() });

    expect({ code, probes }).toEqual({ code: 1, probes: [{ DB_PASSWORD: null }] });
    expect(stderr).toMatch(NOT_LOADED);
  });

  test('and nothing can read the secrets: the same of a start that is awaited; what is asked for stays', async () => {
    const main = withoutFile('client', `${raw} require('vaultstrap').bootstrap();`);
    const { code, stderr, probes } = await app.run([main], { env: env() });

    expect({ code, probes }).toEqual({ code: 1, probes: [{ DB_PASSWORD: null }] });
    expect(stderr).toMatch(NOT_LOADED);

    const kept = await app.run([main], { env: { ...env(), VAULTSTRAP_ON_ERROR: 'keep' } });
    expect(kept).toMatchObject({ code: 0, probes: [{ DB_PASSWORD: env().DB_PASSWORD }] });
    expect(kept.stderr).toContain('ERR_NOT_LOADED');
  });

  test('and a value has to stand in a file: the same', async () => {
    const main = withoutFile('after', `${raw} require('vaultstrap/register');`);
    const inFile = '@KeyVault(VaultName=shop;SecretName=password;File=true)';
    const { code, stderr, probes } = await app.run([main], { env: { ...env(), DB_PASSWORD: inFile } });

    expect({ code, probes }).toEqual({ code: 1, probes: [{ DB_PASSWORD: null }] });
    expect(stderr).toMatch(NOT_LOADED);
    // What was missing, and not that something was.
    expect(stderr).toMatch(/cause\]: \{ name: 'Error', code: 'MODULE_NOT_FOUND' \}/);
  });

  // Some seconds behind a start its clock has loaded them; a process without references has none.
  test.each(['after', 'client'])('and then it is asked for more (%s.cjs): the error says so', async (name) => {
    const main = withoutFile(
      name,
      `require('vaultstrap/register');
      const { credential, onRotated, refresh, report, requireSettings, resolve } = require('vaultstrap');
      const DB_PASSWORD = '@KeyVault(VaultName=shop;SecretName=password)';
      const asked = {
        ...(${name === 'after'} && {
          report, onRotated: () => onRotated(() => {}), requireSettings: () => requireSettings('DB_PASSWORD'),
        }),
        refresh,
        resolve: () => resolve({ DB_PASSWORD }),
        credential: () => credential().getToken('https://storage.azure.com/.default'),
      };
      (async () => {
        for (const [what, ask] of Object.entries(asked)) {
          const { message } = await (async () => ask())().catch((error) => error);
          require('./probe.cjs')([what, message]);
        }
      })();`,
    );
    const { code, stderr, probes } = await app.run([main], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes.length).toBeGreaterThan(2);
    for (const [what, message] of probes as string[][])
      expect([what, message]).toEqual([
        what,
        expect.stringMatching(/not be loaded\. Hint: If a deployment replaced .*/),
      ]);
  });
});

describe('started, and', () => {
  test.each(['nothing.cjs', 'nothing-esm.mjs'])(
    'never joined: an error line, and the process ends at once: %s',
    async (file) => {
      app.write({ 'nothing-esm.mjs': '' });
      await azure.faults.add({ target: 'vault', hang: true });
      const outcome = await app.run(['--require', 'vaultstrap/start', file], { env: env() });

      expect(outcome.code).toBe(0);
      expect(outcome.stderr).toMatch(
        /^vaultstrap error: .*vaultstrap\/start.*nothing joined it.*vaultstrap\/register.*\n$/,
      );
      expect(outcome.ms).toBeLessThan(10_000);
    },
  );

  test('never joined in a process that stays: the line comes at the deadline', async () => {
    app.write({
      'stays.cjs': `require('vaultstrap/start'); const { report } = require('vaultstrap');
        const timer = setInterval(() => {
          if (report().status !== 'failed') return;
          require('./probe.cjs')({ status: report().status, value: process.env.DB_PASSWORD ?? null });
          clearInterval(timer);
        }, 20);`,
    });
    const outcome = await app.run(['stays.cjs'], { env: { ...env(), VAULTSTRAP_TIMEOUT_SECONDS: '1' } });

    expect(outcome).toMatchObject({ code: 0, probes: [{ status: 'failed', value: null }] });
    expect(outcome.stderr.match(/nothing joined/g)).toHaveLength(1);
  });

  test('joined after that, with a reference more: both have their values', async () => {
    app.write({
      'joins-late.cjs': `require('vaultstrap/start'); const { report } = require('vaultstrap');
        const timer = setInterval(() => {
          if (report().status !== 'failed') return;
          clearInterval(timer);
          process.env.LATE = '@KeyVault(VaultName=shop;SecretName=other)';
          require('vaultstrap/register');
          require('./probe.cjs').env('DB_PASSWORD', 'LATE');
        }, 20);`,
    });
    const { code, probes } = await app.run(['joins-late.cjs'], { env: { ...env(), VAULTSTRAP_TIMEOUT_SECONDS: '1' } });

    expect({ code, probes }).toEqual({ code: 0, probes: [{ DB_PASSWORD: password, LATE: other }] });
  });

  test('awaited by a thread that is busy until long after the deadline: its reply is there', async () => {
    app.write({
      'busy.cjs': `require('vaultstrap/start'); const started = require('vaultstrap').bootstrap();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
        started.then(() => require('./read.cjs'));`,
    });
    const { code, stderr, probes } = await app.run(['busy.cjs'], {
      env: { ...env(), VAULTSTRAP_TIMEOUT_SECONDS: '1' },
    });

    expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });
  });

  test('awaited, and overtaken by a start that blocks: nothing is read twice', async () => {
    app.write({
      'overtaken.cjs': `require('vaultstrap/start'); const { bootstrap, bootstrapSync } = require('vaultstrap');
        const started = bootstrap(); bootstrapSync(); started.then(() => require('./read.cjs'));`,
    });
    const { code, stderr, probes } = await app.run(['overtaken.cjs'], { env: env() });

    expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 1, unauthorized: 0 });
  });

  test('awaited by bootstrap() when the process ends: joined it was', async () => {
    await azure.faults.add({ target: 'vault', hang: true });
    app.write({
      'awaits.mjs': "import 'vaultstrap/start'; import { bootstrap } from 'vaultstrap'; bootstrap(); process.exit(3);",
    });

    expect(await app.run(['awaits.mjs'], { env: env() })).toMatchObject({ code: 3, stderr: '' });
  });

  test('process.exit() while it fetches', async () => {
    await azure.faults.add({ target: 'vault', hang: true });
    app.write({ 'exit.cjs': "require('vaultstrap/start'); process.exit(3);" });
    const outcome = await app.run(['exit.cjs'], { env: env() });

    expect(outcome.code).toBe(3);
    expect(outcome.ms).toBeLessThan(10_000);
  });

  test('an app that throws before the join dies of its own error', async () => {
    await azure.faults.add({ target: 'vault', hang: true });
    app.write({ 'throws.cjs': "require('vaultstrap/start'); throw new Error('the app itself');" });
    const outcome = await app.run(['throws.cjs'], { env: env() });

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('Error: the app itself');
    expect(outcome.ms).toBeLessThan(10_000);
  });
});

describe('an app with nothing else to do ends by itself', () => {
  test.each<[string, string, Record<string, string>?]>([
    ['after a start', ''],
    ['with the clock at its fastest', '', { VAULTSTRAP_REFRESH_SECONDS: '1' }],
    ['after a refresh', 'await v.refresh();'],
    ['after close()', 'await v.close();'],
    ['with a listener', 'v.onRotated(() => {});'],
    ['with a credential in use', "await v.credential().getToken('https://storage.azure.com/.default');"],
    ['after resolve()', 'await v.resolve({ X: process.env.RAW });'],
  ])('%s', async (_, text, more = {}) => {
    app.write({
      'ends.mjs': `import 'vaultstrap/register'; import * as v from 'vaultstrap'; ${text} import('./read.cjs');`,
    });
    const { code, stderr, probes, ms } = await app.run(['ends.mjs'], {
      env: { ...env(), RAW: '@KeyVault(VaultName=shop;SecretName=password)', VAULTSTRAP_IGNORE: 'RAW', ...more },
    });

    expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [{ DB_PASSWORD: password }] });
    expect(ms).toBeLessThan(10_000);
  });

  test.each([
    ['a refresh', 'vault', 'refresh'],
    ['the renewal of a token', 'identity', 'token'],
  ])('while %s hangs', async (_, target, channel) => {
    app.write({
      'background.cjs': `
        const probe = require('./probe.cjs'); const { subscribe } = require('node:diagnostics_channel');
        (async () => {
          const azure = await require('vaultstrap/testing').startEmulator({ vaults: { shop: { password: 'x' } } });
          await azure.tokens.configure({ lifeSeconds: 2 });
          Object.assign(process.env, azure.env);
          require('vaultstrap').bootstrapSync({ refreshSeconds: 1 });
          const fault = await azure.faults.add({ target: '${target}', hang: true });
          while ((await fault.hits()) === 0) await require('node:timers/promises').setTimeout(10);
          subscribe('vaultstrap:${channel}', () => probe('it was waited for'));
          process.once('exit', () => probe('the end'));
        })();`,
    });
    const { code, stderr, probes } = await app.run(['background.cjs'], { env: env() });

    expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: ['the end'] });
  });

  test('the worker thread hands its token over', async () => {
    // The first refresh, in the main thread, takes the token that the worker thread handed over.
    app.write({
      'refresh.mjs': `import 'vaultstrap/register'; import { refresh } from 'vaultstrap'; await refresh(); await refresh();`,
    });
    const { code, stderr } = await app.run(['refresh.mjs'], { env: env() });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 3, unauthorized: 0 });
  });
});
