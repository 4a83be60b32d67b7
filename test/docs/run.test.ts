// What can be copied does what the page says: run as it stands, with stand-ins for the reader's own app.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { parseDotenv } from '../../src/cli/support/dotenv.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { guide, readPage, type Snippet, snippetsIn } from './support/pages.js';
import { createFolder, type Ended, type Folder } from './support/run.js';
import { commandsOf } from './support/shell.js';

const [first] = snippetsIn([readPage('README.md')], 'ini');
/** Those that the README begins with. */
const SETTINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(parseDotenv(first?.text ?? '', 'README.md')),
  API_KEY: '@KeyVault(VaultName=shop;SecretName=api-key)',
  DB_HOST: 'db',
};
const SECRETS = { 'db-password': 'pa$$ w0rd', 'api-key': 'key-1' };
const URL_OF_DB = 'postgres://app:pa%24%24%20w0rd@db/orders';

/** A vault that the snippet can change: in the same process, behind a start that is over. */
const LIVE = `
import * as vaultstrap from 'vaultstrap';
import { startEmulator } from 'vaultstrap/testing';
const azure = await startEmulator({ vaults: { shop: ${JSON.stringify(SECRETS)} } });
Object.assign(process.env, azure.env, ${JSON.stringify(SETTINGS)});
await vaultstrap.bootstrap({ refreshSeconds: 0, settleSeconds: 0 });
const rotate = async (secret, value) => {
  await azure.vault('shop').set(secret, value);
  await vaultstrap.refresh();
};
const until = async (holds) => {
  for (let i = 0; i < 1000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
};
const tell = (told) => console.log('TOLD ' + JSON.stringify(told));
`;
const APP = `console.log('TOLD ' + JSON.stringify([process.env.DB_PASSWORD, process.env.DATABASE_URL]));\n`;
const CONNECT = `const connect = ({ user, password }) => tell([user, typeof password === 'function' ? password() : password]);\n`;
const WITH_VALUES = [[SECRETS['db-password'], URL_OF_DB]];
/** Has its own start, so that only the connection is a stand-in. */
const OWN_START = `const tell = (told) => console.log('TOLD ' + JSON.stringify(told));\n${CONNECT}`;

interface Case {
  readonly page: string;
  /** Stands in this snippet of the page, and in no other. */
  readonly has: string;
  readonly before?: string;
  readonly behind?: string;
  readonly adapt?: (text: string) => string;
  readonly files?: Readonly<Record<string, string>>;
  readonly told: readonly unknown[];
  readonly prints?: RegExp;
}

