// vaultstrap emulate: the app's own references resolve against it, and the command is left to itself.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import https from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { parseEnv } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type App, createApp, NODE, type RunOptions } from './support/app.js';

const windows = process.platform === 'win32';
let app: App;

beforeAll(() => {
  app = createApp({ sdk: true });
});
let folder = 0;
let dir = '';
/** Each test in an empty folder: what lies there is read. */
beforeEach(() => {
  dir = `empty-${++folder}`;
  mkdirSync(app.path(dir));
  app.write({
    [`${dir}/read.cjs`]: "require('../probe.cjs').env(...process.argv.slice(2));",
    [`${dir}/stdin.cjs`]: "process.stdin.on('data', (data) => process.stdout.write(String(data).toUpperCase()));",
    [`${dir}/exit.cjs`]: 'process.exit(Number(process.argv[3]));',
    [`${dir}/waits.cjs`]: `process.on('SIGTERM', () => { require('../probe.cjs')('heard'); process.exit(42); });
      setInterval(() => {}, 1000); console.log('ready');`,
    [`${dir}/endpoints.cjs`]:
      "require('../probe.cjs')([process.env.VAULTSTRAP_VAULT_ENDPOINT, process.env.IDENTITY_ENDPOINT]);",
  });
});

const CLI = '../node_modules/vaultstrap/dist/cli.cjs';
const emulate = (args: readonly string[], options: RunOptions = {}) =>
  app.run([CLI, 'emulate', ...args], { cwd: app.path(dir), ...options });
const start = (args: readonly string[], options: RunOptions = {}) =>
  app.start([CLI, 'emulate', ...args], { cwd: app.path(dir), ...options });
const REGISTER = ['--import', '../node_modules/vaultstrap/dist/preload.mjs'];
const read = (...names: string[]) => ['--', NODE, ...REGISTER, 'read.cjs', ...names];
const reference = (rest: string) => `@KeyVault(VaultName=shop;${rest})`;

