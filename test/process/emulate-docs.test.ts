// What a person copies works: every snippet of docs/testing.md and docs/import.md, and the two examples.
import { chmodSync, cpSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, startAzure } from './support/app.js';

const windows = process.platform === 'win32';

interface Snippet {
  readonly language: string;
  readonly text: string;
}

function snippetsOf(file: string): readonly Snippet[] {
  const markdown = readFileSync(path.join(root, 'docs', file), 'utf8');
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** The name that a snippet gives itself in its first line. */
const nameOf = ({ text }: Snippet): string => /^\/\/ (\S+)\n/.exec(text)?.[1] ?? '';
const commandsOf = (snippets: readonly Snippet[]) =>
  snippets.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'));

let app: App;
beforeAll(() => {
  app = createApp({ sdk: true });
  app.write({
    'bin/npx': '#!/bin/sh\nshift\nexec node "$APP/node_modules/vaultstrap/dist/cli.cjs" "$@"\n',
    'bin/node': `#!/bin/sh\nexec "${NODE}" "$@"\n`,
    '.env': 'DB_PASSWORD=@KeyVault(VaultName=shop;SecretName=db-password)\n',
    'app.mjs': `import 'vaultstrap/register';\nimport probe from './probe.cjs';\nprobe.env('DB_PASSWORD');`,
  });
  for (const name of ['npx', 'node']) chmodSync(app.path('bin', name), 0o755);
});

const sh = (command: string, env: Readonly<Record<string, string>> = {}) =>
  app.start(['-c', command], {
    command: 'sh',
    env: { APP: app.dir, PATH: `${app.path('bin')}${path.delimiter}${process.env['PATH']}`, ...env },
  });

describe('docs/testing.md', () => {
  const snippets = snippetsOf('testing.md');
  const suites = snippets.filter(({ language }) => language === 'js');

  test('every snippet is one that is tried here', () => {
    expect(suites.map(nameOf).filter((name) => !name.endsWith('.test.mjs'))).toEqual([]);
    expect(
      snippets.map(({ language }) => language).filter((language) => !['js', 'json', 'sh'].includes(language)),
    ).toEqual([]);
    expect(suites.length).toBeGreaterThan(5);
  });

  test.each(suites.map((snippet) => [nameOf(snippet), snippet] as const))('%s', async (name, { text }) => {
    app.write({ [name]: text });
    const { code, stdout } = await app.run(['--test', '--test-reporter=tap', name]);

    expect(stdout).toMatch(/^# pass [1-9]/m);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^# fail 0$/m) });
  });

  const commands = commandsOf(snippets);
  test.skipIf(windows).each(commands)('%s', async (command) => {
    for (const snippet of snippets.filter(({ language }) => language === 'json'))
      app.write({ [nameOf(snippet)]: snippet.text });
    const { child, outcome, saw } = sh(command.replace(/^npx/, 'exec npx'));
    if (!command.includes(' -- ')) {
      await saw('Ctrl-C ends it');
      child.kill('SIGINT');
    }
    const { code, stderr, probes } = await outcome;
    const value = command.includes('--seed') ? 'local' : 'emulated-shop-db-password';

    expect({ code, probes }).toEqual({ code: 0, probes: command.includes(' -- ') ? [{ DB_PASSWORD: value }] : [] });
    expect(stderr).toContain('an emulated Azure with 1 vault');
    const target = />\s*(\S+)$/.exec(command)?.[1];
    if (target) expect(readFileSync(app.path(target), 'utf8')).toContain('VAULTSTRAP_VAULT_ENDPOINT');
  });
});

describe.skipIf(windows)('docs/import.md', () => {
  let azure: Emulator;
  beforeAll(async () => {
    azure = await startAzure({ vaults: { 'my-vault': {} } });
    app.write({ '.env': 'API_TOKEN=the-value-of-before\n' });
  });
  afterAll(() => azure?.close());

  test.each(commandsOf(snippetsOf('import.md')))('%s', async (command) => {
    expect(await sh(command, azure.env).outcome).toMatchObject({ code: 0 });
  });

  test('and that is what they did', async () => {
    expect(await azure.vault('my-vault').get('db-password')).toMatchObject({
      value: expect.stringMatching(/^[\w+/]{32}$/),
      tags: { owner: 'payments' },
      expiresOn: new Date('2031-06-30'),
    });
    expect(await azure.vault('my-vault').get('api-token')).toMatchObject({ value: 'the-value-of-before' });
    expect(readFileSync(app.path('.env'), 'utf8')).toBe(
      'API_TOKEN=@KeyVault(VaultName=my-vault;SecretName=api-token)\n',
    );
  });
});

describe('examples', () => {
  test.each([
    ['testing-node', ['--test', '--test-reporter=tap']],
    ['testing-vitest', ['node_modules/vitest/vitest.mjs', 'run', '--reporter=tap', '--dir']],
  ])('%s', async (name, args) => {
    cpSync(path.join(root, 'examples', name), app.path(name), { recursive: true });
    if (name === 'testing-vitest')
      symlinkSync(path.join(root, 'node_modules/vitest'), app.path('node_modules/vitest'), 'junction');
    const target = name === 'testing-vitest' ? name : `${name}/payments.test.mjs`;
    const { code, stdout } = await app.run([...args, target], { limitMs: 25_000 });

    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/ok 3 /) });
    expect(stdout).not.toMatch(/not ok/);
  });
});