const CASES: readonly Case[] = [
  { page: 'README.md', has: `import './app.js'`, files: { 'app.js': APP }, told: WITH_VALUES },
  {
    page: 'README.md',
    has: 'requireSettings(',
    before: `${LIVE}
class Refused extends Error {}
const keys = [];
let drained = 0;
const drainPool = () => drained++;
const callApi = async (key) => {
  keys.push(key);
  if (keys.length > 1) return;
  await azure.vault('shop').set('api-key', 'key-2');
  throw new Refused();
};`,
    behind: `await rotate('db-password', 'new');
await until(() => drained > 0);
tell([DATABASE_URL, keys, drained]);
await azure.close();`,
    told: [[URL_OF_DB, ['key-1', 'key-2'], 1]],
  },
  { page: 'docs/startup.md', has: `register';\nimport './app.js'`, files: { 'app.js': APP }, told: WITH_VALUES },
  { page: 'docs/startup.md', has: 'import express', files: { 'app.js': APP }, told: WITH_VALUES },
  {
    page: 'docs/performance.md',
    has: './frameworks.js',
    files: { 'app.js': APP, 'frameworks.js': APP.replaceAll('process.env.', '!!process.env.') },
    told: [[false, false], ...WITH_VALUES],
  },
  {
    page: 'docs/rotation.md',
    has: `onRotated('DB_PASSWORD'`,
    before: `${LIVE}let renewed = 0;\nconst pool = { renew: () => renewed++ };`,
    adapt: (text) =>
      text.replace('off();', `await rotate('db-password', 'new');\nawait until(() => renewed > 0);\noff();`),
    behind: `await rotate('db-password', 'newer');\ntell(renewed);\nawait azure.close();`,
    told: [1],
    prints: /^generation 2: [0-9a-f]{32} -> [0-9a-f]{32}$[\s\S]*'DATABASE_URL'/m,
  },
  {
    page: 'docs/rotation.md',
    has: `subscribe('vaultstrap:refresh'`,
    before: LIVE,
    behind: `await azure.vault('shop').delete('api-key');\nawait vaultstrap.refresh();\nawait azure.close();`,
    told: [],
    prints: /^generation 1 without API_KEY$/m,
  },
  {
    page: 'docs/rotation.md',
    has: `'28P01'`,
    before: `${LIVE}
const query = async (password, sql) => {
  if (password === 'new') return sql;
  await azure.vault('shop').set('db-password', 'new');
  throw Object.assign(new Error('refused'), { code: '28P01' });
};`,
    behind: `tell(order);\nawait azure.close();`,
    told: ['SELECT 1'],
  },
  {
    page: 'docs/identity.md',
    has: 'BlobServiceClient',
    before: LIVE,
    adapt: (text) =>
      text
        .replace(`'@azure/service-bus'`, `'./service-bus.mjs'`)
        .replace('{client id}', '11111111-1111-4111-8111-111111111111'),
    files: { 'service-bus.mjs': 'export class ServiceBusClient {}\n' },
    behind: `tell([token.length > 100, blobs.accountName, orders.constructor.name]);\nawait azure.close();`,
    told: [[true, 'account', 'ServiceBusClient']],
  },
  {
    page: 'docs/migrate.md',
    has: `import 'vaultstrap/register';\n\nconnect(`,
    before: OWN_START,
    told: [[null, SECRETS['db-password']]],
  },
  {
    page: 'docs/migrate.md',
    has: 'await resolve(',
    before: OWN_START,
    behind: `tell(Object.values(process.env).includes(values.PASSWORD));`,
    told: [[null, SECRETS['db-password']], false],
  },
];

const COMPILED_ONLY: readonly (readonly [page: string, has: string, why: string])[] = [
  ['docs/functions.md', 'maxAgeSeconds', 'test/process/functions.test.ts starts it in the worker'],
  ['docs/functions.md', 'refreshSecrets', 'the worker registers it; the handlers have tests of their own'],
  ['docs/migrate.md', 'keyVaultOptions', 'what one comes from'],
  ['docs/migrate.md', 'APPCONFIG_ENDPOINT, credential());', 'needs a store of App Configuration'],
  ['docs/migrate.md', 'new SecretClient(', 'what one comes from'],
  ['docs/references.md', 'createServer', 'test/examples/certificate.test.ts runs it, with a renewal'],
  ['docs/outcomes.md', `status: 'ready'`, 'a report, and no program'],
  ['docs/startup.md', 'NEXT_RUNTIME', 'test/hosts/installed starts examples/nextjs, which has the same'],
];

/** docs/testing.md is run by test/process/emulate-docs.test.ts. */
const code = snippetsIn(guide, 'js', 'ts').filter(({ file }) => file !== 'docs/testing.md');
const isOf = (page: string, has: string) => (snippet: Snippet) => snippet.file === page && snippet.text.includes(has);

test('each snippet is run here, or it is said why not', () => {
  const all = [...CASES.map(({ page, has }) => [page, has] as const), ...COMPILED_ONLY];
  const claimed = all.map(([page, has]) => code.find(isOf(page, has))?.at ?? `${page}: ${has}`);
  expect([...new Set(claimed)].sort()).toEqual(code.map(({ at }) => at).sort());
});

let azure: Emulator;
let folder: Folder;
beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: SECRETS, 'my-vault': {} } });
  folder = createFolder();
});
afterAll(async () => {
  folder?.remove();
  await azure?.close();
});

const toldBy = ({ stdout }: Ended) =>
  [...stdout.matchAll(/^TOLD (.+)$/gm)].map(([, json = '']): unknown => JSON.parse(json));

