// Which settings move to a vault, under which name, and with which bytes.
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choose, isTaken, type Selection, secretNameOf } from '../../../src/cli/import/choose.js';
import type { Entry } from '../../../src/cli/import/entries.js';
import { hostReadsBeside } from '../../../src/cli/import/host-reads.js';
import { parseSettings } from '../../../src/cli/import/settings-file.js';
import { lookAt } from '../../../src/cli/support/looks-secret.js';
import { scanValue } from '../../../src/settings/scan.js';
import { anyCharacter } from '../../helpers/any-text.js';
import { type Files, folderOf } from '../lint/support.js';

const entry = (name: string, value: string | undefined): Entry => ({
  name,
  value,
  start: 0,
  end: 0,
  write: (text) => text,
});
const chosen = (settings: Readonly<Record<string, string>>, selection: Selection = {}) => {
  const entries = Object.entries(settings).map(([name, value]) => ({ ...entry(name, value), value }));
  return choose(entries, entries.map(lookAt), selection);
};
const why = (name: string, value: string, selection?: Selection) => {
  const [choice] = chosen({ [name]: value }, selection);
  return choice && (isTaken(choice) ? `${choice.secret}: ${choice.why}` : choice.why);
};

describe('what never moves', () => {
  test.each([
    ['A', '@KeyVault(VaultName=shop;SecretName=a)', 'holds a reference already'],
    ['A', 'x@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/a)', 'holds a reference already'],
    ['A', '@KeyVault(VaultName=shop)', 'a malformed reference: SecretName is missing'],
    ['DB_PASSWORD', '@KeyVaul(VaultName=shop;SecretName=a)', /a misspelt reference: one begins with @KeyVault\(/],
    ['AzureWebJobsStorage', 'AccountKey=abc', /read by the Functions host/],
    ['AzureWebJobsMyQueue', 'AccountKey=abc', /read by the Functions host/],
    ['FUNCTIONS_EXTENSION_VERSION', '~4', /read by the Functions host/],
    ['AZURE_CLIENT_SECRET', 'abc', /a managed identity needs none/],
    ['AZURE_CLIENT_ID', 'abc', /steers the process/],
    ['VAULTSTRAP_VAULT_CA', 'abc', /steers the process/],
    ['WEBSITE_AUTH_SIGNING_KEY', 'abc', /steers the process/],
    ['A', '', 'empty'],
    ['A', 'a\0b', /NUL/],
    ['A', 'ü'.repeat(12_801), /25602 bytes/],
    ['ПАРОЛЬ', 'abc', /no name of a secret/],
  ])('%s=%.20s', (name, value, reason) => {
    expect(why(name, value, { all: true })).toMatch(reason);
  });

  test('connection strings of .NET, which are listed all the same', () => {
    const { entries } = parseSettings('x.json', '{ "Values": { "A": "x" }, "ConnectionStrings": { "Main": "y" } }');
    expect(choose(entries, [], { all: true })).toMatchObject([
      { setting: 'A', secret: 'a' },
      { setting: 'ConnectionStrings:Main', why: expect.stringMatching(/put it into Values/), never: true },
    ]);
  });

  test('asked for by name, it is an error that says why', () => {
    expect(() => chosen({ AZURE_CLIENT_SECRET: 'x' }, { only: ['AZURE_CLIENT_SECRET'] })).toThrow(
      /cannot be moved: a sign-in/,
    );
    expect(() => chosen({ A: 'x' }, { only: ['B'] })).toThrow("--only: there is no setting 'B' in the file.");
    expect(() => chosen({ A: 'x' }, { except: ['a'] })).toThrow("--except: there is no setting 'a'");
    // What is done already is no error: the same command can be run again.
    expect(isTaken(chosen({ A: '@KeyVault(VaultName=shop;SecretName=a)' }, { only: ['A'] })[0] as never)).toBe(false);
  });
});

describe('names of secrets', () => {
  test.each([
    ['DB_PASSWORD', undefined, 'db-password'],
    ['Smtp__Pass.Word', undefined, 'smtp-pass-word'],
    ['_X_', 'Shop-', 'shop-x'],
    ['A'.repeat(128), undefined, undefined],
    ['A', 'a_', undefined],
    ['__', 'shop-', undefined],
  ])('%s with %s', (setting, prefix, expected) => {
    expect(secretNameOf(setting, prefix)).toBe(expected);
  });

  test('what stands there twice never moves', () => {
    expect(choose([entry('A', 'x'), entry('A', 'y')], [], { all: true }).filter(isTaken)).toEqual([]);
  });

  test.each(['shop_', 'ä', ' ', 'x'.repeat(127)])('a prefix that begins no name is a mistake: %j', (prefix) => {
    expect(() => chosen({ DB_PASSWORD: 'a' }, { prefix })).toThrow('--prefix cannot begin the name of a secret.');
  });

  test('two settings, one name: nothing is done', () => {
    const settings = { DB_PASSWORD: 'a', 'db-password': 'b' };
    expect(() => chosen(settings)).toThrow("DB_PASSWORD and db-password would both become secret 'db-password'.");
    expect(chosen(settings, { except: ['DB_PASSWORD'] }).filter(isTaken)).toHaveLength(1);
  });
});

test.each([
  ['in braces', `$\{DB_PASSWORD}`],
  ['bare, as dotenv-expand and Docker Compose expand it', '$DB_PASSWORD'],
])('text that mentions another setting %s stays, unless it is named', (_how, mention) => {
  const settings = { DB_PASSWORD: 'hunter2', DB_URL: `postgres://app:${mention}@db/shop`, API_KEY: 'pa$word' };
  expect(
    chosen(settings)
      .filter(isTaken)
      .map(({ setting }) => setting),
  ).toEqual(['DB_PASSWORD', 'API_KEY']);
  expect(chosen(settings, { only: ['DB_URL'] }).filter(isTaken)).toHaveLength(1);
});

test('the secret gets the bytes that the app saw, however the setting was written', () => {
  const piece = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom(
      '@KeyVault(',
      '@@KeyVault(',
      '@Microsoft.KeyVault(x)',
      '$',
      `$\{A}`,
      '\\',
      '\n',
      "'",
      '"',
      ')',
      '@',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const value = pieces.join('');
      fc.pre(value !== '' && !value.includes('\0') && !/^akvs:\/\//i.test(value) && value.isWellFormed());
      const written = value.replace(/@(Microsoft\.)?KeyVault\(/gi, '@$&');
      const [choice] = chosen({ THE_VALUE: written }, { all: true });
      if (!choice || !isTaken(choice)) throw new Error(`not taken: ${choice?.why}`);
      expect(choice.value.reveal()).toBe(value);
      // And that is what the setting meant: the same as the run time's own reading.
      const scan = scanValue(written);
      expect(scan.kind === 'segments' ? scan.segments.join('') : written).toBe(value);
    }),
  );
});

describe('what the Functions host reads for a trigger or binding', () => {
  const ORDERS =
    "import { app } from '@azure/functions';\napp.serviceBusQueue('orders', { connection: 'ServiceBusConnection', queueName: '%QUEUE%', handler });\n";
  const project = (files: Files) =>
    folderOf({ 'host.json': '{}', 'package.json': '{ "main": "dist/src/functions/*.js" }', ...files });
  const TS = {
    'tsconfig.json': '{ "compilerOptions": { "outDir": "dist", "rootDir": "." } }',
    'src/functions/orders.ts': ORDERS,
  };
  const whyIn = async (dir: string, name: string, file = 'local.settings.json') =>
    (await hostReadsBeside(path.join(dir, file)))(name);

  test('stays, with what to do without a secret', async () => {
    const dir = project(TS);
    const said = await whyIn(dir, 'ServiceBusConnection');
    expect(said).toMatch(
      /^read by the Functions host for .*src\/functions\/orders\.ts: use an identity-based connection/,
    );
    expect(said).toContain('(ServiceBusConnection__fullyQualifiedNamespace), or on Azure @Microsoft.KeyVault(...)');
    // As the host joins them: in any case, and part by part.
    expect(await whyIn(dir, 'servicebusconnection__clientSecret')).toBeDefined();
    expect(await whyIn(dir, 'QUEUE')).toContain('written plainly');
    expect(await whyIn(dir, 'DB_PASSWORD')).toBeUndefined();
    expect(await whyIn(dir, 'ServiceBusConnection', '.env')).toBeDefined();
  });

  test('of the older model, too', async () => {
    const binding = { type: 'queueTrigger', connection: 'ORDERS' };
    const dir = project({ 'package.json': '{}', 'orders/function.json': JSON.stringify({ bindings: [binding] }) });
    expect(await whyIn(dir, 'ORDERS')).toContain('ORDERS__queueServiceUri');
  });

  test('nothing of it where the file stands alone', async () => {
    expect(await whyIn(folderOf(TS), 'ServiceBusConnection')).toBeUndefined();
  });

  test('is not moved by --all, nor by --only', async () => {
    const hostReads = await hostReadsBeside(path.join(project(TS), 'local.settings.json'));
    const entries = [entry('ServiceBusConnection', 'Endpoint=sb://x/;SharedAccessKey=abc')];
    const [choice] = choose(entries, [undefined], { all: true }, hostReads);
    expect(choice && isTaken(choice)).toBe(false);
    expect(() => choose(entries, [undefined], { only: ['ServiceBusConnection'] }, hostReads)).toThrow(
      /ServiceBusConnection cannot be moved: read by the Functions host/,
    );
  });
});
