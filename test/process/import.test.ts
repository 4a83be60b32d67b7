// vaultstrap import: nothing is lost, whatever the vault does, and a second run finds nothing to do.
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { type App, createApp, NODE, type RunOptions, requestsOf, startAzure } from './support/app.js';
import { canary, plant } from './support/canary.js';

const windows = process.platform === 'win32';
let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: {} } });
  app = createApp({ sdk: true });
  app.write({ 'read.cjs': "require('./probe.cjs').env(...process.argv.slice(2));" });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const reference = (secret: string) => `@KeyVault(VaultName=shop;SecretName=${secret})`;
const text = (file: string) => readFileSync(app.path(file), 'utf8');
const run = (file: string, args: readonly string[] = [], options: RunOptions = {}) =>
  app.run([CLI, 'import', file, '--vault', 'shop', ...args], { ...options, env: { ...azure.env, ...options.env } });
const states = (stdout: string): Record<string, string> =>
  Object.fromEntries(
    JSON.parse(stdout).settings.map((row: { setting: string; state: string }) => [row.setting, row.state]),
  );
const inVault = async () => {
  const names = await azure.vault('shop').secrets();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await azure.vault('shop').get(name)).value])),
  );
};

const [a, b, c] = [canary('a'), canary('b'), canary('c')];
const THREE = `A_PASSWORD=${a}\n# between\nB_PASSWORD="${b}" # why\nC_PASSWORD='${c}'\nPORT=3000\n`;
const moved = (...names: ('a' | 'b' | 'c')[]) =>
  names.reduce((file, name) => file.replace({ a, b, c }[name], reference(`${name}-password`)), THREE);

describe('without --yes', () => {
  test('it says what it would do, asks nobody and writes nothing', async () => {
    app.write({ '.env': THREE });
    const { code, stdout, stderr } = await run('.env');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^setting +secret +state +why\nA_PASSWORD +a-password +planned +its name\n/);
    expect(stdout).toMatch(/\nPORT +- +skipped +does not look like a secret\n$/);
    expect(stderr).toMatch(/nothing was written. To move 3 to vault 'shop': the same command with --yes/);
    expect(stderr).toMatch(/the vault is an emulated one.*gone when it ends/);
    expect(text('.env')).toBe(THREE);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });

  test('and so it does where there is no Azure at all', async () => {
    const { code, stderr } = await app.run([CLI, 'import', '.env', '--vault', 'shop']);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('emulated')]);
  });
});

test('what a binding of the Function App names stays, and the reason is told', async () => {
  const connection = `Endpoint=sb://shop/;SharedAccessKeyName=app;SharedAccessKey=${a}`;
  app.write({
    'app/host.json': '{}',
    'app/package.json': '{ "main": "src/*.js" }',
    'app/src/orders.js': `const { app } = require('@azure/functions');\napp.serviceBusQueue('orders', { connection: 'BUS', queueName: 'q' });`,
    'app/local.settings.json': JSON.stringify({ Values: { BUS: connection, DB_PASSWORD: b } }),
  });
  const { code, stdout } = await run('app/local.settings.json');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /\nBUS +- +skipped +read by the Functions host for app\/src\/orders.js: .*BUS__fullyQualifiedNamespace/,
  );
  expect(stdout).toMatch(/\nDB_PASSWORD +db-password +planned/);
});

