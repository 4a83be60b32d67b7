// vaultstrap set: the bytes that arrive, what is refused before anybody is asked, and what a vault's refusal says.
import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, type RunOptions, requestsOf, startAzure } from './support/app.js';
import { canary, leaksIn } from './support/canary.js';

const windows = process.platform === 'win32';
let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({
    vaults: { shop: {} },
    identities: { userAssigned: [{ clientId: CLIENT_ID, grants: [] }] },
  });
  app = createApp({ sdk: true });
  app.write({ 'read.cjs': "require('./probe.cjs').env('VALUE');" });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const CLIENT_ID = '7ed0e5a8-3c27-4f3a-9d10-5f5b2b1c9e11';
const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const set = (args: readonly string[], input: string, options: RunOptions = {}) =>
  app.run([CLI, 'set', ...args], { input, ...options, env: { ...azure.env, ...options.env } });
const stored = async (secret = 'pw') => (await azure.vault('shop').get(secret)).value;

describe('the value', () => {
  const secret = canary('value');
  test.each([
    ['as it is', secret, secret],
    ['one line end behind it is not part of it', `${secret}\n`, secret],
    ['nor is that of Windows', `${secret}\r\n`, secret],
    ['but a second one is', `${secret}\n\n`, `${secret}\n`],
    [
      'and what is inside',
      ` $HOME "${secret}" \\ 'ü' 🔑\n@KeyVault(x)\t `,
      ` $HOME "${secret}" \\ 'ü' 🔑\n@KeyVault(x)\t `,
    ],
    ['and a byte order mark', `\uFEFF${secret}`, `\uFEFF${secret}`],
  ])('%s', async (_what, input, expected) => {
    const { code, stdout, stderr } = await set(['shop', 'pw'], input);

    expect({ code, stdout }).toEqual({ code: 0, stdout: '@KeyVault(VaultName=shop;SecretName=pw)\n' });
    expect(stderr).toMatch(/^vaultstrap: wrote version [0-9a-f]{32} of secret 'pw' in vault 'shop'\.\n$/);
    expect(await stored()).toBe(expected);
  });

  test('--keep-newline keeps it, and the reference that is printed reads it all', async () => {
    const { stdout } = await set(['Shop', 'PW', '--keep-newline'], `${secret}\n`);
    const { probes } = await app.run([CLI, 'run', '--', NODE, 'read.cjs'], {
      env: { ...azure.env, VALUE: stdout.trim() },
    });

    expect(probes).toEqual([{ VALUE: `${secret}\n` }]);
  });

  test('as large as a vault takes', async () => {
    const value = 'ü'.repeat(12_800);
    expect(await set(['shop', 'pw'], value)).toMatchObject({ code: 0 });
    expect(await stored()).toBe(value);
  });
});

test('what stands beside it, as JSON', async () => {
  const args = [
    '--content-type',
    'text/plain',
    '--tag',
    'owner=team a',
    '--tag',
    'x=',
    '--expires',
    '2031-02-28',
    '--not-before',
    '2030-01-01T12:00+02:00',
  ];
  const { code, stdout } = await set(['shop', 'pw', '--json', ...args], 'value');

  const { version, ...properties } = await azure.vault('shop').get('pw');
  expect({ code, ...JSON.parse(stdout) }).toEqual({
    code: 0,
    vault: 'shop',
    secret: 'pw',
    version,
    reference: '@KeyVault(VaultName=shop;SecretName=pw)',
  });
  expect(properties).toEqual({
    value: 'value',
    enabled: true,
    contentType: 'text/plain',
    tags: { owner: 'team a', x: '' },
    expiresOn: new Date('2031-02-28T00:00Z'),
    notBefore: new Date('2030-01-01T10:00Z'),
  });
});

