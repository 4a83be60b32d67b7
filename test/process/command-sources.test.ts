// vaultstrap run and check: settings from --env-file and local.settings.json.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, type Env, NODE, requestsOf, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const plain = canary('plain');
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=password)';

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } } });
  app = createApp();
  app.write({
    'env.cjs': `require(${JSON.stringify(app.path('probe.cjs'))}).env(...process.argv.slice(2));`,
    'first.env': `A=first\nONLY_FIRST=first\nDB_PASSWORD=${REFERENCE}\n`,
    'second.env': '\ufeffA=second\r\nB="one\r\ntwo"\r\n',
    'function/host.json': '{}',
    'function/local.settings.json': `{
      // as func init writes it
      "IsEncrypted": false,
      "Values": {
        "FUNCTIONS_WORKER_RUNTIME": "node",
        "A": "local", "ONLY_LOCAL": "local", "N": 5, "EMPTY": null,
        "DB_PASSWORD": "${REFERENCE}",
        "URL": "https://app:@KeyVault(VaultName=shop;SecretName=password;Encode=uri)@host",
        "TEMPLATE": "redis://:\${DB_PASSWORD}@cache",
      },
      "ConnectionStrings": { "Main": "Server=x;Password=${REFERENCE}" }
    }`,
    'no-function/local.settings.json': '{"Values":{"ONLY_LOCAL":"local"}}',
  });
});
afterAll(() => azure?.close());
beforeEach(() => azure.reset());

const CLI = 'node_modules/vaultstrap/dist/cli.cjs';

function run(
  options: readonly string[],
  names: readonly string[],
  { env = {}, cwd = '.' }: { env?: Env; cwd?: string } = {},
) {
  return app.run([app.path(CLI), 'run', ...options, '--', NODE, app.path('env.cjs'), ...names], {
    cwd: app.path(cwd),
    env: { ...azure.env, VAULTSTRAP_LOG: 'error', ...env },
  });
}

describe('--env-file', () => {
  test('gives settings and references; the later wins, the environment wins over all', async () => {
    const { code, stderr, probes } = await run(
      ['--env-file', 'first.env', '--env-file', 'second.env'],
      ['A', 'B', 'ONLY_FIRST', 'DB_PASSWORD', 'FROM_SHELL'],
      { env: { FROM_SHELL: 'shell', ONLY_FIRST: 'shell' } },
    );

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual([
      { A: 'second', B: 'one\ntwo', ONLY_FIRST: 'shell', DB_PASSWORD: password, FROM_SHELL: 'shell' },
    ]);
  });

  test('a value of the environment is no reference of the file: nothing is asked', async () => {
    const { probes } = await run(['--env-file', 'first.env'], ['DB_PASSWORD'], { env: { DB_PASSWORD: 'mine' } });

    expect(probes).toEqual([{ DB_PASSWORD: 'mine' }]);
    expect(await requestsOf(azure)).toEqual({ token: 0, vault: 0, unauthorized: 0 });
  });
});