describe('with --yes', () => {
  test('values are in the vault, references in the file; run again, nothing happens', async () => {
    app.write({ '.env': THREE });
    const first = await run('.env', ['--yes']);

    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('now holds 3 references') });
    expect(text('.env')).toBe(moved('a', 'b', 'c'));
    expect(await inVault()).toEqual({ 'a-password': a, 'b-password': b, 'c-password': c });

    await azure.requests.clear();
    const second = await run('.env', ['--yes', '--json']);
    expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining('there is nothing to move') });
    expect(text('.env')).toBe(moved('a', 'b', 'c'));
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });

  test('local.settings.json keeps its comments, and the settings of the host', async () => {
    const json = (storage: string, key: string) =>
      `{\n  // mine\n  "IsEncrypted": false,\n  "Values": {\n    "AzureWebJobsStorage": "${storage}",\n    "Stripe__Key" : "${key}", /* live */\n  }\n}\n`;
    const storage = `AccountName=x;AccountKey=${canary('storage')}`;
    app.write({ 'local.settings.json': json(storage, a) });
    const { code, stdout } = await run('local.settings.json', ['--yes', '--all', '--prefix', 'dev-', '--json']);

    expect({ code, states: states(stdout) }).toEqual({
      code: 0,
      states: { AzureWebJobsStorage: 'skipped', Stripe__Key: 'written' },
    });
    expect(text('local.settings.json')).toBe(json(storage, reference('dev-stripe-key')));
  });

  test('what az lists of an app is moved, checked, and can be given back to az', async () => {
    const list = (password: string) =>
      JSON.stringify([
        { name: 'WEBSITE_SITE_NAME', slotSetting: false, value: 'shop' },
        { name: 'DB_PASSWORD', slotSetting: true, value: password },
      ]);
    app.write({ 'prod.json': list(a) });
    expect(await run('prod.json', ['--yes'])).toMatchObject({ code: 0 });
    expect(text('prod.json')).toBe(list(reference('db-password')));
    const check = () => app.run([CLI, 'check', '--settings', 'prod.json', '--json'], { env: azure.env });
    const { code, stdout } = await check();
    expect({ code, settings: JSON.parse(stdout).settings }).toMatchObject({
      code: 0,
      settings: [{ setting: 'DB_PASSWORD', status: 'Resolved', secret: 'db-password' }],
    });
    await azure.vault('shop').delete('db-password');
    expect(await check()).toMatchObject({ code: 1 });
  });

  test('every byte of a value arrives in the app as it was', async () => {
    const values: Record<string, string> = {
      QUOTES: plant(`c4n4ry "double" and \`back\` ${canary()}`),
      DOLLARS: plant(`c4n4ry pa$$w0rd $HOME $(id) $& \\$ ${canary()}`),
      UNICODE: plant(`c4n4ry ü 🔑 \u2028 \u202E ${canary()}`),
      LINES: plant(`c4n4ry first\n second\n\t"third"\n${canary()}`),
      MARKER: plant(`c4n4ry @KeyVault(VaultName=x;SecretName=y) ${canary()}`),
    };
    // As a person has to write them: the text of a reference is escaped in a setting.
    const settings = { ...values, MARKER: values['MARKER']?.replace('@', '@@') };
    app.write({
      'all.env': Object.entries(settings)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(''),
      'all.json': JSON.stringify({ Values: settings }),
    });
    for (const file of ['all.env', 'all.json']) {
      await azure.reset();
      expect(await run(file, ['--yes', '--all'])).toMatchObject({ code: 0 });
      const left = file === 'all.env' ? parseEnv(text(file)) : JSON.parse(text(file)).Values;
      expect(left).toEqual(
        Object.fromEntries(Object.keys(values).map((name) => [name, reference(name.toLowerCase())])),
      );
      const { probes } = await app.run([CLI, 'run', '--', NODE, 'read.cjs', ...Object.keys(values)], {
        env: { ...azure.env, ...left },
      });
      expect(probes).toEqual([values]);
    }
  });

  test.skipIf(windows)('the file keeps its rights and its link, and nothing lies beside it', async () => {
    app.write({ 'real/settings.env': THREE, 'linked/.keep': '' });
    chmodSync(app.path('real/settings.env'), 0o640);
    symlinkSync('../real/settings.env', app.path('linked/.env'));
    expect(await run('linked/.env', ['--yes'])).toMatchObject({ code: 0 });

    expect(text('real/settings.env')).toBe(moved('a', 'b', 'c'));
    expect(statSync(app.path('real/settings.env')).mode & 0o777).toBe(0o640);
    expect([readdirSync(app.path('real')), readdirSync(app.path('linked'))]).toEqual([
      ['settings.env'],
      ['.env', '.keep'],
    ]);
  });
});

test.skipIf(windows)('a file whose name would steer the terminal', async () => {
  app.write({ 'a\u001b[31mb.env': `A_PASSWORD=${a}\n` });
  const { code, stderr } = await run('a\u001b[31mb.env', ['--yes']);
  expect(code).toBe(0);
  expect(stderr).toContain('a\\u{1b}[31mb.env now holds 1 reference in the place of values.');
});

