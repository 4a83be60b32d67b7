// examples/pipeline: the steps of both pipelines, with the settings that stand there, as an agent runs them.
import { readFileSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Example, linkExample } from './support/example.js';
import { type Shop, startShop } from './support/shop.js';

let shop: Shop;
let example: Example;
beforeAll(async () => {
  shop = await startShop();
  example = linkExample('pipeline');
  // npm would put the command there.
  example.write({ 'node_modules/.bin/.keep': '' });
  symlinkSync('../vaultstrap/dist/cli.cjs', example.path('node_modules/.bin/vaultstrap'));
});
afterAll(() => shop?.close());
beforeEach(() => shop.reset());

const FILES = [
  ['azure-pipelines.yml', /^ {2}- script: (npx .*)$/m],
  ['.github/workflows/migrate.yml', /^ {6}- run: (npx .*)$/m],
] as const;

describe.each(FILES)('%s', (file, step) => {
  const text = () => readFileSync(example.path(file), 'utf8');
  const command = () => step.exec(text())?.[1] ?? '';

  test('the command sees the value; the pipeline itself does not', async () => {
    expect(command()).toBe('npx vaultstrap run -- node migrate.js');
    // YAML takes no bare @ for the beginning of a text.
    const reference = /^ +API_KEY: "(@KeyVault\(.*\))"$/m.exec(text())?.[1];
    expect(reference).toBe(shop.settings['API_KEY']);
    const [program = '', ...args] = command().split(' ');
    const { code, stdout, stderr } = await example.run(args, { command: program, env: shop.settings });
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'migrated\n' });
    expect(shop.served()).toBe(1);
  });

  test('without the right to read, the step fails with the remedy, and nothing is run', async () => {
    await shop.azure.identity().revoke();
    const [program = '', ...args] = command().split(' ');
    const { code, stdout, stderr } = await example.run(args, { command: program, env: shop.settings });
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain('Key Vault Secrets User');
  });
});