describe('without a seed, what is referred to exists', () => {
  test('but no vault whose name none can have: the command runs all the same', async () => {
    app.write({ [`${dir}/.env`]: 'B=x@KeyVault(SecretUri=https://localhost:8443/secrets/pw)\n' });
    const env = { A: reference('SecretName=a') };
    expect(await emulate(read('A'), { env })).toMatchObject({
      code: 0,
      probes: [{ A: 'emulated-shop-a' }],
      stderr: expect.stringContaining('B of .env refers to a host whose name no vault has; no secret is made for it.'),
    });
  });

  test('in the environment, in local.settings.json and in .env', async () => {
    app.write({
      [`${dir}/local.settings.json`]: JSON.stringify({ Values: { A: reference('SecretName=from-settings') } }),
      [`${dir}/.env`]: `B="${reference('SecretName=from-env')}"\n`,
      [`${dir}/.env.local`]: `B=${reference('SecretName=from-local')}\n`,
    });
    const env = {
      A: reference('SecretName=from-settings'),
      B: reference('SecretName=from-env'),
      C: 'postgres://app:@Microsoft.KeyVault(SecretUri=https://other.vault.usgovcloudapi.net/secrets/pw)@db',
      D: 'plain',
    };
    const { code, stdout, stderr, probes } = await emulate(read('A', 'B', 'C', 'D'), { env });

    expect({ code, stdout, probes }).toEqual({
      code: 0,
      stdout: '',
      probes: [
        {
          A: 'emulated-shop-from-settings',
          B: 'emulated-shop-from-env',
          C: 'postgres://app:emulated-other-pw@db',
          D: 'plain',
        },
      ],
    });
    expect(stderr).toMatch(/an emulated Azure with 2 vaults and 4 secrets/);
    expect(stderr).toMatch(/shop\/from-env = emulated-shop-from-env {2}\(made up, for \.env\)/);
  });

  test('certificates, too: real ones, for localhost', async () => {
    app.write({
      [`${dir}/serve.cjs`]: `const { TLS } = process.env; const { createServer, get } = require('node:https');
        const server = createServer({ cert: TLS, key: TLS }, (_, response) => response.end('hello'));
        server.listen(0, () => get({ port: server.address().port, host: 'localhost', ca: TLS }, (response) => {
          require('../probe.cjs')(response.statusCode); response.resume(); server.close(); server.closeAllConnections(); }));`,
    });
    const env = { TLS: reference('SecretName=www;Format=pem') };
    const { code, probes } = await emulate(['--', NODE, ...REGISTER, 'serve.cjs'], { env });
    expect({ code, probes }).toEqual({ code: 0, probes: [200] });
  });

  test('with its fields, its versions and its identities', async () => {
    const version = '0123456789abcdef'.repeat(2);
    const env = {
      USER_NAME: reference('SecretName=db;Field=user'),
      DEEP: reference('SecretName=db;Field=/a~1b/__proto__/0'),
      PINNED: reference(`SecretName=pin;SecretVersion=${version}`),
      NEWEST: reference('SecretName=pin'),
      BY_CLIENT: reference('SecretName=a;Identity=7ed0e5a8-3c27-4f3a-9d10-5f5b2b1c9e11'),
      BY_OBJECT: reference('SecretName=a;Identity=object:7ed0e5a8-3c27-4f3a-9d10-5f5b2b1c9e12'),
      AZURE_CLIENT_ID: '7ed0e5a8-3c27-4f3a-9d10-5f5b2b1c9e13',
    };
    const { code, probes } = await emulate(read('USER_NAME', 'DEEP', 'PINNED', 'NEWEST', 'BY_CLIENT', 'BY_OBJECT'), {
      env,
    });

    expect({ code, probes }).toEqual({
      code: 0,
      probes: [
        {
          USER_NAME: 'emulated-shop-db-user',
          DEEP: 'emulated-shop-db-a/b-__proto__-0',
          PINNED: 'emulated-shop-pin',
          NEWEST: 'emulated-shop-pin',
          BY_CLIENT: 'emulated-shop-a',
          BY_OBJECT: 'emulated-shop-a',
        },
      ],
    });
  });

  test.skipIf(windows)('a link to nothing in the place of a file is told', async () => {
    symlinkSync('nowhere', app.path(dir, 'local.settings.json'));
    expect(await emulate(read('A'), { env: { A: reference('SecretName=a') } })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('local.settings.json is a link that leads nowhere. It is left out.'),
    });
  });

  test.skipIf(windows)('a pipe that nobody fills is not waited for', async () => {
    execFileSync('mkfifo', [app.path(dir, '.env')]);
    expect(await emulate(read('A'), { env: { A: reference('SecretName=a') } })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('.env is a pipe. It is left out; --from-settings .env reads it.'),
    });
  });

  test('a file that cannot be read is left out, unless it was named', async () => {
    app.write({ [`${dir}/local.settings.json`]: '{ "IsEncrypted": true }' });
    expect(await emulate(read('A'), { env: { A: reference('SecretName=a') } })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is encrypted. It is left out.'),
    });
    expect(await emulate(['--from-settings', 'local.settings.json', ...read('A')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('func settings decrypt'),
    });
  });
});

describe('the command', () => {
  test('its status, its streams and its arguments are its own', async () => {
    expect(await emulate(['--', NODE, 'exit.cjs', '--port', '7'])).toMatchObject({ code: 7, stdout: '' });
    expect(await emulate(['--', NODE, 'stdin.cjs'], { input: 'some input' })).toMatchObject({
      code: 0,
      stdout: 'SOME INPUT',
    });
    expect(await emulate(['--', 'no-such-command-here'])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('no-such-command-here was not found'),
    });
  });

  test.skipIf(windows)('signals reach it, and it decides', async () => {
    const { child, outcome, saw } = start(['--', NODE, 'waits.cjs']);
    await saw('ready');
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ code: 42, signal: null, probes: ['heard'] });
    expect(await emulate(['--', NODE, '-e', "process.kill(process.pid, 'SIGKILL')"])).toMatchObject({ code: 137 });
  });

  test('another identity of the environment does not reach it', async () => {
    const env = {
      A: reference('SecretName=a'),
      MSI_ENDPOINT: 'http://127.0.0.1:1',
      IDENTITY_SERVER_THUMBPRINT: 'AB',
      VAULTSTRAP_VAULT_CA: '/no/such/file',
    };
    for (const host of ['app-service-2019', 'app-service-2017', 'service-fabric', 'imds']) {
      const { code, probes } = await emulate(['--host', host, ...read('A')], { env });
      expect([host, code, probes]).toEqual([host, 0, [{ A: 'emulated-shop-a' }]]);
    }
  });

  test('afterwards nothing listens any more', async () => {
    const { probes } = await emulate(['--', NODE, 'endpoints.cjs']);
    for (const url of (probes as string[][])[0] ?? []) {
      await expect(fetch(url.replace('https:', 'http:'))).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }
  });
});