describe('when the vault does not do as it should', () => {
  const halfway = async () => {
    app.write({ '.env': THREE });
    const { code, stdout, stderr } = await run('.env', ['--yes', '--json'], {
      env: { VAULTSTRAP_TIMEOUT_SECONDS: '3' },
    });
    const { written, settings } = JSON.parse(stdout);
    const failed = settings.filter(({ state }: { state: string }) => state === 'failed');
    return { code, written, states: states(stdout), failed, stderr };
  };
  const PORT = 'skipped';

  test('an outage halfway: what arrived is moved, the rest stays, and the next run does the rest', async () => {
    // The first is whether it is there.
    await azure.faults.add({ target: 'vault', secret: 'b-password', skip: 1, status: 503 });
    expect(await halfway()).toEqual({
      code: 1,
      written: true,
      states: { A_PASSWORD: 'written', B_PASSWORD: 'failed', C_PASSWORD: 'not-tried', PORT },
      failed: [
        expect.objectContaining({ setting: 'B_PASSWORD', status: 'OtherReasons', code: 'ERR_VAULT_UNAVAILABLE' }),
      ],
      stderr: expect.stringMatching(
        /B_PASSWORD: OtherReasons \(ERR_VAULT_UNAVAILABLE\).*\n.*C_PASSWORD: was not tried/,
      ),
    });
    expect(text('.env')).toBe(moved('a'));

    await azure.faults.clear();
    expect(await run('.env', ['--yes'])).toMatchObject({ code: 0 });
    expect(text('.env')).toBe(moved('a', 'b', 'c'));
    expect(await azure.vault('shop').versions('a-password')).toHaveLength(1);
  });

  test('written, but never answered: the next run takes it up', async () => {
    // The look, the challenge, and then the write's own answer is torn.
    await azure.faults.add({ target: 'vault', secret: 'a-password', skip: 2, truncate: true });
    const { code } = await halfway();
    expect([code, text('.env')]).toEqual([1, THREE]);
    const before = await azure.vault('shop').versions('a-password');
    expect(before.length).toBeGreaterThan(0);

    await azure.faults.clear();
    const again = await run('.env', ['--yes', '--json']);
    expect(states(again.stdout)).toMatchObject({ A_PASSWORD: 'kept', B_PASSWORD: 'written' });
    expect(text('.env')).toBe(moved('a', 'b', 'c'));
    expect(await azure.vault('shop').versions('a-password')).toEqual(before);
  });

  // Of the second secret: the look, the write (the challenge was the first one's), then the reading back.
  test('something else comes back than was written: the file keeps its own', async () => {
    const version = 'a'.repeat(32);
    const body = { value: 'other', id: `https://shop.vault.azure.net/secrets/b-password/${version}`, attributes: {} };
    await azure.faults.add({ target: 'vault', secret: 'b-password', skip: 2, body });
    expect(await halfway()).toMatchObject({
      code: 1,
      states: { A_PASSWORD: 'written', B_PASSWORD: 'differs', C_PASSWORD: 'written', PORT },
    });
    expect(text('.env')).toBe(moved('a', 'c'));
  });

  test('written, but not to be read: the file keeps it, too', async () => {
    await azure.faults.add({ target: 'vault', secret: 'b-password', skip: 2, status: 403 });
    expect(await halfway()).toMatchObject({ code: 1, states: { B_PASSWORD: 'failed', C_PASSWORD: 'written' } });
    expect(text('.env')).toBe(moved('a', 'c'));
  });

  test('no right at all: nothing is written anywhere', async () => {
    await azure.identity().revoke();
    expect(await halfway()).toMatchObject({
      written: false,
      code: 1,
      states: { A_PASSWORD: 'failed', B_PASSWORD: 'failed', C_PASSWORD: 'failed', PORT },
      // The remedy is one for all, and told below the last.
      stderr: expect.stringMatching(
        /^(vaultstrap error: (?!.*Hint).*\n){2}vaultstrap error: .*Hint: az role.*Secrets Officer/,
      ),
    });
    expect([text('.env'), await inVault()]).toEqual([THREE, {}]);
  });

  test('a name that a deleted secret holds', async () => {
    await azure.vault('shop').set('b-password', 'x');
    await azure.vault('shop').delete('b-password');
    expect(await halfway()).toMatchObject({
      code: 1,
      states: { B_PASSWORD: 'failed', C_PASSWORD: 'written' },
      stderr: expect.stringContaining('az keyvault secret recover'),
    });
    expect(text('.env')).toBe(moved('a', 'c'));
  });

  test('a secret of that name: the same value is taken up, another is a conflict until --overwrite', async () => {
    await azure.vault('shop').set('a-password', a);
    await azure.vault('shop').set('b-password', 'of somebody else');
    expect(await halfway()).toMatchObject({
      code: 1,
      states: { A_PASSWORD: 'kept', B_PASSWORD: 'conflict', C_PASSWORD: 'written', PORT },
    });
    expect(text('.env')).toBe(moved('a', 'c'));
    expect(await inVault()).toMatchObject({ 'b-password': 'of somebody else' });

    expect(await run('.env', ['--yes', '--overwrite'])).toMatchObject({ code: 0 });
    expect(text('.env')).toBe(moved('a', 'b', 'c'));
    expect(await inVault()).toMatchObject({ 'b-password': b });
    expect(await azure.vault('shop').versions('b-password')).toHaveLength(2);
  });
});

