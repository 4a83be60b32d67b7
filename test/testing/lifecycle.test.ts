import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { esbuildEmbeddedSources, root } from '../../scripts/embedded-sources.mjs';
import { type Emulator, type EmulatorError, type EmulatorOptions, startEmulator } from '../../src/testing/index.js';
import { askIdentity, askVault } from './client.js';

const run = promisify(execFile);

describe('options', () => {
  test.each<[unknown, string]>([
    [{ vualts: {} }, '"options" has no member "vualts"; it knows vaults, vaultOptions'],
    [[], '"options" must be an object, got an array'],
    [{ vaults: { s: {} } }, '"vaults" must be the name of a vault'],
    [{ vaults: { shop: { 'a b': 'x' } } }, '"vaults.shop" must be the name of a secret'],
    [
      { vaults: { shop: { a: 5 } } },
      '"vaults.shop.a" must be text or an object with a value, got a value of type number',
    ],
    [{ vaults: { shop: { a: {} } } }, '"vaults.shop.a.value" must be text'],
    [{ vaults: { shop: {}, SHOP: {} } }, '"vaults" has "SHOP" twice'],
    [{ vaults: { shop: { a: 'x', A: 'y' } } }, '"vaults.shop" has "A" twice'],
    [
      { vaultOptions: { shop: { throttle: { requests: 1 } } } },
      '"vaultOptions.shop.throttle.perSeconds" must be an integer',
    ],
    [{ unknownVaults: 'yes' }, '"unknownVaults" must be one of "missing", "create", got "yes"'],
    [{ identities: { system: true } }, '"identities.system" must be an object or false, got true'],
    [{ identities: { userAssigned: [{}] } }, '"identities.userAssigned[0].clientId" must be text'],
    [{ identities: { userAssigned: [{ clientId: 'a' }, { clientId: 'A' }] } }, '"identities" has the id "A" twice'],
    [{ identities: { system: { grants: 'some' } } }, '"identities.system.grants" must be "all" or grants, got "some"'],
    [
      { identities: { system: { grants: [{ vault: 'shop', actions: ['read'] }] } } },
      '"identities.system.grants[0].actions[0]" must be one of "get"',
    ],
    [{ tokens: { lifeSeconds: 1.5 } }, '"tokens.lifeSeconds" must be an integer'],
    [{ tokens: { expiryForm: 'unix' } }, '"tokens.expiryForm" must be one of "protocol"'],
    [{ latency: { vaultMs: '5' } }, '"latency.vaultMs" must be an integer from 0 to 2147483647, got "5"'],
    [{ port: 65_535 }, '"port" must be an integer from 0 to 65534, got 65535'],
    [{ hostNames: ['a b'] }, '"hostNames[0]" must be a DNS name or an IP address'],
    [{ msiEndpoint: { getOnly: 1 } }, '"msiEndpoint.getOnly" must be true or false, got 1'],
  ])('%j', async (options, message) => {
    const started = startEmulator(options as EmulatorOptions);
    await expect(started).rejects.toBeInstanceOf(TypeError);
    await expect(started).rejects.toThrow(message);
  });
});

test('fixed ports, and a taken one', async () => {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  const taken = startEmulator({ port });
  await expect(taken).rejects.toMatchObject({ code: 'ERR_EMULATOR_START' });
  await expect(taken).rejects.toThrow(`cannot listen on 127.0.0.1:${port} ("port"): EADDRINUSE`);
  await new Promise((resolve) => probe.close(resolve));
  const azure = await startEmulator({ port }).catch((error: EmulatorError) => error);
  // The next port may be somebody else's; then that is what the error says.
  if (azure instanceof Error) return expect(azure.message).toContain(`127.0.0.1:${port + 1} ("port")`);
  expect(azure.vaultEndpoint).toBe(`https://127.0.0.1:${port}`);
  expect(azure.identityEndpoint).toBe(`http://127.0.0.1:${port + 1}`);
  await azure.close();
});

test('several at once know nothing of each other', async () => {
  const [one, two] = await Promise.all([
    startEmulator({ vaults: { shop: { a: '1' } } }),
    startEmulator({ vaults: { shop: { a: '2' } } }),
  ]);
  const token = await one.tokens.issue();
  expect((await askVault(one, '/secrets/a', { token })).json.value).toBe('1');
  expect((await askVault(two, '/secrets/a', { token })).status).toBe(401);
  await Promise.all([one.close(), two.close()]);
});