describe('a seed', () => {
  const SEED = `{
    // what there is
    "vaults": { "shop": { "pw": "from-seed", "limited": { "value": "x", "expiresOn": "2031-01-01" } } },
    "identities": { "system": { "grants": [{ "vault": "shop", "secret": "pw", "actions": ["get"] }] } },
    "faults": [{ "target": "vault", "secret": "pw", "status": 503, "times": 1 }],
  }`;

  test('JSON with comments: secrets, grants, faults', async () => {
    app.write({ [`${dir}/seed.jsonc`]: SEED });
    const env = { A: reference('SecretName=pw') };
    expect(await emulate(['--seed', 'seed.jsonc', ...read('A')], { env })).toMatchObject({
      code: 0,
      probes: [{ A: 'from-seed' }],
    });

    const refused = await emulate(['--seed', 'seed.jsonc', ...read('A')], {
      env: { A: reference('SecretName=limited') },
    });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('ERR_VAULT_RBAC') });
    const missing = await emulate(['--seed', 'seed.jsonc', ...read('A')], {
      env: { A: '@KeyVault(VaultName=nowhere;SecretName=x)' },
    });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('ERR_VAULT_NOT_FOUND') });
  });

  test('.env lines; and what else a file refers to', async () => {
    app.write({
      [`${dir}/seed.env`]: 'shop/pw="two words"\n',
      [`${dir}/app.env`]: `A=${reference('SecretName=pw')}\nB=${reference('SecretName=b')}\n`,
    });
    const env = { A: reference('SecretName=pw'), B: reference('SecretName=b') };
    const { probes } = await emulate(['--seed', 'seed.env', '--from-settings', 'app.env', ...read('A', 'B')], { env });
    expect(probes).toEqual([{ A: 'two words', B: 'emulated-shop-b' }]);
  });

  test.each([
    ['{ "vaults": { "shop": { "a_b": "x" } } }', /seed\.json: "vaults\.shop" must be the name of a secret/],
    [
      '{ "vaults": { "shop": { "a": { "value": 1 } } } }',
      /seed\.json: "vaults\.shop\.a\.value" must be text, got a value of type number/,
    ],
    [
      '{ "vaults": { "shop": { "a": { "value": "x", "expiresOn": "soon" } } } }',
      /seed\.json: "vaults\.shop\.a\.expiresOn" must be a date/,
    ],
    [
      '{ "identities": { "system": { "grants": [{ "vault": "shop", "actions": ["read"] }] } } }',
      /seed\.json: "identities\.system\.grants\[0\]\.actions\[0\]" must be one of "get"/,
    ],
    ['{ "faults": [{ "target": "vaults" }] }', /seed\.json: "fault\.target" must be one of/],
    ['{ "vault": {} }', /seed\.json: "vault" is not known.*vaults, vaultOptions/],
    ['{ "vaults": ', /seed\.json, line 1: this is not JSON/],
    ['[]', /seed\.json holds no object/],
  ])('%s', async (seed, message) => {
    app.write({ [`${dir}/seed.json`]: seed });
    const { code, stderr, probes } = await emulate(['--seed', 'seed.json', ...read('A')]);
    expect({ code, stderr, probes }).toEqual({ code: 2, stderr: expect.stringMatching(message), probes: [] });
  });

  test.each([
    [['--seed', 'no-such.json'], /no-such\.json does not exist/],
    [['--port', '70000'], /--port is not a port/],
    [['--host', 'lambda'], /--host: "host" must be one of "app-service-2019"/],
    [['--format', 'toString'], /--format is not known/],
  ])('%j', async (args, message) => {
    expect(await emulate([...args, ...read('A')])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
      probes: [],
    });
  });
});