describe.each(CASES)('$page: $has', ({ page, has, before = '', behind = '', adapt, files = {}, told, prints }) => {
  test('does what it says', async () => {
    const { text = '' } = code.find(isOf(page, has)) ?? {};
    for (const [name, content] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
      folder.write(name, content);
    }
    folder.write('main.mjs', `${before}\n${adapt?.(text) ?? text}\n${behind}\n`);
    const result = await folder.node(['main.mjs'], { ...azure.env, ...SETTINGS });

    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(toldBy(result)).toEqual(told);
    if (prints) expect(`${result.stdout}${result.stderr}`).toMatch(prints);
  });
});

const cli = path.join(root, 'dist/cli.cjs');
const withoutComments = (snippet?: Snippet) => snippet?.text.replace(/ *\/\/[^\n]*/g, '');

describe('README.md', () => {
  test('the three lines to begin with', async () => {
    const [begin] = snippetsIn([readPage('README.md')], 'sh');
    const [install, init = [], set = []] = commandsOf(begin?.text ?? '');
    expect(install).toEqual(['npm', 'install', 'vaultstrap']);
    folder.write('package.json', '{ "type": "module", "scripts": { "start": "node server.js" } }');
    folder.write('server.js', `import './app.js';\n`);

    // There is nobody here whom it could ask.
    expect(await folder.node([cli, ...init.slice(2), '--yes'], azure.env)).toMatchObject({ code: 0 });
    expect(readFileSync(folder.path('server.js'), 'utf8')).toBe(
      withoutComments(code.find(isOf('README.md', `'./app.js'`))),
    );
    const written = await folder.node([cli, ...set.slice(2)], azure.env, 'by hand\n');
    expect(written).toMatchObject({ code: 0, stdout: `${SETTINGS['DB_PASSWORD']}\n` });
    expect(await azure.vault('shop').get('db-password')).toMatchObject({ value: 'by hand' });
    await azure.vault('shop').set('db-password', SECRETS['db-password']);
  });

  test('the error that is shown is the one that is thrown', async () => {
    const shown = snippetsIn([readPage('README.md')], '').find(({ text }) => text.startsWith('BootstrapError: '));
    const denying = await startEmulator({ vaults: { shop: SECRETS }, identities: { system: { grants: [] } } });
    const settings = { DB_PASSWORD: SETTINGS['DB_PASSWORD'] ?? '', API_KEY: '@KeyVault(VaultName=shop)' };
    folder.write('main.mjs', `import 'vaultstrap/register';\n`);
    const { code, stderr } = await folder.node(['main.mjs'], { ...denying.env, ...settings });
    await denying.close();

    expect(code).toBe(1);
    const lines = shown?.text.trimEnd().split('\n') ?? [];
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(stderr).toContain(line.replace(/ \.\.\.$/, ''));
  });
});

describe('docs/migrate.md, from dotenv', () => {
  const [, , before, after] = snippetsIn([readPage('docs/migrate.md')], 'ini');

  test('import makes of the one file the other, and the app reads the same', async () => {
    folder.write('.env', before?.text ?? '');
    folder.write('server.js', APP);
    const line = ['import', '.env', '--vault', 'my-vault'];
    expect(await folder.node([cli, ...line], azure.env)).toMatchObject({ code: 0 });
    expect(readFileSync(folder.path('.env'), 'utf8')).toBe(before?.text);
    expect(await folder.node([cli, ...line, '--yes'], azure.env)).toMatchObject({ code: 0 });
    expect(readFileSync(folder.path('.env'), 'utf8')).toBe(after?.text);

    const old = Object.fromEntries(parseDotenv(before?.text ?? '', '.env'));
    const ran = await folder.node([cli, 'run', '--env-file', '.env', '--', process.execPath, 'server.js'], azure.env);
    expect(toldBy(ran)).toEqual([[old['DB_PASSWORD'], old['DATABASE_URL']]]);
    folder.write('main.mjs', `import 'vaultstrap/register';\nimport './server.js';\n`);
    expect(toldBy(await folder.node(['--env-file=.env', 'main.mjs'], azure.env))).toEqual(toldBy(ran));
  });
});