test('a file that somebody changes meanwhile stays as that one left it', async () => {
  app.write({ '.env': THREE });
  const fault = await azure.faults.add({ target: 'vault', secret: 'c-password', times: 1, skip: 1, delayMs: 1500 });
  const running = run('.env', ['--yes', '--json']);
  await until(async () => (await fault.hits()) === 1);
  app.write({ '.env': `${THREE}NEW=1\n` });

  const { code, stdout, stderr } = await running;
  expect(code).toBe(1);
  expect(stderr).toMatch(/\.env was changed meanwhile/);
  expect(stderr).not.toMatch(/now holds/);
  // What is in the vault by now is told all the same.
  expect(JSON.parse(stdout)).toMatchObject({ written: false });
  expect(states(stdout)).toMatchObject({ A_PASSWORD: 'written' });
  expect(text('.env')).toBe(`${THREE}NEW=1\n`);
});

test.skipIf(windows)('what cannot be replaced is refused before anything is written', async () => {
  app.write({ 'piped.sh': `printf 'A_PASSWORD=x\\n' | "$@"\n` });
  const cli = [CLI, 'import', '/dev/stdin', '--vault', 'shop', '--yes'];
  const outcome = await app.run(['piped.sh', NODE, ...cli], { env: azure.env, command: 'sh' });

  expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/cannot be replaced\.\n$/) });
  expect(await azure.vault('shop').secrets()).toEqual([]);
});

// Only root gives files away.
test.skipIf(process.getuid?.() !== 0)("the file stays its owner's, though another writes it", async () => {
  app.write({ '.env': THREE });
  chownSync(app.path('.env'), 1234, 2345);
  expect(await run('.env', ['--yes'])).toMatchObject({ code: 0 });
  expect(statSync(app.path('.env'))).toMatchObject({ uid: 1234, gid: 2345 });
});

test('a service principal is led away from, not moved', async () => {
  app.write({
    '.env': `AZURE_CLIENT_ID=x\nAZURE_TENANT_ID=y\nAZURE_CLIENT_SECRET=${canary('principal')}\nA_PASSWORD=${a}\n`,
  });
  const { code, stdout, stderr } = await run('.env', ['--yes', '--all', '--json']);

  expect(code).toBe(0);
  expect(states(stdout)).toEqual({
    AZURE_CLIENT_ID: 'skipped',
    AZURE_TENANT_ID: 'skipped',
    AZURE_CLIENT_SECRET: 'skipped',
    A_PASSWORD: 'written',
  });
  expect(stderr).toMatch(
    /AZURE_CLIENT_SECRET is the password of an identity of its own\. Do not move it.*managed identity.*az login/,
  );
});

describe('usage', () => {
  test.each([
    [['no-such.env', '--vault', 'shop'], /no-such\.env does not exist/],
    [['.env'], /--vault/],
    [['.env', '--vault', 'a_b'], /not the name of a vault/],
    [['.env', '--vault', 'shop', '--only', 'NOPE'], /--only: there is no setting 'NOPE'/],
    [['.env', '--vault', 'shop', '--only', 'AZURE_CLIENT_ID'], /cannot be moved: steers/],
    [['twice.env', '--vault', 'shop', '--yes'], /would both become secret 'a-b'/],
    [['broken.json', '--vault', 'shop'], /broken\.json, line 1: this is not JSON/],
  ])('%j', async (args, message) => {
    app.write({
      '.env': 'AZURE_CLIENT_ID=x\n',
      'twice.env': `A_B=ghp_1\na-b=ghp_2\n`,
      'broken.json': `{"Values": {"A": "${a}`,
    });
    const { code, stderr } = await app.run([CLI, 'import', ...args], { env: azure.env });

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });
});