describe('local.settings.json', () => {
  test('beside host.json it is read, and said so', async () => {
    const { code, stderr, probes } = await run(
      [],
      ['A', 'N', 'DB_PASSWORD', 'URL', 'TEMPLATE', 'ConnectionStrings:Main'],
      {
        cwd: 'function',
        env: { A: 'shell', VAULTSTRAP_LOG: 'warn' },
      },
    );

    expect(code).toBe(0);
    expect(probes).toEqual([
      {
        A: 'shell',
        N: '5',
        DB_PASSWORD: password,
        URL: `https://app:${encodeURIComponent(password)}@host`,
        TEMPLATE: `redis://:${password}@cache`,
        'ConnectionStrings:Main': `Server=x;Password=${password}`,
      },
    ]);
    expect(stderr).toBe(
      'vaultstrap: settings from local.settings.json: 7 of its 8. The environment wins; --no-settings leaves the file alone.\n' +
        'vaultstrap: in force: VAULTSTRAP_VAULT_ENDPOINT, VAULTSTRAP_VAULT_CA.\n',
    );
    expect(await requestsOf(azure)).toEqual({ token: 1, vault: 1, unauthorized: 0 });
  });

  test.each([
    ['with --no-settings', ['--no-settings'], 'function', {}],
    ['without host.json', [], 'no-function', {}],
    [
      'on the platform',
      [],
      'function',
      { WEBSITE_SITE_NAME: 'app', VAULTSTRAP_VAULT_ENDPOINT: undefined, VAULTSTRAP_VAULT_CA: undefined },
    ],
  ] as const)('not read %s', async (_when, options, cwd, env) => {
    expect((await run(options, ['ONLY_LOCAL'], { cwd, env })).probes).toEqual([{ ONLY_LOCAL: null }]);
  });

  test('--settings names another; --env-file wins over it', async () => {
    const { probes } = await run(
      ['--settings', 'function/local.settings.json', '--env-file', 'second.env'],
      ['A', 'ONLY_LOCAL', 'FUNCTIONS_WORKER_RUNTIME'],
    );

    expect(probes).toEqual([{ A: 'second', ONLY_LOCAL: 'local', FUNCTIONS_WORKER_RUNTIME: 'node' }]);
  });
});

test('a file says nothing about how secrets are read, and the command gets what is its own', async () => {
  const elsewhere = 'https://127.0.0.1:1';
  app.write({
    'steers.env': [
      'IDENTITY_ENDPOINT=http://127.0.0.1:1/token',
      'MSI_ENDPOINT=http://127.0.0.1:1/token',
      'AZURE_CLIENT_ID=11111111-1111-1111-1111-111111111111',
      `VAULTSTRAP_VAULT_ENDPOINT=${elsewhere}`,
      'VAULTSTRAP_ALLOWED_HOSTS=evil.example',
      'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING=@Microsoft.KeyVault(VaultName=shop;SecretName=password)',
      `DB_PASSWORD=${REFERENCE}`,
      'BAD=@KeyVault(SecretUri=https://evil.example/secrets/x)',
    ].join('\n'),
  });
  const names = [
    'DB_PASSWORD',
    'AZURE_CLIENT_ID',
    'MSI_ENDPOINT',
    'VAULTSTRAP_ALLOWED_HOSTS',
    'VAULTSTRAP_VAULT_ENDPOINT',
    'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
  ];
  const { code, stderr, probes } = await run(['--env-file', 'steers.env'], names, {
    env: { VAULTSTRAP_ON_ERROR: 'unset', VAULTSTRAP_LOG: 'warn' },
  });

  expect(code).toBe(0);
  expect(probes).toEqual([
    {
      DB_PASSWORD: password,
      AZURE_CLIENT_ID: '11111111-1111-1111-1111-111111111111',
      MSI_ENDPOINT: null,
      VAULTSTRAP_ALLOWED_HOSTS: null,
      VAULTSTRAP_VAULT_ENDPOINT: azure.env['VAULTSTRAP_VAULT_ENDPOINT'],
      WEBSITE_CONTENTAZUREFILECONNECTIONSTRING: null,
    },
  ]);
  expect(stderr).toContain(
    "only run's command gets AZURE_CLIENT_ID; nobody gets VAULTSTRAP_ALLOWED_HOSTS, MSI_ENDPOINT.",
  );
  expect(stderr).toContain('a reference is never resolved there: WEBSITE_CONTENTAZUREFILECONNECTIONSTRING.');
  expect(stderr).toContain('ERR_HOST_NOT_ALLOWED');
});