describe('refused before anybody is asked', () => {
  const secret = canary('refused');
  test.each([
    [['shop', 'pw'], '', /the value is empty\. Hint: It comes from standard input/],
    [['shop', 'pw'], '\n', /the value is empty/],
    [['shop', 'pw'], `${secret}\0`, /NUL/],
    [['shop', 'pw'], secret + 'x'.repeat(25_600), /has \d+ bytes; Key Vault takes at most 25600 \(25 KB\)/],
    [['shop', 'pw'], secret + 'x'.repeat(2 ** 21), /longer than 1 MB/],
    [['shop', 'pw', secret], 'x', /set takes <vault> <name>, and nothing more.*history/],
    [['shop.vault.azure.net', 'pw'], secret, /not the name of a vault.*alone/],
    [['shop', 'db_password'], secret, /not the name of a secret.*hyphens/],
    [['shop', 'pw', '--tag', 'x'], secret, /--tag takes a name and a value/],
    [['shop', 'pw', '--expires', '2030-02-31'], secret, /--expires is not a date/],
    [['shop', 'pw', '--expires', 'tomorrow'], secret, /--expires is not a date/],
    [['shop', 'pw', '--expires', '2030-01-01', '--not-before', '2031-01-01'], secret, /lies before/],
    [['shop', 'pw', '--identity', 'me'], secret, /option identity: InvalidSyntax/],
  ])('%j', async (args, input, message) => {
    const { code, stdout, stderr } = await set(args, input);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });

  test('bytes that are no text', async () => {
    const { child, outcome } = app.start([CLI, 'set', 'shop', 'pw'], { env: azure.env, input: null });
    child.stdin?.end(Buffer.from([0x61, 0xff, 0xfe]));
    expect(await outcome).toMatchObject({ code: 2, stderr: expect.stringMatching(/not UTF-8 text.*base64/) });
  });

  test('another domain than a vault has', async () => {
    const outcome = await set(['shop', 'pw'], secret, { env: { VAULTSTRAP_VAULT_SUFFIX: 'evil.example' } });
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('VAULTSTRAP_VAULT_SUFFIX') });
  });
});

