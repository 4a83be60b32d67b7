// Installed, built and started as their README says. Without the registry there is nothing to install: skipped.
import { globSync, readFileSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../helpers/free-port.js';
import { until } from '../../helpers/until.js';
import type { RunningChild } from '../../process/support/app.js';
import { leaksIn } from '../../process/support/canary.js';
import type { Example } from '../support/example.js';
import { ask, end, expectItFollows, expectPriceAtOnce } from '../support/price.js';
import { type Shop, startShop } from '../support/shop.js';
import { buildExample, installExample, registryAnswers, removeExample } from './install.js';

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

/** Much longer than a test: it lives until it is told to end. */
const LIMIT_MS = 120_000;

async function serve(example: Example, more: Readonly<Record<string, string>> = {}): Promise<number> {
  const port = await freePort();
  const env = { ...shop.settings, PORT: String(port), HOSTNAME: '127.0.0.1', ...more };
  server = example.start(example.script('start'), { env, limitMs: LIMIT_MS });
  await expectPriceAtOnce(port, server);
  return port;
}

const withRegistry = registryAnswers ? describe : describe.skip;
const why = registryAnswers ? '' : ' (skipped: the npm registry does not answer)';

withRegistry(`examples/nestjs${why}`, () => {
  let example: Example;
  beforeAll(async () => {
    example = await installExample('nestjs', '--omit=optional');
    await buildExample(example);
  });
  afterAll(() => removeExample(example));

  test('values are there while it loads, and follow a rotation', async () => {
    await expectItFollows(await serve(example), shop);
  });

  test('the framework is loaded while the secrets are fetched', () => {
    // In this order in what the compiler wrote, or nothing runs beside anything.
    const main = readFileSync(example.path('dist/main.js'), 'utf8');
    const required = [...main.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(required).toEqual(['vaultstrap/start', '@nestjs/core', 'vaultstrap/register', './app.module']);
  });
});

withRegistry(`examples/nextjs${why}`, () => {
  let example: Example;
  beforeAll(async () => {
    example = await installExample('nextjs');
    await buildExample(example, { ...shop.settings, VAULTSTRAP_ENABLED: 'false', NEXT_TELEMETRY_DISABLED: '1' });
  });
  afterAll(() => removeExample(example));

  test('the build asks for no secret, and holds none', async () => {
    const built = globSync('.next/{server,static,standalone/.next}/**', { cwd: example.dir })
      .map((file) => example.path(file))
      .filter((file) => statSync(file).isFile());
    expect(built.length).toBeGreaterThan(10);
    for (const file of built) expect(leaksIn(readFileSync(file, 'latin1')), file).toEqual([]);
  });

  test('values are there while its routes load, and follow a rotation', async () => {
    await shop.azure.requests.clear();
    await expectItFollows(await serve(example), shop);
    expect((await shop.azure.requests()).filter(({ target }) => target === 'identity')).toHaveLength(1);
  });

  test('a start that fails ends the server, and says why', async () => {
    const port = String(await freePort());
    const env = {
      ...shop.settings,
      PORT: port,
      HOSTNAME: '127.0.0.1',
      API_KEY: '@KeyVault(VaultName=shop;SecretName=gone)',
    };
    const { code, stderr } = await example.run(example.script('start'), { env });
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/API_KEY.*ERR_SECRET_NOT_FOUND/);
  });
});

withRegistry(`examples/pm2${why}`, () => {
  let example: Example;
  beforeAll(async () => {
    example = await installExample('pm2', '--omit=optional');
  });
  afterAll(() => removeExample(example));

  /** The processes that answer with the price, once there are two of them. */
  async function twoThatAnswer(port: number): Promise<readonly string[]> {
    const processes = new Set<string>();
    await until(async () => {
      const answer = await ask(port);
      if (answer?.status === 200) processes.add(answer.headers.get('x-process') ?? '');
      return processes.size === 2;
    });
    return [...processes].sort();
  }

  test('each process has a clock of its own', async () => {
    const port = await serve(example, { PM2_HOME: example.path('.pm2') });
    const before = await twoThatAnswer(port);
    await shop.rotate();
    expect(await twoThatAnswer(port)).toEqual(before);
  });

  test('a reload starts processes that read the vault anew', async () => {
    const home = { PM2_HOME: example.path('.pm2-reload') };
    const port = await serve(example, { ...home, VAULTSTRAP_REFRESH_SECONDS: '0' });
    const before = await twoThatAnswer(port);
    await shop.rotate();
    expect((await ask(port))?.status).toBe(502);
    const reload = await example.run([example.path('node_modules/pm2/bin/pm2'), 'reload', 'shop'], { env: home });
    expect(reload.code, reload.stderr).toBe(0);
    const after = await twoThatAnswer(port);
    for (const process of before) expect(after).not.toContain(process);
  });
});