describe('a mistake in a file: exit 2, by name and line, nothing started', () => {
  test.each([
    ['missing', ['--settings', 'missing.json'], 'missing.json does not exist.'],
    ['a folder', ['--settings', 'folder'], 'folder is a folder.'],
    ['malformed dotenv', ['--env-file', 'bad.env'], 'bad.env, line 2: this is no setting.'],
    ['malformed JSON', ['--settings', 'bad.json'], 'bad.json, line 2: this is not JSON'],
    ['encrypted', ['--settings', 'encrypted.json'], 'Hint: Decrypt it with: func settings decrypt'],
    ['empty JSON', ['--settings', 'empty.json'], 'empty.json, line 1: this is not JSON'],
    ['binary', ['--env-file', 'binary.env'], 'binary.env is not text: it holds NUL bytes. Hint: Save it as UTF-8.'],
    ['settings as dotenv', ['-e', 'encrypted.json'], 'Hint: Read it with --settings encrypted.json.'],
    ['dotenv as settings', ['--settings', 'bad.env'], 'Hint: Read it with -e bad.env.'],
    ['an option without its file', ['--env-file'], "--env-file <file>' argument missing"],
    ['an option that nearly exists', ['--maks'], 'Did you mean --mask?'],
  ])('%s', async (_what, options, message) => {
    mkdirSync(app.path('folder'), { recursive: true });
    app.write({
      'bad.env': `A=1\n${plain}\n`,
      'bad.json': `{\n${plain} }`,
      'encrypted.json': `{"IsEncrypted":true,"Values":{"A":"${plain}"}}`,
      'empty.json': '',
      'binary.env': '\0\0',
    });
    for (const command of [
      ['run', ...options, '--', NODE, '-e', 'console.log("ran")'],
      ['check', ...options],
    ]) {
      if (command.includes('--maks') && command[0] === 'check') continue;
      if (command[0] === 'run' && options.length === 1 && options[0] === '--env-file') continue;
      const { code, stdout, stderr } = await app.run([CLI, ...command], { env: azure.env });

      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
    }
  });
});

test('a file of settings that holds none is said, though it was named', async () => {
  app.write({ 'none.json': '{"version":"2.0"}' });
  const { code, stderr } = await run(['--settings', 'none.json'], [], { env: { VAULTSTRAP_LOG: 'warn' } });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^vaultstrap: settings from none\.json: 0\./),
  });
});

test.skipIf(process.platform === 'win32')('a local.settings.json that leads nowhere is not passed over', async () => {
  app.write({ 'broken/host.json': '{}' });
  symlinkSync('nowhere', app.path('broken/local.settings.json'));
  const { code, stderr } = await run([], [], { cwd: 'broken' });

  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'vaultstrap error: local.settings.json is a link that leads nowhere.\n',
  });
});

test('a missing --env-file: Node looks at that option, too, and may be first', async () => {
  // https://github.com/nodejs/node/issues/54232
  const { code, stderr } = await app.run([CLI, 'check', '--env-file', 'missing.env'], { env: azure.env });

  expect([2, 9]).toContain(code);
  expect(stderr).toMatch(/missing\.env.*(does not exist|not found)/);
});