describe('what a vault refuses', () => {
  const secret = canary('unwritten');
  const failed = async (message: RegExp, options: RunOptions = {}, args: string[] = []) => {
    const { code, stdout, stderr } = await set(['shop', 'pw', ...args], secret, options);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  };

  test('a name that a deleted secret holds: how to get it back', async () => {
    await azure.vault('shop').set('pw', 'x');
    await azure.vault('shop').delete('pw');
    await failed(/'pw' in vault 'shop' is deleted.*az keyvault secret recover --vault-name shop --name pw/);
  });

  test('no right: which role', () =>
    failed(/ERR_VAULT_RBAC.*no right to write.*Key Vault Secrets Officer/, {}, ['--identity', CLIENT_ID]));

  test('no right, by access policy', async () => {
    const other = await startAzure({
      vaults: { shop: {} },
      vaultOptions: { shop: { accessModel: 'policy' } },
      identities: { system: { grants: [] } },
    });
    await failed(/ERR_VAULT_POLICY.*secret-permissions get set/, { env: other.env }).finally(other.close);
  });

  test('for machines, as reports have it', async () => {
    const { code, stdout, stderr } = await set(['shop', 'pw', '--json', '--identity', CLIENT_ID], secret);
    expect(JSON.parse(stdout)).toEqual({
      vault: 'shop',
      secret: 'pw',
      status: 'AccessToKeyVaultDenied',
      code: 'ERR_VAULT_RBAC',
      details: expect.stringContaining('no right to write'),
      hint: expect.stringContaining('Key Vault Secrets Officer'),
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERR_VAULT_RBAC/);
  });

  test('a vault that is not there', async () => {
    const { code, stderr } = await set(['nowhere', 'pw'], secret);
    expect(code).toBe(1);
    expect(stderr).toMatch(/VaultNotFound \(ERR_VAULT_NOT_FOUND\)/);
  });

  test('throttling and a hiccup are waited for', async () => {
    await azure.faults.add({ target: 'vault', times: 1, status: 429, headers: { 'Retry-After': '0' } });
    await azure.faults.add({ target: 'vault', times: 1, reset: true });
    expect(await set(['shop', 'pw'], secret)).toMatchObject({ code: 0 });
    expect(await stored()).toBe(secret);
  });

  test('an outage, at the deadline', async () => {
    await azure.faults.add({ target: 'vault', status: 503 });
    await failed(/ERR_VAULT_(UNAVAILABLE|TIMEOUT)/, { env: { VAULTSTRAP_TIMEOUT_SECONDS: '3' } });
  });

  test("a token that is not the emulator's does not go to the emulator", async () => {
    const token = `${btoa('{}')}.${btoa('{"iss":"https://sts.windows.net/x/"}')}.c2lnbmF0dXJl`;
    await azure.faults.add({
      target: 'identity',
      body: { access_token: token, expires_on: '9999999999', resource: 'x', token_type: 'Bearer' },
    });
    await failed(/ERR_EMULATOR_TOKEN/);
    expect(await requestsOf(azure)).toMatchObject({ vault: 0 });
  });
});

test.each(['imds', 'msi-endpoint', 'app-service-2017'] as const)(
  'by the identity of a host of kind %s',
  async (host) => {
    expect(
      await set(['shop', 'pw'], 'value', {
        env: { IDENTITY_ENDPOINT: undefined, IDENTITY_HEADER: undefined, ...azure.envFor(host) },
      }),
    ).toMatchObject({ code: 0 });
    expect(await stored()).toBe('value');
  },
);

test('without the SDK: the command that brings it', async () => {
  const bare = createApp();
  const { code, stderr } = await bare.run([CLI, 'set', 'shop', 'pw'], { input: 'value', env: azure.env });

  expect(code).toBe(1);
  expect(stderr).toMatch(/ERR_SDK_NOT_FOUND.*npm install @azure\/identity @azure\/keyvault-secrets/);
});

describe.skipIf(windows)('on a terminal', () => {
  const secret = canary('typed');

  async function type(...lines: readonly string[]): Promise<{ code: number; screen: string }> {
    const env = { PATH: process.env['PATH'], TERM: 'xterm', ...azure.env } as Record<string, string>;
    const terminal = spawn(NODE, [CLI, 'set', 'shop', 'pw'], { cwd: app.dir, env, cols: 200 });
    let screen = '';
    const questions = ['Value of shop/pw', 'Once more'];
    const left = [...lines];
    terminal.onData((text) => {
      screen += text;
      const [question] = questions;
      if (question && screen.includes(question)) {
        questions.shift();
        terminal.write(left.shift() ?? '');
      }
      if (left.length > 0 && screen.includes('another value')) terminal.write(left.shift() ?? '');
    });
    const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    expect(leaksIn(screen)).toEqual([]);
    return { code, screen };
  }

  test('it is asked for twice, and hidden', async () => {
    const { code, screen } = await type(`${secret}\r`, `${secret}\r`);
    expect({ code, screen }).toMatchObject({
      code: 0,
      screen: expect.stringContaining('@KeyVault(VaultName=shop;SecretName=pw)'),
    });
    expect(await stored()).toBe(secret);
  });

  test.each([
    ['Ctrl-C', ['\u0003']],
    ['Ctrl-C at the second', [`${secret}\r`, '\u0003']],
    ['Ctrl-D', ['\u0004']],
    ['Ctrl-D at the second', [`${secret}\r`, '\u0004']],
  ])('%s writes nothing, and gives the cursor back', async (_keys, lines) => {
    const { code, screen } = await type(...lines);
    expect(screen.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001b[?25l'));
    expect({ code, screen }).toMatchObject({ code: 1, screen: expect.stringContaining('nothing was written') });
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });
});