test('closing refuses what is pending and what comes later', async () => {
  const azure = await startEmulator();
  const pending = expect(azure.requests()).rejects.toMatchObject({ code: 'ERR_EMULATOR_STOPPED' });
  await azure.close();
  await pending;
  await expect(azure.clock.now()).rejects.toThrow('the emulator was closed');
  await expect(askIdentity(azure)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await azure.close();
});

test("an error's stack leads to who called", async () => {
  const azure = await startEmulator({ vaults: { shop: {} } });
  let error: Error | undefined;
  async function asked() {
    await azure.vault('shop').get('nothing');
  }
  try {
    await asked();
  } catch (reason) {
    error = reason as Error;
  }
  expect(error?.message).toBe('vault "shop" has no secret "nothing"');
  expect(error?.stack).toMatch(/at (async )?asked \(.*lifecycle\.test\.ts/);
  await azure.close();
});

test('dates are those of the realm that asks, and are taken from any', async () => {
  const azure = await startEmulator({ vaults: { shop: { a: 'x' } } });
  // Under jest and in vm contexts, `Date` is not the one of what Node's threads send.
  class OwnDate extends Date {}
  vi.stubGlobal('Date', OwnDate);
  try {
    const shop = azure.vault('shop');
    await shop.set('a', { value: 'y', expiresOn: runInNewContext('new Date(2e12)') });
    const secret = await shop.get('a');
    expect(secret.expiresOn).toBeInstanceOf(OwnDate);
    expect(secret.expiresOn?.getTime()).toBe(2e12);
    const [version] = await shop.versions('a');
    expect(version?.createdOn).toBeInstanceOf(OwnDate);
    await askIdentity(azure);
    expect((await azure.requests())[0]?.at).toBeInstanceOf(OwnDate);
  } finally {
    vi.unstubAllGlobals();
    await azure.close();
  }
});

test('closes at the end of a block', async () => {
  let azure: Emulator;
  {
    await using own = await startEmulator();
    azure = own;
  }
  await expect(azure.requests()).rejects.toMatchObject({ code: 'ERR_EMULATOR_STOPPED' });
});

test('a caller that blocks the main thread is served', async () => {
  const azure = await startEmulator({ vaults: { shop: { pw: 'value' } } });
  const done = new Int32Array(new SharedArrayBuffer(8));
  const caller = new Worker(
    `const { workerData: { url, ca, token, done } } = require('node:worker_threads');
     const headers = { Host: 'shop.vault.azure.net', Authorization: 'Bearer ' + token };
     const finish = (status) => { done[1] = status; Atomics.store(done, 0, 1); Atomics.notify(done, 0); };
     require('node:https').get(url, { ca, headers, agent: false }, (response) => {
       response.resume().on('end', () => finish(response.statusCode));
     }).on('error', () => finish(-1));`,
    {
      eval: true,
      execArgv: [],
      workerData: {
        url: `${azure.vaultEndpoint}/secrets/pw?api-version=7.4`,
        ca: azure.caCertificate,
        token: await azure.tokens.issue(),
        done,
      },
    },
  );
  expect(Atomics.wait(done, 0, 0, 20_000)).toBe('ok');
  expect(done[1]).toBe(200);
  await caller.terminate();
  await azure.close();
});

describe('a crash of the thread', () => {
  const STARTED = `require('node:worker_threads').parentPort.postMessage({ id: 0, result: {} });`;
  const SOURCE = 'vaultstrap:source/testing/server/main';
  const withSource = async (source: string) => {
    vi.resetModules();
    vi.doMock(SOURCE, () => ({ default: source }));
    return import('../../src/testing/index.js');
  };
  afterAll(() => {
    vi.doUnmock(SOURCE);
    vi.resetModules();
  });

  test('while it starts', async () => {
    const { startEmulator } = await withSource('throw new RangeError("canary-value")');
    const error: Error & { code?: string } = await startEmulator().catch((reason) => reason);
    expect(error.code).toBe('ERR_EMULATOR_STOPPED');
    expect(error.message).toMatch(/^the emulator's thread crashed: RangeError/);
    expect(`${error.stack}`).not.toContain('canary-value');
  });

  test('later: rejects what is pending and what comes after', async () => {
    const crashing = `require('node:worker_threads').parentPort.on('message', () => { throw new RangeError("canary-value") });`;
    const { startEmulator } = await withSource(`${crashing}${STARTED}`);
    const azure = await startEmulator();
    const crash = {
      code: 'ERR_EMULATOR_STOPPED',
      message: expect.stringContaining('thread crashed: RangeError'),
    };
    await expect(azure.requests()).rejects.toMatchObject(crash);
    await expect(azure.requests()).rejects.toMatchObject(crash);
    await azure.close();
  });
});

describe('bundled, in a process of its own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vaultstrap-testing-'));
    await build({
      entryPoints: [path.join(root, 'src/testing/index.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: path.join(folder, 'testing.cjs'),
      plugins: [esbuildEmbeddedSources()],
      logLevel: 'silent',
    });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const program = async (text: string, args: string[] = [], env: Record<string, string> = {}) => {
    const file = path.join(folder, 'program.cjs');
    await writeFile(file, `const { startEmulator } = require('./testing.cjs');\n${text}`);
    return run(process.execPath, [...args, file], { timeout: 25_000, env });
  };

  test('a forgotten emulator does not keep the process, a pending call does', async () => {
    const { stdout, stderr } = await program(`
      startEmulator({ vaults: { shop: { a: 'b' } } }).then(async (azure) => {
        await azure.vault('shop').set('a', 'c');
        console.log((await azure.vault('shop').get('a')).value);
      });`);
    expect([stdout, stderr]).toEqual(['c\n', '']);
  });

  test('what preloads into the process does not reach the thread', async () => {
    const preload = path.join(folder, 'preload.cjs');
    await writeFile(preload, `console.log('preloaded');`);
    const started = `startEmulator().then((azure) => console.log(Object.keys(azure.env).length));`;
    expect((await program(started, ['--require', preload])).stdout).toBe('preloaded\n4\n');
    expect((await program(started, [], { NODE_OPTIONS: `--require ${preload}` })).stdout).toBe('preloaded\n4\n');
  });
});