describe('nothing found, and references in files that were not read', () => {
  const NOTHING = 'No setting holds a reference: there is nothing to resolve.\n';
  const check = (folder: string, args: readonly string[], env: Env) =>
    app.run([app.path(CLI), 'check', ...args], { cwd: app.path(folder), env });
  const hintOf = async (folder: string, args: readonly string[] = [], env: Env = {}) => {
    const { code, stdout, stderr } = await check(folder, args, env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: NOTHING });
    return stderr;
  };

  test('what was meant as a reference is told by the name of its setting, and unresolved', async () => {
    const env = { NEAR: '@KeyVaul(VaultName=shop;SecretName=password)', TEXT: 'see KeyVault(x)' };
    const line = (word: string, hint = '') =>
      `vaultstrap ${word}: NEAR: what looks like a reference is none, and stays text.${hint} A reference begins with @KeyVault( or @Microsoft.KeyVault(.\n`;
    // Where only errors are wanted, too.
    const inJson = await check('neither', ['--json'], { ...env, VAULTSTRAP_LOG: 'error' });

    const stdout = `${NOTHING}\nMisspelt    NEAR\n`;
    expect(await check('neither', [], env)).toMatchObject({ code: 1, stdout, stderr: line('warn') });
    expect(inJson).toMatchObject({ code: 1, stderr: line('error', ' Hint:') });
    expect(JSON.parse(inJson.stdout)).toMatchObject({ status: 'idle', misspelt: ['NEAR'] });
    expect(await hintOf('neither', [], { ...env, VAULTSTRAP_IGNORE: 'NEAR' })).toBe('');
    expect(await check('neither', [], { ...env, VAULTSTRAP_ENABLED: 'false' })).toMatchObject({ code: 0, stderr: '' });
  });

  test('a reference in quotes is resolved, and a line tells what they do', async () => {
    const { code, stderr } = await check('neither', [], { ...azure.env, QUOTED: `"${REFERENCE}"` });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'vaultstrap: QUOTED: the quotes around the reference become part of the value. Take them out: docker run --env-file, for one, keeps them.\n',
    });
  });

  beforeAll(() => {
    const local = JSON.stringify({ Values: { DB_PASSWORD: REFERENCE } });
    app.write({
      'only-env/.env': 'DB_PASSWORD=akvs://11111111-1111-4111-8111-111111111111/shop/password\n',
      'both/.env': `DB_PASSWORD=${REFERENCE}\n`,
      'both/local.settings.json': local,
      'next/.env.local': `DB_PASSWORD=${REFERENCE}\n`,
      'neither/.env': `A=${plain}\n# DB_PASSWORD=${REFERENCE}\n`,
      'neither/local.settings.json': '{"Values":{"A":"b"}}',
    });
  });

  test('check names them, and the option', async () => {
    expect(await hintOf('only-env')).toBe('vaultstrap: .env holds references, and was not read: add -e .env.\n');
    expect(await hintOf('next')).toBe(
      'vaultstrap: .env.local holds references, and was not read: add -e .env.local.\n',
    );
    expect(await hintOf('both')).toBe(
      'vaultstrap: .env and local.settings.json hold references, and were not read: add -e .env --settings local.settings.json.\n',
    );
    expect(await hintOf('both', ['--no-settings'])).toBe(
      'vaultstrap: .env holds references, and was not read: add -e .env.\n',
    );
  });

  test('none where it would not help', async () => {
    expect(await hintOf('neither')).toBe('');
    expect(await hintOf('neither', ['-e', './.env'])).toBe('');
    expect(await hintOf('only-env', [], { VAULTSTRAP_LOG: 'error' })).toBe('');
    const disabled = { VAULTSTRAP_ENABLED: 'false' };
    const { stderr } = await app.run([app.path(CLI), 'check', '-e', '.env'], {
      cwd: app.path('only-env'),
      env: disabled,
    });
    expect(stderr).toBe('');
  });

  test('run says so, too: the command would begin without its values, and nobody would know why', async () => {
    const run = async (folder: string, args: readonly string[] = [], env: Env = {}) =>
      (await app.run([app.path(CLI), 'run', ...args, '--', NODE, '-e', '0'], { cwd: app.path(folder), env })).stderr;
    expect(await run('only-env')).toBe('vaultstrap: .env holds references, and was not read: add -e .env.\n');
    expect(await run('neither')).toBe('');
    expect(await run('only-env', ['-e', '.env'], { VAULTSTRAP_ENABLED: 'false' })).toBe('');
    expect(await run('only-env', [], { VAULTSTRAP_ENABLED: 'false' })).toBe('');
    // It has what it asked for from the environment.
    expect(await run('only-env', [], { ...azure.env, DB_PASSWORD: REFERENCE })).not.toContain('was not read');
  });

  // As password managers mount a .env: whoever opens it waits for them.
  test.skipIf(process.platform === 'win32')('a pipe is left alone', async () => {
    app.write({ 'pipe/a': '' });
    execFileSync('mkfifo', [app.path('pipe/.env')]);
    const { outcome } = app.start([app.path(CLI), 'run', '--', NODE, '-e', '0'], { cwd: app.path('pipe'), env: {} });
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
  });

  test('JSON stays JSON', async () => {
    const { stdout } = await app.run([app.path(CLI), 'check', '--json'], { cwd: app.path('only-env'), env: {} });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'idle' });
  });

  test('doctor says so in the place of its general remedy', async () => {
    const args = [app.path(CLI), 'doctor', '--json', '--timeout', '5'];
    const { stdout } = await app.run(args, { cwd: app.path('only-env'), env: azure.env });
    const { findings } = JSON.parse(stdout) as { findings: { step: string; remedy?: string }[] };
    expect(findings.find(({ step }) => step === 'references')?.remedy).toBe(
      '.env holds references, and was not read: add -e .env.',
    );
  });
});

