// The Function Apps of examples/, built as their package.json says, in the Functions Node worker.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../helpers/until.js';
import { type Example, linkExample } from './support/example.js';
import { FUNCTION_APPS } from './support/examples.js';
import { PRICE, type Shop, startShop } from './support/shop.js';
import { runWorker, type Step } from './support/worker.js';

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop?.close());
beforeEach(() => shop.reset());

async function build(name: string): Promise<Example> {
  const example = linkExample(name);
  // The declarations of others take most of the time; ours are checked in test/types.
  const quick = example.script('build')[0]?.includes('typescript') ? ['--skipLibCheck'] : [];
  const { code, stdout, stderr } = await example.run([...example.script('build'), ...quick], { limitMs: 60_000 });
  expect(code, stdout + stderr).toBe(0);
  return example;
}

/** The key changes, and the process reads it: twice, since the first reading may not be applied yet. */
async function rotate(): Promise<void> {
  await until(() => shop.served() > 0);
  await shop.rotate();
  await shop.azure.requests.clear();
  await until(async () => (await shop.azure.requests()).filter(({ secret }) => secret === 'api-key').length > 1);
}

function expectPrices(steps: readonly Step[], count: number): void {
  expect(steps.filter(({ ok }) => ok === false)).toEqual([]);
  const answers = steps.filter(({ step }) => step === 'invoke price').map(({ status, body }) => [status, body]);
  expect(answers).toEqual(Array.from({ length: count }, () => ['200', PRICE]));
}

describe.each(FUNCTION_APPS)('examples/%s', (name) => {
  let example: Example;
  beforeAll(async () => {
    example = await build(name);
  });

  test('values are there while its files load, and follow a rotation', async () => {
    expectPrices(await runWorker(example, { settings: shop.settings, between: rotate }), 2);
  });

  test('in a placeholder that becomes this app', async () => {
    expectPrices(await runWorker(example, { settings: shop.settings, specialized: true }), 1);
  });

  test('a start that fails is one that the host sees', async () => {
    await shop.azure.vault('shop').delete('api-key');
    const steps = await runWorker(example, { settings: shop.settings });
    expect(steps.find(({ step }) => step === 'init')).toMatchObject({
      ok: false,
      error: expect.stringContaining('API_KEY'),
    });
  });
});

test('examples/functions-bundled as ESM, whose packages stay outside of the bundle', async () => {
  const example = await build('functions-bundled');
  const plan = { main: 'dist/index.mjs', settings: shop.settings, between: rotate };
  expectPrices(await runWorker(example, plan), 2);
});
