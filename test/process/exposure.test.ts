// What docs/threat-model.md says of a process that holds values: what others can see of them, and what they cannot.
// Some of it is not to our liking; it is here so that the document stays true.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const PW = '@KeyVault(VaultName=shop;SecretName=pw)';
const value = canary('exposed');

let azure: Emulator;
let app: App;
beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { pw: value } } });
  app = createApp({ sdk: true });
});
afterAll(() => azure?.close());

/** What a program gives to `seen`, as it was: texts may hold values, so only answers leave the process. */
async function seenBy(program: string, env: Record<string, string> = {}): Promise<unknown> {
  app.write({ 'look.cjs': `const seen = require('./probe.cjs'); const WORD = 'c4n4ry-' + 'exposed'; ${program}` });
  const { code, stderr, probes } = await app.run(['look.cjs'], { env: { ...azure.env, PW, ...env } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return probes[0];
}

describe('values', () => {
  test('are readable by all code in the process', async () => {
    expect(await seenBy(`require('vaultstrap/register'); seen(process.env.PW.includes(WORD));`)).toBe(true);
  });

  test.runIf(process.platform === 'linux')(
    "are not in /proc/self/environ, which is the environment at the process's start; a child's has them",
    async () => {
      const answer = await seenBy(`
        require('vaultstrap/register');
        const { readFileSync } = require('node:fs');
        const of = (pid) => readFileSync('/proc/' + pid + '/environ', 'utf8');
        const child = require('node:child_process').spawnSync(process.execPath, ['-e',
          "process.exit(require('node:fs').readFileSync('/proc/self/environ', 'utf8').includes('c4n4ry-' + 'exposed') ? 7 : 8)"]);
        seen({ self: of('self').includes(WORD), reference: of('self').includes('SecretName=pw'), child: child.status });`);
      expect(answer).toEqual({ self: false, reference: true, child: 7 });
    },
  );

  test('are in a heap snapshot', async () => {
    const answer = await seenBy(`
      require('vaultstrap/register');
      const { readFileSync } = require('node:fs');
      const held = process.env.PW;
      seen(readFileSync(require('node:v8').writeHeapSnapshot('look.heapsnapshot'), 'utf8').includes(WORD) && held !== '');`);
    expect(answer).toBe(true);
  });

  test('are not in a diagnostic report', async () => {
    expect(
      await seenBy(`require('vaultstrap/register'); seen(JSON.stringify(process.report.getReport()).includes(WORD));`),
    ).toBe(false);
  });

  test('are not in a diagnostic report of a child that inherited them, and whose own start fails', async () => {
    app.write({
      'child.cjs': `try { require('vaultstrap/register'); } catch { process.exitCode = 5; }
      if (JSON.stringify(process.report.getReport()).includes('c4n4ry-' + 'exposed')) process.exitCode = 7;`,
    });
    const answer = await seenBy(`
      require('vaultstrap/register');
      const env = { ...process.env, VAULTSTRAP_TIMEOUT_SECONDS: 'malformed' };
      seen(require('node:child_process').spawnSync(process.execPath, ['child.cjs'], { env }).status);`);
    expect(answer).toBe(5);
  });

  test('are not on the channels of ours, nor in the report', async () => {
    const answer = await seenBy(`
      const { subscribe } = require('node:diagnostics_channel');
      const heard = [];
      for (const name of ['vaultstrap:rotated', 'vaultstrap:refresh']) subscribe(name, (message) => heard.push(message));
      require('vaultstrap/register');
      const { refresh, report } = require('vaultstrap');
      refresh().then(() => {
        const text = require('node:util').inspect([heard, report()], { depth: null, showHidden: true });
        seen({ heard: heard.length > 0, leaks: text.includes(WORD) });
      });`);
    expect(answer).toEqual({ heard: true, leaks: false });
  });
});

describe('tokens', () => {
  const HEARING = `
    const headers = [];
    require('node:diagnostics_channel').subscribe('http.client.request.start', ({ request }) =>
      headers.push(String(request.getHeader('authorization')).slice(0, 7)));
    const { bootstrap, refresh } = require('vaultstrap');`;

  test("are heard by nobody who listens to Node's HTTP client: these requests do not go through it", async () => {
    const answer = await seenBy(`${HEARING}
      bootstrap().then(() => refresh()).then(({ failed }) =>
        seen({ headers, failed, resolved: process.env.PW.includes(WORD) }));`);
    expect(answer).toEqual({ headers: [], failed: [], resolved: true });
  });

  test('are heard where the SDK asks, in the thread that asks', async () => {
    const answer = await seenBy(`${HEARING} bootstrap({ client: 'sdk' }).then(() => seen(headers));`);
    expect(answer).toContain('Bearer ');
  });

  test('any code on the machine that can read the environment can ask the endpoint itself', async () => {
    const answer = await seenBy(`
      const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = process.env;
      fetch(IDENTITY_ENDPOINT + '?resource=https://vault.azure.net&api-version=2019-08-01', { headers: { 'X-IDENTITY-HEADER': IDENTITY_HEADER } })
        .then((reply) => seen(reply.status));`);
    expect(answer).toBe(200);
  });
});

test('NODE_DEBUG=http prints headers, tokens among them: the start warns of it', async () => {
  // Only asked what is written before anything is sent: the rest of that output would hold the token.
  app.write({
    'debug.cjs': `const seen = require('./probe.cjs'); const lines = [];
      console.error = (line) => lines.push(line); process.stderr.write = () => true;
      require('vaultstrap').bootstrap().then(() => seen(lines));`,
  });
  const { probes } = await app.run(['debug.cjs'], { env: { ...azure.env, PW, NODE_DEBUG: 'http' } });
  expect(JSON.stringify(probes[0])).toContain('NODE_DEBUG prints request headers');
});
