// A start that fails: one error for everything, readable, with nothing raw and nothing secret left behind.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator, Fault } from '../../src/testing/index.js';
import { type App, createApp, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const secrets = {
  password,
  'torn-json': `{"password":"${canary('torn-json')}`,
  nested: JSON.stringify({ password: { hidden: canary('nested') } }),
  disabled: { value: canary('disabled'), enabled: false },
  nul: `${canary('nul')}\0`,
  large: canary('large').repeat(700),
};

/** Everything that is a fact: asking again would not help. */
const FAILING: Record<string, [reference: string, status: string, code: string]> = {
  SYNTAX: ['@KeyVault(VaultName=shop;Secret=password)', 'InvalidSyntax', 'ERR_REFERENCE_SYNTAX'],
  GONE: ['@KeyVault(VaultName=shop;SecretName=none)', 'SecretNotFound', 'ERR_SECRET_NOT_FOUND'],
  NO_VERSION: [
    `@KeyVault(VaultName=shop;SecretName=password;SecretVersion=${'0'.repeat(32)})`,
    'SecretVersionNotFound',
    'ERR_SECRET_VERSION_NOT_FOUND',
  ],
  NO_VAULT: ['@KeyVault(VaultName=elsewhere;SecretName=x)', 'VaultNotFound', 'ERR_VAULT_NOT_FOUND'],
  FORBIDDEN: ['@KeyVault(VaultName=locked;SecretName=x)', 'AccessToKeyVaultDenied', 'ERR_VAULT_RBAC'],
  DISABLED: ['@KeyVault(VaultName=shop;SecretName=disabled)', 'OtherReasons', 'ERR_SECRET_DISABLED'],
  HOST: [
    '@KeyVault(SecretUri=https://shop.vault.example.com/secrets/password)',
    'InvalidSyntax',
    'ERR_HOST_NOT_ALLOWED',
  ],
  TORN_JSON: ['@KeyVault(VaultName=shop;SecretName=torn-json;Field=password)', 'OtherReasons', 'ERR_FIELD'],
  NESTED: ['@KeyVault(VaultName=shop;SecretName=nested;Field=password)', 'OtherReasons', 'ERR_FIELD'],
  NUL: ['@KeyVault(VaultName=shop;SecretName=nul)', 'OtherReasons', 'ERR_VALUE_NUL'],
  LARGE: ['@KeyVault(VaultName=shop;SecretName=large)'.repeat(2), 'OtherReasons', 'ERR_VALUE_TOO_LARGE'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
  MEMBER: ['${GONE}/path', 'SecretNotFound', 'ERR_TEMPLATE_MEMBER'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
  CIRCLE_A: ['@KeyVault(VaultName=shop;SecretName=password)${CIRCLE_B}', 'InvalidSyntax', 'ERR_TEMPLATE_CIRCLE'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
  CIRCLE_B: ['${CIRCLE_A}', 'InvalidSyntax', 'ERR_TEMPLATE_CIRCLE'],
};
const PROTECTED = { AZURE_CLIENT_SECRET: '@KeyVault(VaultName=shop;SecretName=password)' };
const failing = Object.fromEntries(Object.entries(FAILING).map(([name, [reference]]) => [name, reference]));
const GOOD = { DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)' };

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({
    vaults: { shop: secrets, locked: { x: canary('locked') } },
    identities: { system: { grants: [{ vault: 'shop' }] } },
  });
  app = createApp();
  app.write({
    'nothing.cjs': '',
    'register.cjs': "require('vaultstrap/register'); require('./probe.cjs')('went on');",
    'register.mjs': "import 'vaultstrap/register'; import './went-on.cjs';",
    'went-on.cjs': "require('./probe.cjs')('went on');",
    'start.cjs': "require('vaultstrap/start'); require('vaultstrap/register'); require('./went-on.cjs');",
    'bootstrap.mjs': "import { bootstrap } from 'vaultstrap'; await bootstrap(); await import('./went-on.cjs');",
    'describe.cjs': `module.exports = (error, names) => require('./probe.cjs')({
      code: error.code, name: error.name, message: error.message, hint: error.hint,
      failures: error.failures.map(({ setting, status, code, hint }) => ({ setting, status, code, hinted: hint.length > 0 })),
      left: Object.fromEntries(names.map((name) => [name, process.env[name] ?? null])),
      status: require('vaultstrap').report().status,
      raw: Object.entries(process.env).filter(([n, v]) => /@(Microsoft\\.)?KeyVault\\(/i.test(v) && !n.startsWith('VAULTSTRAP_REFERENCES')).map(([n]) => n),
    });`,
    'caught.cjs': `try { require('vaultstrap/register'); } catch (error) { require('./describe.cjs')(error, process.argv.slice(2)); }`,
    'caught-start.cjs': `try { require('vaultstrap/start'); require('vaultstrap/register'); } catch (error) { require('./describe.cjs')(error, process.argv.slice(2)); }`,
    'caught.mjs': `import { bootstrap } from 'vaultstrap'; import describe from './describe.cjs';
      await bootstrap().catch((error) => describe(error, process.argv.slice(2)));`,
    'caught-import.mjs': `import describe from './describe.cjs';
      await import('vaultstrap/register').catch((error) => describe(error, process.argv.slice(2)));`,
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

interface Described {
  code: string;
  message: string;
  failures: { setting: string; status: string; code: string; hinted: boolean }[];
  left: Record<string, string | null>;
  raw: string[];
}

describe('an app that catches the error', () => {
  test.each(['caught.cjs', 'caught-start.cjs', 'caught.mjs', 'caught-import.mjs'])(
    'finds every failing setting in it, and none in the environment: %s',
    async (file) => {
      const names = [...Object.keys(failing), 'DB_PASSWORD'];
      const { code, probes, ms } = await app.run([file, ...names], {
        env: { ...azure.env, ...failing, ...GOOD, ...PROTECTED },
      });

      expect(code).toBe(0);
      const [error] = probes as [Described];
      expect(error).toMatchObject({ name: 'BootstrapError', code: 'ERR_BOOTSTRAP', status: 'failed' });
      const expected = Object.entries(FAILING).map(([setting, [, status, failure]]) => ({
        setting,
        status,
        code: failure,
        hinted: true,
      }));
      const protectedOne = {
        setting: 'AZURE_CLIENT_SECRET',
        status: 'InvalidSyntax',
        code: 'ERR_PROTECTED_SETTING',
        hinted: true,
      };
      const bySetting = (a: { setting: string }, b: { setting: string }) => (a.setting < b.setting ? -1 : 1);
      expect(error.failures.sort(bySetting)).toEqual([...expected, protectedOne].sort(bySetting));
      expect(error.left).toEqual({
        ...Object.fromEntries(Object.keys(failing).map((name) => [name, null])),
        DB_PASSWORD: password,
      });
      // A protected setting is never written; everything else that is raw is gone.
      expect(error.raw).toEqual(['AZURE_CLIENT_SECRET']);
      // Facts are not asked for again, and do not wait for the deadline.
      expect(ms).toBeLessThan(10_000);
      const log = await azure.requests();
      const reads = log.filter(({ target }) => target === 'vault').map(({ vault, path }) => `${vault}${path}`);
      expect(reads.length).toBe(new Set(reads).size);
    },
  );

  test.each(['caught.cjs', 'caught-start.cjs', 'caught.mjs'])(
    'a Node that is too old is said to be: %s',
    async (file) => {
      const version = '20.20.2';
      app.write({
        // Without what that has not: the way to the error must do without, too.
        'old-node.cjs': `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
          delete Map.groupBy; delete Object.groupBy; delete Promise.withResolvers; delete Array.fromAsync;
          for (const name of ['union', 'intersection', 'difference', 'isSubsetOf']) delete Set.prototype[name];
          for (const name of ['map', 'filter', 'flatMap', 'some', 'every', 'find', 'toArray']) delete Iterator.prototype[name];`,
      });
      const { code, probes } = await app.run(['--require', './old-node.cjs', file, 'DB_PASSWORD'], {
        env: { ...azure.env, ...GOOD },
      });
      expect(code).toBe(0);
      const [error] = probes as [Described];
      expect(error).toMatchObject({ code: 'ERR_NODE_VERSION', status: 'failed', left: { DB_PASSWORD: null }, raw: [] });
      expect(error.message).toContain(`Node ${version} is too old`);
      expect(await azure.requests()).toEqual([]);
    },
  );

  // Below 20.16 nothing of ours can be loaded.
  test.each([
    ['register', ['-e', "require('vaultstrap/register')"]],
    ['start', ['-e', "require('vaultstrap/start')"]],
    ['bootstrap', ['-e', "require('vaultstrap')"]],
    ['preload', ['--import', 'vaultstrap/preload', '-e', '0']],
  ])('so is one that lacks what we begin with: %s', async (_, args) => {
    app.write({ 'older-node.cjs': 'process.getBuiltinModule = undefined;' });
    const { code, stderr } = await app.run(['--require', './older-node.cjs', ...args], {
      env: { ...azure.env, ...GOOD },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/VaultstrapError: Node [\d.]+ is too old for vaultstrap\. Hint: Run the app on/);
    expect(stderr).toContain("code: 'ERR_NODE_VERSION'");
  });

  test('a second start tries again', async () => {
    app.write({
      'again.mjs': `import { bootstrap, report } from 'vaultstrap'; import probe from './probe.cjs';
        try { await bootstrap(); } catch (error) { probe([error.code, report().status, process.env.LATER ?? null]); }
        console.log('ready');
        process.stdin.resume().on('end', async () => { await bootstrap(); probe([report().status, process.env.LATER]); });`,
    });
    const later = canary('later');
    const { child, outcome, saw } = app.start(['again.mjs'], {
      env: { ...azure.env, LATER: '@KeyVault(VaultName=shop;SecretName=later)' },
      input: null,
    });
    await saw('ready');
    await azure.vault('shop').set('later', later);
    child.stdin?.end();
    const { code, stderr, probes } = await outcome;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([
      ['ERR_SECRET_NOT_FOUND', 'failed', null],
      ['ready', later],
    ]);
  });
});

test('every error is of the class that the package exports, whichever of its files throws it', async () => {
  app.write({
    'classes.cjs': `const v = require('vaultstrap');
      const Module = require('node:module'); const load = Module._load;
      Module._load = (name, ...more) => (name === '@azure/functions' ? { app: { hook: { appStart() {} } } } : load(name, ...more));
      const isAuthError = () => true;
      const refused = {
        bootstrap: () => v.bootstrap(1),
        credential: () => v.credential({ identity: 'nobody' }),
        onRotated: () => v.onRotated(1),
        refresh: () => v.refresh({ signal: 1 }),
        requireSettings: () => v.requireSettings('NOT_SET'),
        resolve: () => v.resolve({ KEY: 1 }),
        withFreshSecret: () => v.withFreshSecret('NOT_SET', () => {}, { isAuthError }),
        token: () => v.credential().getToken([]),
        registerRotation: () => require('vaultstrap/functions').registerRotation({ maxAgeSeconds: 0 }),
      };
      (async () => {
        for (const [what, ask] of Object.entries(refused)) {
          const error = await (async () => ask())().catch((error) => error);
          require('./probe.cjs')([what, error instanceof v.VaultstrapError, error.code]);
        }
      })();`,
  });
  const { probes } = await app.run(['classes.cjs']);

  expect(probes).toHaveLength(9);
  for (const [what, isOurs, code] of probes as [string, boolean, string][])
    expect([what, isOurs, code]).toEqual([what, true, expect.stringMatching(/^ERR_/)]);
});

describe('an app that does not', () => {
  const MODES: [string, string[], number][] = [
    ['register', ['register.cjs'], 1],
    ['register (ESM)', ['register.mjs'], 1],
    ['start, then register', ['start.cjs'], 1],
    ['bootstrap()', ['bootstrap.mjs'], 1],
    ['--import preload', ['--import', 'vaultstrap/preload', 'went-on.cjs'], 1],
    ['--require preload', ['--require', 'vaultstrap/preload', 'went-on.cjs'], 1],
    ['run', [CLI, 'run', '--', NODE, 'went-on.cjs'], 125],
  ];

  test.each(MODES)('ends with a text that says what and how to mend it: %s', async (_, args, status) => {
    const { code, stdout, stderr, probes } = await app.run(args, {
      env: { ...azure.env, GONE: failing['GONE'], FORBIDDEN: failing['FORBIDDEN'] },
    });

    expect({ code, stdout, probes }).toEqual({ code: status, stdout: '', probes: [] });
    const lines = stderr.split('\n').filter((line) => line.trim() !== '');
    const first = lines.findIndex((line) => line.includes('2 settings could not be resolved.'));
    // Before it: the place, the line that throws, the caret, as Node prints them of any error.
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThanOrEqual(3);
    expect(lines.slice(first + 1, first + 3).sort()).toEqual([
      expect.stringMatching(
        /^ {2}FORBIDDEN: AccessToKeyVaultDenied \(ERR_VAULT_RBAC\): .*Hint: .*az role assignment create/,
      ),
      expect.stringMatching(
        /^ {2}GONE: SecretNotFound \(ERR_SECRET_NOT_FOUND\): vault 'shop' has no secret 'none'\. Hint: Check the name\. .*npx vaultstrap set shop none; /,
      ),
    ]);
    // No dump of a bundle in one line.
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(500);
    expect(lines.length).toBeLessThan(30);
  });

  test('one failing setting: its own code, and the sentence in the first line', async () => {
    const { code, stderr } = await app.run(['register.cjs'], { env: { ...azure.env, GONE: failing['GONE'] } });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^BootstrapError: GONE: SecretNotFound \(ERR_SECRET_NOT_FOUND\): .*Hint: .*$/m);
    expect(stderr).toContain("code: 'ERR_SECRET_NOT_FOUND'");
  });
});

describe('VAULTSTRAP_ON_ERROR', () => {
  const raw = failing['GONE'] as string;

  test.each([
    ['unset', null],
    ['keep', raw],
    ['UNSET', null],
  ])('%s', async (onError, left) => {
    app.write({
      'on-error.cjs': `require('vaultstrap/register'); const { report, requireSettings } = require('vaultstrap');
        let code; try { requireSettings('GONE'); } catch (error) { code = error.code; }
        const { status, settings } = report();
        require('./probe.cjs')({ gone: process.env.GONE ?? null, good: process.env.DB_PASSWORD, status, code, settings });`,
    });
    for (const args of [
      ['on-error.cjs'],
      ['--import', 'vaultstrap/preload', 'on-error.cjs'],
      ['--require', 'vaultstrap/start', 'on-error.cjs'],
    ]) {
      const outcome = await app.run(args, { env: { ...azure.env, GONE: raw, ...GOOD, VAULTSTRAP_ON_ERROR: onError } });

      expect(outcome.code).toBe(0);
      expect(outcome.stderr).toMatch(/^vaultstrap warn: GONE is not resolved \(ERR_SECRET_NOT_FOUND\): .*Hint: .*\n$/);
      expect(outcome.probes).toMatchObject([{ gone: left, good: password, status: 'degraded' }]);
      const [{ code }] = outcome.probes as [{ code?: string }];
      expect(code).toBe('ERR_SETTINGS_MISSING');
    }
  });
});

describe('malformed settings of our own', () => {
  const MALFORMED = {
    VAULTSTRAP_TIMEOUT_SECONDS: 'soon',
    VAULTSTRAP_REFRESH_SECONDS: '-1',
    VAULTSTRAP_SETTLE_SECONDS: '1.5',
    VAULTSTRAP_CONCURRENCY: '0',
    VAULTSTRAP_ON_ERROR: 'ignore',
    VAULTSTRAP_ON_REVOKED: 'explode',
    VAULTSTRAP_CLIENT: 'curl',
    VAULTSTRAP_IDENTITY: 'me',
    VAULTSTRAP_VAULT_SUFFIX: 'example.com',
    VAULTSTRAP_ALLOWED_HOSTS: 'https://x/',
    VAULTSTRAP_LOG: 'loud',
    VAULTSTRAP_ENABLED: 'maybe',
  };

  test('all are listed, by name and with what was expected; nothing is asked', async () => {
    const { code, stderr, probes } = await app.run(['register.cjs'], { env: { ...azure.env, ...GOOD, ...MALFORMED } });

    expect({ code, probes }).toEqual({ code: 1, probes: [] });
    expect(stderr).toContain(`${Object.keys(MALFORMED).length} settings could not be resolved.`);
    for (const name of Object.keys(MALFORMED)) {
      expect(stderr).toMatch(
        new RegExp(`^ {2}${name}: InvalidSyntax \\(ERR_INVALID_SETTING\\): .* Hint: Expected: .+\\.$`, 'm'),
      );
    }
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });

  test.each(['caught.cjs', 'caught-start.cjs', 'caught.mjs'])('nothing raw survives them: %s', async (file) => {
    const { code, probes } = await app.run([file, 'DB_PASSWORD'], {
      env: { ...azure.env, ...GOOD, VAULTSTRAP_LOG: 'loud' },
    });

    expect(code).toBe(0);
    expect(probes).toMatchObject([
      { code: 'ERR_INVALID_SETTING', status: 'failed', raw: [], left: { DB_PASSWORD: null } },
    ]);
  });

  test('are an error without any reference, too', async () => {
    const { code, stderr } = await app.run(['--import', 'vaultstrap/preload', 'nothing.cjs'], {
      env: { VAULTSTRAP_TIMEOUT_SECONDS: 'soon' },
    });

    expect(code).toBe(1);
    expect(stderr).toContain('VAULTSTRAP_TIMEOUT_SECONDS: InvalidSyntax (ERR_INVALID_SETTING)');
  });

  test("the emulator is for a machine of one's own", async () => {
    const { code, stderr } = await app.run(['register.cjs'], {
      env: { ...azure.env, ...GOOD, VAULTSTRAP_VAULT_ENDPOINT: 'https://vaults.example.com' },
    });

    expect(code).toBe(1);
    expect(stderr).toContain('VAULTSTRAP_VAULT_ENDPOINT: InvalidSyntax (ERR_INVALID_SETTING)');
  });
});

describe('no secret in anything that is printed', () => {
  // The runner looks for every planted secret, token and identity header in every output; here the app does its worst.
  const PRINT = `
    const { inspect } = require('node:util');
    const show = (x) => { console.log(inspect(x, { showHidden: true, depth: null, getters: true })); console.error(x); console.log(JSON.stringify(x)); };
    const walk = (x, seen = new Set()) => {
      if (typeof x === 'string') return void console.log(x);
      if ((typeof x !== 'object' && typeof x !== 'function') || x === null || seen.has(x)) return;
      seen.add(x);
      if (x instanceof Map) for (const pair of x) walk(pair, seen);
      if (x instanceof Set) for (const item of x) walk(item, seen);
      for (const key of Reflect.ownKeys(x)) { let v; try { v = x[key]; } catch {} walk(v, seen); }
    };`;

  test.each(['direct', 'sdk'])('report, state and errors, inspected to the ground: %s lane', async (client) => {
    const own = createApp({ sdk: client === 'sdk' });
    own.write({
      'print.cjs': `${PRINT}
        const vaultstrap = require('vaultstrap');
        vaultstrap.onRotated((rotation) => { show(rotation); walk(rotation); });
        require('node:diagnostics_channel').subscribe('vaultstrap:refresh', show);
        require('node:diagnostics_channel').subscribe('vaultstrap:rotated', show);
        require('vaultstrap/register');
        show(vaultstrap.report()); walk(vaultstrap.report());
        for (const symbol of Object.getOwnPropertySymbols(globalThis)) { show(globalThis[symbol]); walk(globalThis[symbol]); }
        walk(vaultstrap); show(vaultstrap.credential());
        console.log('ready');
        process.stdin.resume().on('end', async () => {
          show(await vaultstrap.refresh()); show(vaultstrap.report());
          await vaultstrap.withFreshSecret('DB_PASSWORD', () => { throw Object.assign(new Error('no'), { code: 28 }); }, { isAuthError: ({ code }) => code === 28 }).catch(show);
          console.log('done');
        });`,
    });
    const { child, outcome, saw } = own.start(['print.cjs'], {
      env: {
        ...azure.env,
        ...GOOD,
        MEMBER: '@KeyVault(VaultName=shop;SecretName=nested;Field=/password/hidden)',
        VAULTSTRAP_CLIENT: client,
        VAULTSTRAP_LOG: 'debug',
        VAULTSTRAP_SETTLE_SECONDS: '0',
      },
      input: null,
    });
    await saw('ready');
    await azure.vault('shop').set('password', canary('rotated'));
    await azure.faults.add({ target: 'vault', secret: 'nested', status: 500, body: canary('fault-body') });
    child.stdin?.end();
    const { code, stdout, stderr } = await outcome;

    expect(code).toBe(0);
    expect(stdout).toContain('done');
    expect(stdout).toContain('fromVersion');
    expect(stderr).toContain('vaultstrap debug');
  });

  test.each([
    ['direct', 'register'],
    ['sdk', 'register'],
    ['direct', 'bootstrap'],
    ['sdk', 'bootstrap'],
  ])('errors of every kind: %s lane, %s', async (client, how) => {
    const own = createApp({ sdk: client === 'sdk' });
    own.write({
      'print.cjs': `${PRINT}
        const fail = (error) => {
          show(error); walk(error); show({ nested: [error] }); show(error.cause); show(error.failures); console.log(error.stack, String(error));
          show(require('vaultstrap').report()); throw error;
        };
        ${how === 'register' ? "try { require('vaultstrap/register'); } catch (error) { fail(error); }" : "require('vaultstrap').bootstrap().catch(fail);"}`,
    });
    const FAULTS: Omit<Fault, 'target'>[] = [
      { status: 401, headers: { 'www-authenticate': 'Bearer authorization="x"' } },
      { status: 500, body: canary('vault-body') },
      { truncate: true },
      { body: { value: canary('no-id') } },
      { reset: true },
      { redirectTo: `https://elsewhere.vault.azure.net/secrets/${canary('location')}` },
    ];
    const faulty = FAULTS.map((_, n) => [`FAULTY_${n}`, `@KeyVault(VaultName=faulty-${n};SecretName=x)`]);
    for (const [n, fault] of FAULTS.entries()) {
      await azure.faults.add({ target: 'vault', vault: `faulty-${n}`, ...fault });
    }
    const settings = { VAULTSTRAP_CLIENT: client, VAULTSTRAP_LOG: 'debug' };
    const soon = { VAULTSTRAP_TIMEOUT_SECONDS: '1' };

    const facts = await own.run(['print.cjs'], {
      env: { ...azure.env, ...settings, ...failing, ...GOOD, ...PROTECTED },
    });
    // A busy machine may not have loaded the SDK in the moment that a start without hope has: one more, then.
    expect(facts.stdout).toMatch(/1[56] settings could not be resolved\./);

    const outages = await own.run(['print.cjs'], {
      env: { ...azure.env, ...settings, ...soon, ...Object.fromEntries(faulty), ...GOOD },
    });
    expect(outages.stdout).toMatch(/[67] settings could not be resolved\./);

    await azure.faults.add({ target: 'identity', status: 500, body: canary('identity-body') });
    const identity = await own.run(['print.cjs'], { env: { ...azure.env, ...settings, ...soon, ...GOOD } });
    expect(identity.stdout).toMatch(/ERR_((IDENTITY_)?(UNAVAILABLE|TIMEOUT)|VAULT_TIMEOUT)/);
    expect([facts.code, outages.code, identity.code]).toEqual([1, 1, 1]);
  });
});