describe('check', () => {
  const check = (args: readonly string[], env: Env = {}, cwd = '.') =>
    app.run([app.path(CLI), 'check', ...args], { cwd: app.path(cwd), env: { ...azure.env, ...env } });

  test('resolves what run would, plain when piped', async () => {
    const { code, stdout, stderr } = await check([], { FORCE_COLOR: undefined }, 'function');

    expect(code).toBe(0);
    expect(stderr).toMatch(/^vaultstrap: settings from local\.settings\.json: 8\..*\n$/);
    expect(stdout).toMatch(/^Status +ready\n/);
    expect(stdout).toMatch(/^Relaxed by +VAULTSTRAP_VAULT_ENDPOINT, VAULTSTRAP_VAULT_CA$/m);
    expect(stdout).toMatch(/^DB_PASSWORD +Resolved +shop\/password/m);
    expect(stdout).toMatch(/^ConnectionStrings:Main +Resolved/m);
    expect(stdout).not.toContain('Next read');
    expect(stdout).not.toContain('\u001b');
  });

  test('JSON for machines, and nothing else on stdout', async () => {
    const { code, stdout } = await check(['--json', '--env-file', 'first.env']);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'ready',
      relaxations: ['VAULTSTRAP_VAULT_ENDPOINT', 'VAULTSTRAP_VAULT_CA'],
      settings: [{ setting: 'DB_PASSWORD', status: 'Resolved', vault: 'shop', secret: 'password' }],
    });
  });

  test.each(['throw', 'unset', 'keep'])(
    '1 when something is unresolved, with VAULTSTRAP_ON_ERROR=%s',
    async (onError) => {
      const env = { GONE: '@KeyVault(VaultName=shop;SecretName=gone)', OK: REFERENCE, VAULTSTRAP_ON_ERROR: onError };
      const { code, stdout } = await check([], env);

      expect(code).toBe(1);
      expect(stdout).toMatch(/^GONE +SecretNotFound/m);
      expect(stdout).toMatch(/^OK +Resolved/m);
      expect(stdout).toContain('Hint: Check the name. ');
    },
  );

  test('1 for a malformed setting of our own, which stands in no report', async () => {
    const { code, stderr } = await check([], { VAULTSTRAP_TIMEOUT_SECONDS: 'soon', OK: REFERENCE });

    expect(code).toBe(1);
    expect(stderr).toContain('VAULTSTRAP_TIMEOUT_SECONDS');
  });

  test('and its JSON says why, for who reads that alone', async () => {
    const { stdout } = await check(['--json'], { VAULTSTRAP_TIMEOUT_SECONDS: 'soon', OK: REFERENCE });

    expect(JSON.parse(stdout)).toMatchObject({
      status: 'failed',
      settings: [],
      error: {
        code: 'ERR_INVALID_SETTING',
        failures: [{ setting: 'VAULTSTRAP_TIMEOUT_SECONDS', hint: 'Expected: a whole number from 1 to 600.' }],
      },
    });
    expect(stdout).not.toContain('soon');
  });

  test('0 with no reference anywhere, and it says so', async () => {
    const { code, stdout } = await check([]);

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        'No setting holds a reference: there is nothing to resolve.\n' +
        'Relaxed by  VAULTSTRAP_VAULT_ENDPOINT, VAULTSTRAP_VAULT_CA\n',
    });
  });

  test('0 when it is switched off, and it says so', async () => {
    const { code, stdout } = await check([], { VAULTSTRAP_ENABLED: 'false', OK: REFERENCE });

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nothing is resolved: VAULTSTRAP_ENABLED=false.\n' });
  });
});