describe.skipIf(windows)('without a command it serves until Ctrl-C', () => {
  /** What it prints; `use` runs while it serves. */
  async function serving(
    args: readonly string[],
    use: (stdout: string, stderr: string) => Promise<void>,
  ): Promise<void> {
    const { child, outcome, saw } = start(args, { env: { A: reference('SecretName=a') } });
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (text) => {
      stdout += text;
    });
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    await saw('Ctrl-C ends it');
    try {
      await use(stdout, stderr);
    } finally {
      child.kill('SIGINT');
    }
    expect(await outcome).toMatchObject({ code: 0, signal: null });
  }
  // Apart from `app`: the identity header is no secret here, it is printed to be pasted.
  const resolveWith = (settings: Record<string, string | undefined>) => {
    const env = { ...settings, A: reference('SecretName=a') };
    const args = [...REGISTER, '-p', 'process.env.A'];
    expect(execFileSync(NODE, args, { cwd: app.path(dir), encoding: 'utf8', env })).toBe('emulated-shop-a\n');
  };

  test('for a shell', () =>
    serving([], async (stdout) => {
      app.write({ [`${dir}/settings.sh`]: stdout });
      const script = `. ./settings.sh && exec "$0" -p 'JSON.stringify(process.env)'`;
      resolveWith(
        JSON.parse(execFileSync('sh', ['-c', script, NODE], { cwd: app.path(dir), encoding: 'utf8', env: {} })),
      );
    }));

  test('as .env', () => serving(['--format', 'env'], async (stdout) => resolveWith(parseEnv(stdout))));

  test('as JSON, and with a page', () =>
    serving(['--format', 'json'], async (stdout, stderr) => {
      const url = /page (http:\S+)/.exec(stderr)?.[1] ?? '';
      resolveWith(JSON.parse(stdout));
      const page = await fetch(url);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('GET /secrets/a')]);
    }));

  test('for PowerShell, without a page', () =>
    serving(['--format', 'powershell', '--no-page'], async (stdout, stderr) => {
      const settings = Object.fromEntries(
        [...stdout.matchAll(/^\$env:(\w+) = '([^']*)'$/gm)].map(([, name, value]) => [name, value]),
      );
      expect(stderr).not.toContain('page');
      resolveWith(settings);
    }));

  test('the certificate in a file, for every language that trusts one', () =>
    serving(['--ca-file', 'ca.pem', '--format', 'json'], async (stdout) => {
      const settings = JSON.parse(stdout);
      expect(settings.VAULTSTRAP_VAULT_CA).toBe(app.path(dir, 'ca.pem'));
      const ca = readFileSync(app.path(dir, 'ca.pem'), 'utf8');
      expect(ca).not.toContain('PRIVATE');
      const status = await new Promise((resolve, reject) =>
        https
          .get(settings.VAULTSTRAP_VAULT_ENDPOINT, { ca, agent: false }, (response) =>
            resolve(response.resume().statusCode),
          )
          .on('error', reject),
      );
      expect(status).toBe(404);
      resolveWith(settings);
    }));
});

test('what this machine does not allow is no mistake of the call: 125 before a command, 1 without', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String((taken.address() as AddressInfo).port);
  try {
    const stderr = expect.stringMatching(/^vaultstrap error: cannot listen on .* Hint: Choose another --port/);
    expect(await emulate(['--port', port, ...read('A')])).toMatchObject({ code: 125, stderr, probes: [] });
    expect(await emulate(['--port', port])).toMatchObject({ code: 1, stdout: '', stderr });
    // No seed can help it.
    app.write({ [`${dir}/seed.json`]: '{}' });
    expect(await emulate(['--port', port, '--seed', 'seed.json'])).toMatchObject({ code: 1, stderr });
  } finally {
    taken.close();
  }
});

test('where nothing refers to a secret it says what to write; of many it names some', async () => {
  expect((await emulate(read('A'))).stderr).toContain('nothing refers to a secret: DB_PASSWORD=@KeyVault(');
  // A seed says what there is, whatever refers to it.
  app.write({ [`${dir}/seed.json`]: '{"vaults":{"shop":{}}}' });
  expect((await emulate(['--seed', 'seed.json', ...read('A')])).stderr).not.toContain('nothing refers');
  const settings = Array.from({ length: 60 }, (_, i) => `S${i}=${reference(`SecretName=s${i}`)}`);
  app.write({ [`${dir}/.env`]: settings.join('\n') });
  const { stderr } = await emulate(read('A'));
  expect(stderr.split('\n').length).toBeLessThan(30);
  expect(stderr).toContain('and 40 more');
});

test('a certificate’s file without a name is told as every other', async () => {
  expect(await emulate(['--ca-file', '', ...read('A')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the name of a file is empty'),
  });
});

test('a folder in the place of the certificate is told, without a stack', async () => {
  expect(await emulate(['--ca-file', '.', ...read('A')])).toMatchObject({
    code: 2,
    stderr: 'vaultstrap error: . is a folder.\n',
  });
});

test('a file that is no certificate is not overwritten', async () => {
  app.write({ [`${dir}/app.js`]: 'mine' });
  expect(await emulate(['--ca-file', 'app.js', ...read('A')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is no certificate'),
    probes: [],
  });
  expect(readFileSync(app.path(dir, 'app.js'), 'utf8')).toBe('mine');
  expect(existsSync(app.path(dir, 'ca.pem'))).toBe(false);
});
