// docs/local.md, as a newcomer reads it: the commands of the first ten minutes, one after the other, and what a
// pipeline pastes.
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, startAzure } from './support/app.js';

const windows = process.platform === 'win32';
const markdown = readFileSync(path.join(root, 'docs/local.md'), 'utf8');
const snippets = (language: string) =>
  [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, of, text = '']) =>
    of === language ? [text] : [],
  );
const commands = snippets('sh').flatMap((text) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.replace(/ {2,}#.*/, '')),
);

let azure: Emulator;
let app: App;
beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { 'db-password': 'local' }, 'my-vault': {} } });
  app = createApp({ sdk: true });
  const start = "require('./probe.cjs').env('DB_PASSWORD')";
  app.write({
    'bin/npx': '#!/bin/sh\nshift\nexec node "$APP/node_modules/vaultstrap/dist/cli.cjs" "$@"\n',
    'bin/node': `#!/bin/sh\nexec "${NODE}" "$@"\n`,
    // As npm does: a script of package.json.
    'bin/npm': `#!/bin/sh\nexec node -e "${start}"\n`,
    'bin/func': `#!/bin/sh\nexec node -e "${start}"\n`,
    'package.json': JSON.stringify({ name: 'shop', scripts: { start: 'node app.js' } }),
    'app.js': 'start();\n',
    '.env': snippets('ini').join(''),
  });
  for (const name of ['npx', 'node', 'npm', 'func']) chmodSync(app.path('bin', name), 0o755);
});
afterAll(() => azure?.close());

const sh = (command: string, env: Readonly<Record<string, string | undefined>> = {}) =>
  app.run(['-c', command], {
    command: 'sh',
    env: { APP: app.dir, PATH: `${app.path('bin')}${path.delimiter}${process.env['PATH']}`, ...env },
    input: 'a value\n',
  });

test.skipIf(windows)('every command of the page, in its order', { timeout: 120_000 }, async () => {
  const without = ['az login'];
  const tried: string[] = [];
  for (const command of commands.filter((line) => !without.includes(line))) {
    // Above "With Azure" there is none; below it the emulator stands for it.
    const isBelow = commands.indexOf(command) > commands.indexOf('az login');
    const { code, stderr, probes } = await sh(command, isBelow ? azure.env : {});
    // Here is nobody whom `init` could ask.
    const ends = command.startsWith('npx vaultstrap init') ? 1 : 0;
    expect({ command, code, stderr }).toEqual({ command, code: ends, stderr: expect.not.stringContaining('error') });
    if (/(start|dev)$/.test(command)) {
      const value = isBelow ? 'local' : 'emulated-shop-db-password';
      // `func start` finds its settings in local.settings.json, of which there is none here.
      if (!command.endsWith('func start')) expect(probes).toEqual([{ DB_PASSWORD: value }]);
    }
    tried.push(command);
  }
  expect(tried.length).toBeGreaterThanOrEqual(8);
});

test.skipIf(windows).each([
  ['GitHub Actions', { GITHUB_ACTIONS: 'true' }, /^::error file=\.env,line=2/m],
  ['Azure Pipelines', { TF_BUILD: 'True' }, /^##vso\[task\.logissue type=error;sourcepath=\.env;linenumber=2/m],
] as const)('the steps for %s: they pass, and fail with an annotation', async (_name, env, annotation) => {
  const steps = snippets('yaml').flatMap((text) =>
    [...text.matchAll(/(?:run|script): (npx vaultstrap .*)/g)].map(([, step]) => step ?? ''),
  );
  expect(new Set(steps)).toEqual(new Set(['npx vaultstrap lint --max-warnings 0']));
  const [step = ''] = steps;
  app.write({ 'app.js': "require('vaultstrap/register');\n", '.env': snippets('ini').join('') });
  expect(await sh(step, env)).toMatchObject({ code: 0 });
  app.write({ '.env': `${snippets('ini').join('')}API_KEY=@KeyVault(VaultName=shop)\n` });
  expect(await sh(step, env)).toMatchObject({ code: 1, stdout: expect.stringMatching(annotation) });
});
