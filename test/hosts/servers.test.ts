// Examples that serve HTTP: started as their package.json says, with pointers for settings.
import { cpSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../helpers/free-port.js';
import { until } from '../helpers/until.js';
import { installCopy, type RunningChild } from '../process/support/app.js';
import { type Example, examples, linkExample } from './support/example.js';
import { SERVERS } from './support/examples.js';
import { ask, end, expectItFollows, expectPriceAtOnce } from './support/price.js';
import { type Shop, startShop } from './support/shop.js';

let shop: Shop;
let server: RunningChild | undefined;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop?.close());
beforeEach(() => shop.reset());
afterEach(async () => {
  await end(server);
  server = undefined;
});

async function serve(example: Example, settings = shop.settings): Promise<{ port: number; running: RunningChild }> {
  const port = await freePort();
  const running = example.start(example.script('start'), { env: { ...settings, PORT: String(port) } });
  server = running;
  await expectPriceAtOnce(port, running);
  return { port, running };
}

describe.each(SERVERS)('examples/%s', (name) => {
  test('npm start: values are there while it loads, and follow a rotation', async () => {
    const { port, running } = await serve(linkExample(name));
    await expectItFollows(port, shop);
    expect(running.child.exitCode).toBeNull();
  });
});

test('examples/fastify, npm test: its own test passes', async () => {
  const example = linkExample('fastify');
  const { code, stdout } = await example.run(example.script('test'));
  expect(code, stdout).toBe(0);
  expect(stdout).toContain('pass 2');
});

test('examples/monorepo: one state, though the library brings a copy of vaultstrap', async () => {
  const example = linkExample('monorepo');
  installCopy(example.path('packages/prices'));
  // Without a clock: what the library is refused with is read again by what the app has started.
  const { port } = await serve(example, { ...shop.settings, VAULTSTRAP_REFRESH_SECONDS: '0' });
  await shop.rotate();
  expect((await ask(port))?.status).toBe(200);
  expect((await shop.azure.requests()).filter(({ target }) => target === 'identity')).toHaveLength(1);
});

test('examples/worker-threads: each thread follows', async () => {
  const { port } = await serve(linkExample('worker-threads'));
  await shop.rotate();
  const followed = new Set<string>();
  await until(async () => {
    const answer = await ask(port);
    if (answer?.status === 200) followed.add(answer.headers.get('x-thread') ?? '');
    return followed.size === 2;
  });
});

test('examples/container: SIGTERM ends it, as it must be told in a container', async () => {
  const { running } = await serve(linkExample('container'));
  running.child.kill('SIGTERM');
  expect(await running.outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('examples/local.mjs: an example beside an emulated vault, and Enter rotates', async () => {
  const example = linkExample('express');
  // As in a clone that was not built: vaultstrap is to be found in the example alone.
  cpSync(path.join(examples, 'local.mjs'), example.path('../local.mjs'));
  const port = await freePort();
  const env = { PORT: String(port), VAULTSTRAP_REFRESH_SECONDS: '1' };
  const local = example.start(['../local.mjs', process.execPath, 'server.js'], { env, input: null });
  await expectPriceAtOnce(port, local);
  local.child.stdin?.write('\n');
  await local.saw('The key was rotated');
  await until(async () => (await ask(port))?.status === 200);
  // As Ctrl+C does: to all of them.
  process.kill(-(local.child.pid ?? 0), 'SIGINT');
  expect((await local.outcome).stderr).not.toContain('@KeyVault');
});
