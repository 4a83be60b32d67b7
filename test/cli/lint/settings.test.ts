// What is wrong with settings, and where: the ranges must cover what a person has to change.
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFiles } from '../../../src/cli/lint/files.js';
import { lintFiles } from '../../../src/cli/lint/lint-files.js';
import { type Files, folderOf, found, lint, values } from './support.js';

const REF = '@KeyVault(VaultName=shop;SecretName=pw)';
const VERSION = '0123456789abcdef0123456789abcdef';

describe('references', () => {
  test.each([
    ['an unknown key', '@KeyVault(VaultName=shop;SecrtName=pw)', 'SecrtName=pw'],
    ['a repeated key', '@KeyVault(VaultName=shop;SecretName=a;SecretName=b)', 'SecretName=b'],
    ['a malformed name', '@KeyVault(VaultName=shop;SecretName=a_b)', 'SecretName=a_b'],
    ['a malformed vault', '@KeyVault(VaultName=s;SecretName=a)', 'VaultName=s'],
    [
      'a wrong URI',
      '@KeyVault(SecretUri=http://shop.vault.azure.net/secrets/a)',
      'SecretUri=http://shop.vault.azure.net/secrets/a',
    ],
    ['an unknown encoding', '@KeyVault(VaultName=shop;SecretName=a;Encode=hex)', 'Encode=hex'],
    ['what excludes each other', '@KeyVault(VaultName=shop;SecretName=a;Default=x;Optional=true)', 'Optional=true'],
    ['a missing name', 'x @KeyVault(VaultName=shop) y', '@KeyVault(VaultName=shop)'],
    ['one that is not closed', 'x @KeyVault(VaultName=shop', '@KeyVault(VaultName=shop'],
    ['the second of two', `${REF}@KeyVault(VaultName=shop;Secretname=a;Feld=b)`, 'Feld=b'],
    ['akvs', 'akvs://sub/shop', 'akvs://sub/shop'],
  ])('%s', async (_name, value, part) => {
    expect(await found(values({ DB: value }))).toEqual([`reference-syntax: ${part}`]);
  });

  test.each([
    ['without an @', 'KeyVault(VaultName=shop;SecretName=a)', 'KeyVault('],
    ['a letter missing', '@KeyVaut(VaultName=shop;SecretName=a)', 'KeyVaut('],
    ['the last letter missing', '@KeyVaul(VaultName=shop;SecretName=a)', 'KeyVaul('],
    ['a blank too many', '@KeyVault (VaultName=shop;SecretName=a)', 'KeyVault ('],
    ['another bracket', 'a @Microsoft.KeyVault{SecretUri=x} b', 'KeyVault{'],
    ['the platform’s, misspelt', '@Mircosoft.KeyVault(SecretUri=x)', 'KeyVault('],
    ['behind one that is right', `${REF}:KeyVault(VaultName=shop;SecretName=a)`, 'KeyVault('],
    ['behind an @ of the text', 'app@@KeyVault(VaultName=shop;SecretName=host)/x', '@@KeyVault('],
  ])('what stays text, and was not meant to: %s', async (_name, value, part) => {
    expect(await found(values({ DB: value }))).toEqual([`reference-syntax: ${part}`]);
  });

  test('quotes around a reference, but not those of the file', async () => {
    expect(await found(values({ DB: `"${REF}"` }))).toEqual([`reference-syntax: \\"${REF}\\"`]);
    expect(await found({ '.env': `DB="${REF}"\n` })).toEqual([]);
  });

  test('the nearest right key is named', async () => {
    const { findings } = await lint(values({ DB: '@KeyVault(VaultName=shop;SecrtName=pw)' }));
    expect(findings[0]?.hint).toMatch(/^Did you mean SecretName\? Known/);
  });

  test('escapes of JSON do not shift positions', async () => {
    expect(
      await found({
        'local.settings.json': '{"Values":{"A":"\\"\\u00e9\\\\ @KeyVault(VaultName=shop;Bogus=\\u0061)"}}',
      }),
    ).toEqual(['reference-syntax: Bogus=\\u0061']);
  });

  test.each([
    ['a literal', '@@KeyVault(VaultName=shop)'],
    ['a literal in a sentence', 'write @@KeyVault(VaultName=shop;SecretName=a)'],
    ['a vault’s address', 'https://keyvault.example/keyvault(1)?VaultName=shop'],
    ['a function of that name', 'getKeyVault(name)'],
    ['several in a text', `postgres://a:${REF}@db/${REF}`],
    [
      'the platform’s, whole, in a protected setting',
      '@Microsoft.KeyVault(VaultName=shop;SecretName=a)',
      'WEBSITE_AUTH_SECRET',
    ],
  ])('nothing about %s', async (_name, value, name = 'DB') => {
    expect(await found(values({ [name]: value }))).toEqual([]);
  });

  test('a protected setting', async () => {
    expect(await found(values({ AZURE_CLIENT_ID: REF }))).toEqual(['protected-setting: "AZURE_CLIENT_ID"']);
    expect(
      await found({ '.env': `export AZURE_CLIENT_SECRET="@Microsoft.KeyVault(VaultName=shop;SecretName=a)"\n` }),
    ).toEqual(['protected-setting: AZURE_CLIENT_SECRET']);
  });

  test('circles, and mentions of nothing', async () => {
    expect(await found(values({ A: `\${B}${REF}`, B: `\${A}` }))).toEqual([
      `template-circle: \${B}${REF}`,
      `template-circle: \${A}`,
    ]);
    expect(await found(values({ A: REF, B: `\${A} \${GONE} \${GONE2:-x}`, C: `\${GONE}` }))).toEqual([
      `template-unknown: \${GONE}`,
    ]);
  });

  test('a version, and the platform’s spelling', async () => {
    expect(await found({ '.env': `A=@KeyVault(SecretUri=https://s.vault.azure.net/secrets/a/${VERSION})` })).toEqual([
      `pinned-version: @KeyVault(SecretUri=https://s.vault.azure.net/secrets/a/${VERSION})`,
    ]);
    const { findings } = await lint(values({ A: '@Microsoft.KeyVault(VaultName=shop;SecretName=a;Field=x)' }));
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([
      ['platform-reference-keys', 'warning'],
      ['platform-reference', 'info'],
    ]);
  });

  test('certificates and files are ours, too', async () => {
    const { findings } = await lint(
      values({ A: '@Microsoft.KeyVault(VaultName=shop;SecretName=a;Format=pem;File=true)' }),
    );
    expect(findings[0]?.message).toContain('a key of vaultstrap (Format, File)');
    expect(await found(values({ A: '@KeyVault(VaultName=shop;SecretName=a;Fiel=true)' }))).not.toEqual([]);
  });

  test('VAULTSTRAP_IGNORE is heard', async () => {
    expect(await found(values({ VAULTSTRAP_IGNORE: 'DB', DB: '@KeyVault(oops)' }))).toEqual([]);
  });
});

describe('our own settings', () => {
  test('unknown ones, with the nearest name', async () => {
    const { findings } = await lint(values({ VAULTSTRAP_REFERSH_SECONDS: '1', VAULTSTRAP_WHATEVER: '1' }));
    expect(findings.map(({ rule, hint }) => [rule, hint])).toEqual([
      ['unknown-setting', 'Did you mean VAULTSTRAP_REFRESH_SECONDS?'],
      ['unknown-setting', 'The README lists them all.'],
    ]);
  });

  test('malformed ones, as the start would say it', async () => {
    expect(
      await found(values({ VAULTSTRAP_ON_ERROR: 'explode', VAULTSTRAP_SCHEDULE: 'often', VAULTSTRAP_LOG: 'info' })),
    ).toEqual(['invalid-setting: explode', 'schedule: often']);
    expect(await found(values({ VAULTSTRAP_SCHEDULE: '0 */5 * * * *', VAULTSTRAP_REFRESH_SECONDS: '60' }))).toEqual([]);
  });

  test('what no environment can hold', async () => {
    const { findings } = await lint(values({ 'A=B': 'x', C: 'hunter\0two', 'A:B-c.d': 'as on Windows', '=': '\0' }));
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['impossible-setting', '"A=B" holds = or a NUL character, which no environment variable can.'],
      ['impossible-setting', '"C" has a NUL character in its value, which no environment variable can.'],
      ['impossible-setting', '"=" holds = or a NUL character, which no environment variable can.'],
      ['impossible-setting', '"=" has a NUL character in its value, which no environment variable can.'],
    ]);
    expect(await found(values({ 'A=B': 'x', C: 'hunter\0two' }))).toEqual([
      'impossible-setting: "A=B"',
      'impossible-setting: \\u0000',
    ]);
  });

  test('of templates only what a reference shows to be a setting', async () => {
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      tags: { 'tag=a': 'x\0' },
      appSettings: [{ name: 'A=B', value: REF }],
    };
    expect(await found({ 'azuredeploy.json': JSON.stringify(template) })).toEqual(['impossible-setting: "A=B"']);
  });

  test('a preload in NODE_OPTIONS, where it reaches everybody', async () => {
    const text = '--max-old-space-size=512 --import vaultstrap/preload';
    expect(await found(values({ NODE_OPTIONS: text }))).toEqual([`preload-in-node-options: ${text}`]);
    expect(await found({ '.env': `NODE_OPTIONS="${text}"` })).toEqual([]);
  });
});

describe('what the host reads', () => {
  const functions = (code: string) => ({
    'host.json': '{}',
    'package.json': '{"main":"src/*.ts"}',
    'src/a.ts': `require('vaultstrap/register'); const { app, input } = require('@azure/functions'); ${code}`,
  });

  test.each(['AzureWebJobsStorage', 'AzureWebJobsDashboard', 'APPLICATIONINSIGHTS_CONNECTION_STRING'])(
    '%s',
    async (name) => {
      expect(await found({ ...functions(''), ...values({ [name]: REF }) })).toEqual([`host-reads-setting: ${REF}`]);
      expect(
        await found({ ...functions(''), ...values({ [name]: '@Microsoft.KeyVault(VaultName=shop;SecretName=a)' }) }),
      ).toEqual([]);
    },
  );

  test.each([
    ["app.serviceBusQueue('q', { connection: 'CONN', queueName: 'x', handler() {} })", 'CONN__fullyQualifiedNamespace'],
    ["app.storageQueue('q', { connection: 'CONN', queueName: 'x', handler() {} })", 'CONN__queueServiceUri'],
    ["app.cosmosDB('q', { connection: 'CONN', databaseName: 'x', handler() {} })", 'CONN__accountEndpoint'],
    ["input.storageBlob({ connection: 'CONN', path: 'x' })", 'CONN__blobServiceUri'],
    ["app.eventHub('q', { connection: 'OTHER', eventHubName: '%CONN%', handler() {} })", 'plainly'],
    ['app.storageQueue("q", { connection: `CONN`, queueName: "x", handler() {} })', 'CONN__queueServiceUri'],
    ["const WHERE = 'CONN';\napp.storageQueue('q', { connection: WHERE, handler() {} })", 'CONN__queueServiceUri'],
    ["export const connection = 'CONN';\noutput.storageBlob({ connection, path: 'x' })", 'CONN__blobServiceUri'],
    ["const options = { connection: 'CONN', handler() {} };\napp.storageQueue('q', options)", 'CONN__queueServiceUri'],
    [
      "const base = { connection: 'FREE' } as const;\nconst all = { ...base, connection: 'CONN' } satisfies object;\napp.storageQueue('q', { ...all, handler() {} })",
      'CONN__queueServiceUri',
    ],
    [
      "const names = { queues: { connection: 'CONN' } };\noutput.storageBlob({ connection: names.queues.connection })",
      'CONN__blobServiceUri',
    ],
  ])('%s', async (code, hint) => {
    const { findings } = await lint({ ...functions(code), ...values({ CONN: REF, FREE: REF }) });
    expect(findings).toMatchObject([
      { rule: 'host-reads-setting', message: expect.stringMatching(/^CONN /), hint: expect.stringContaining(hint) },
    ]);
  });

  const QUEUE = "app.storageQueue('q', { connection, handler() {} })";

  test.each([
    ['a parameter', `const connection = 'CONN'; function add(connection) { ${QUEUE}; }`],
    ['one of several', `const connection = 'CONN'; const add = ({ a: [connection = 1] }, ...more) => ${QUEUE};`],
    ["a loop's", `const connection = 'CONN'; for (const connection of names) ${QUEUE};`],
    ["a block's", `const connection = 'CONN'; if (here) { let connection = names[0]; ${QUEUE}; }`],
    ['a var', `const connection = 'CONN'; function add() { if (here) { var connection = names[0]; } ${QUEUE}; }`],
    ['a caught error', `const connection = 'CONN'; try { run(); } catch (connection) { ${QUEUE}; }`],
    ['a method', `const connection = 'CONN'; class A { add(connection) { ${QUEUE}; } }`],
    ['a function expression', `const connection = 'CONN'; const add = function connection() { ${QUEUE}; };`],
    ['a class expression', `const connection = 'CONN'; const A = class connection { add() { ${QUEUE}; } };`],
    ['an enum', `const connection = 'CONN'; { enum connection { a = 1 } ${QUEUE}; }`],
    ["a function's own", `const connection = 'CONN'; { function connection() {} ${QUEUE}; }`],
    ['what may change', `let connection = 'CONN'; ${QUEUE};`],
    ['a part of a constant', `const { connection } = 'CONN'; ${QUEUE};`],
    ['a constant of a block', `if (here) { const connection = 'CONN'; run(connection); } ${QUEUE};`],
    ['a constant elsewhere', `function other() { const connection = 'CONN'; return connection; } ${QUEUE};`],
  ])('a name stands for the nearest that has it: %s', async (_what, code) => {
    expect(await found({ ...functions(code), ...values({ CONN: REF }) })).toEqual([]);
  });

  test.each([
    ["the file's, within a function", `const connection = 'CONN'; function add() { ${QUEUE}; }`],
    ["a function's own constant", `function add() { const connection = 'CONN'; ${QUEUE}; }`],
    ['over that of the file', `const connection = 'FREE'; { const connection = 'CONN'; ${QUEUE}; }`],
    ["beside a static block's", `const connection = 'CONN'; class A { static { var connection; } } ${QUEUE};`],
    ['and beside others', `function other(connection) { return connection; } const connection = 'CONN'; ${QUEUE};`],
  ])('%s', async (_what, code) => {
    const { findings } = await lint({ ...functions(code), ...values({ CONN: REF }) });
    expect(findings).toMatchObject([{ rule: 'host-reads-setting', message: expect.stringMatching(/^CONN /) }]);
  });

  test.each([
    ['what is called', "app.storageQueue('q', { connection: nameOf('CONN'), handler() {} })"],
    ['what is looked up', "const names = { of: 'CONN' }; input.storageBlob({ connection: names[of] })"],
    [
      'of others',
      "db.connect({ connection: 'CONN' }); happ.queue({ connection: 'CONN' }); apple.queue({ connection: 'CONN' })",
    ],
    ['of another name', "input.sql({ connectionLimit: 'CONN', mainConnection: 'CONN' })"],
  ])('no connection: %s', async (_what, code) => {
    expect(await found({ ...functions(code), ...values({ CONN: REF }) })).toEqual([]);
  });

  test('what refers to itself has an end', async () => {
    const code = "const a = { ...b };\nconst b = { ...a, connection: c.c };\nconst c = c;\napp.storageQueue('q', b)";
    expect(await found({ ...functions(code), ...values({ CONN: REF }) })).toEqual([]);
  });

  test('bindings of function.json', async () => {
    const json =
      '{ "bindings": [{ "type": "queueTrigger", "connection": "CONN" }, { "type": "timerTrigger", "schedule": "%WHEN%" }] }';
    expect(await found({ ...functions(''), 'old/function.json': json, ...values({ CONN: REF }) })).toEqual([
      `host-reads-setting: ${REF}`,
      'schedule: "%WHEN%"',
    ]);
  });

  test('a schedule of a setting that is not there', async () => {
    const code = "app.timer('t', { schedule: '%WHEN%', handler() {} });";
    for (const timer of [code, "registerRotation({ schedule: '%WHEN%' });"])
      expect(await found({ ...functions(timer), ...values({ A: 'b' }) })).toEqual(["schedule: '%WHEN%'"]);
    expect(await found({ ...functions(code), ...values({ WHEN: '0 0 * * * *' }) })).toEqual([]);
    expect(await found(functions(code))).toEqual([]);
  });
});

describe('secrets in plain text', () => {
  const key = Buffer.from('k'.repeat(64)).toString('base64');
  test.each([
    [
      'a storage account',
      `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${key};EndpointSuffix=core.windows.net`,
    ],
    ['Service Bus', `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=${key}`],
    ['SQL', 'Server=tcp:shop.database.windows.net,1433;User ID=app;Password=Sup3rSecr3t!;Encrypt=True'],
    ['Redis', `shop.redis.cache.windows.net:6380,password=${key},ssl=True`],
    ['a signature', `https://shop.blob.core.windows.net/c?sv=2022-11-02&sig=${encodeURIComponent(key.slice(0, 44))}`],
    ['PostgreSQL', 'postgres://app:Sup3rSecr3tPassw0rd@db.contoso.com/shop'],
    ['GitHub', `ghp_${'aB3dE6gH9'.repeat(4)}`],
  ])('%s', async (_name, value) => {
    const { findings } = await lint(values({ CONN: value }));
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['plaintext-secret', 'warning']]);
    expect(JSON.stringify(findings)).not.toContain(value.slice(-20));
    const deployed = await lint({ 'main.bicep': `var settings = { CONN: '${value}' }\n` });
    expect(deployed.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['plaintext-secret', 'error']]);
  });

  test.each([
    'UseDevelopmentStorage=true',
    `AccountName=devstoreaccount1;AccountKey=${key};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1`,
    `postgres://app:\${DB_PASSWORD}@db/shop`,
    `Server=tcp:shop;User ID=app;Password=${REF};Encrypt=True`,
    'Server=tcp:shop.database.windows.net;Authentication=Active Directory Managed Identity',
  ])('not %s', async (value) => {
    expect(await found(values({ CONN: value, DB_PASSWORD: REF }))).toEqual([]);
  });

  test('a misspelt reference is that, and no password', async () => {
    const near = '@KeyVaul(VaultName=shop;SecretName=a)';
    expect(await found(values({ DB_PASSWORD: near }))).toEqual(['reference-syntax: KeyVaul(']);
  });
});

test('what may be a secret by its name or its letters is a note, and none in samples and templates', async () => {
  const text = 'DB_PASSWORD=hunter2\nAPI=f3K9x0Pq7Lm2Zt8Rw5Yv1\nPORT=3000\n';
  const { findings } = await lint({ '.env': text });
  expect(findings.map(({ rule, severity, line }) => [rule, severity, line])).toEqual([
    ['plaintext-secret', 'info', 1],
    ['plaintext-secret', 'info', 2],
  ]);
  expect(await found({ '.env.sample': text, 'main.bicep': "var a = { dbPassword: 'hunter2' }\n" })).toEqual([]);
});

test('the remedy leads to nothing that lint, or import, refuses', async () => {
  const secret = `AccountName=shop;AccountKey=${'aB3'.repeat(20)}==`;
  const hintsOf = async (files: Files) =>
    Object.fromEntries((await lint(files)).findings.map(({ message, hint }) => [message.split(' ')[0], hint]));
  const app = {
    'host.json': '{}',
    'package.json': '{ "main": "src/*.js" }',
    'src/a.js': "const { app } = require('@azure/functions');\napp.storageQueue('a', { connection: 'ORDERS' });",
  };
  const settings = {
    IsEncrypted: false,
    Values: {
      ORDERS: secret,
      AzureWebJobsStorage: secret,
      APP: secret,
      AZURE_CLIENT_SECRET: 'f3K9x0Pq7Lm2Zt8Rw5Yv1',
      HTTPS_PROXY: 'http://me:f3K9x0Pq7Lm2@proxy:8080',
    },
    ConnectionStrings: { Main: 'Server=db;Password=hunter2;' },
  };
  expect(await hintsOf({ ...app, 'local.settings.json': JSON.stringify(settings) })).toEqual({
    ORDERS: expect.stringMatching(/ORDERS__queueServiceUri/),
    AzureWebJobsStorage: expect.stringMatching(/AzureWebJobsStorage__accountName/),
    APP: expect.stringMatching(/^Put it into a vault/),
    AZURE_CLIENT_SECRET: expect.stringMatching(/managed identity/),
    HTTPS_PROXY: expect.stringMatching(/steers the process: keep it out of the file/),
    'ConnectionStrings:Main': expect.stringMatching(/into Values/),
  });
});

test.skipIf(process.platform === 'win32')(
  'files behind links count, as they do for the app; folders do not',
  async () => {
    const dir = folderOf({ 'shared/env': 'A=@KeyVault(oops)\n', 'app/package.json': '{}' });
    symlinkSync('../shared/env', path.join(dir, 'app/.env'));
    symlinkSync('nowhere', path.join(dir, 'app/.env.local'));
    symlinkSync('.', path.join(dir, 'app/loop'));
    const app = path.join(dir, 'app');
    const { findings, files } = await lintFiles(findFiles([], app), app);
    expect([files, findings.map(({ file, rule }) => [file, rule])]).toEqual([2, [['.env', 'reference-syntax']]]);
  },
);

test('a file as PowerShell writes it, and a mark at its head, are read', async () => {
  const dir = folderOf({ '.env.bom': '\uFEFFA=@KeyVault(oops)\n' });
  writeFileSync(path.join(dir, '.env'), Buffer.from('\uFEFFA=@KeyVault(oops)\r\n', 'utf16le'));
  const { findings } = await lintFiles(findFiles([], dir), dir);
  expect(findings.map(({ file, rule, line, column }) => [file, rule, line, column])).toEqual([
    ['.env', 'reference-syntax', 1, 13],
    ['.env.bom', 'reference-syntax', 1, 13],
  ]);
});

test('JSON of others that is no text does not count; settings that are none are told beside the others', async () => {
  const dir = folderOf({ '.env': 'A=@KeyVault(oops)' });
  const latin = Buffer.from('{ "\u00e9": 1 }', 'latin1');
  writeFileSync(path.join(dir, 'other.json'), latin);
  expect(findFiles([], dir)).toHaveLength(1);
  writeFileSync(path.join(dir, 'local.settings.json'), latin);
  const { findings, files } = await lintFiles(findFiles([], dir), dir);
  expect(files).toBe(2);
  expect(findings).toMatchObject([
    { rule: 'reference-syntax', file: '.env' },
    {
      rule: 'unreadable-file',
      severity: 'error',
      file: 'local.settings.json',
      line: 1,
      message: 'this file is not text in UTF-8.',
    },
  ]);
  expect(() => findFiles(['local.settings.json'], dir)).toThrow('local.settings.json is not text in UTF-8.');
});

describe('files', () => {
  test('Bicep: both ways to write settings; what is interpolated is skipped', async () => {
    const text = `// KEY: '@KeyVault(no)'
param vault string = 'shop'
@description('Write @KeyVault(...) here')
resource app 'Microsoft.Web/sites@2023-12-01' = {
  properties: {
    siteConfig: {
      appSettings: [
        { name: 'GOOD', value: '@KeyVault(VaultName=\${vault};SecretName=a)' }
        { name: 'IT''S', value: 'x' }
        {
          name: 'BAD'
          value: '@KeyVault(VaultName=shop;Nme=\\'a)'
        }
      ]
    }
  }
}
var more = {
  description: 'such as @KeyVault(...)'
  ALSO_BAD: '@KeyVault(VaultName=shop)'
  AzureWebJobsStorage: '@KeyVault(VaultName=\${vault};SecretName=a)'
  STORAGE: '@Microsoft.KeyVault(SecretUri=\${secret.properties.secretUri})'
}
`;
    expect(await found({ 'infra/main.bicep': text })).toEqual([
      "reference-syntax: Nme=\\'a",
      'reference-syntax: @KeyVault(VaultName=shop)',
      `host-reads-setting: '@KeyVault(VaultName=\${vault};SecretName=a)'`,
      `platform-reference: '@Microsoft.KeyVault(SecretUri=\${secret.properties.secretUri})'`,
    ]);
  });

  test('ARM: settings as lists and as objects; expressions are skipped', async () => {
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      parameters: { x: { metadata: { description: 'such as @KeyVault(...)' } } },
      resources: [
        {
          properties: {
            siteConfig: {
              appSettings: [
                { name: 'A', value: '@KeyVault(VaultName=shop;Nme=a)' },
                { name: 'B', value: "[concat('@KeyVault(VaultName=', parameters('v'), ')')]" },
              ],
            },
          },
        },
        { type: 'Microsoft.Web/sites/config', name: 'x/appsettings', properties: { C: '@KeyVault(oops)' } },
      ],
    };
    expect(await found({ 'infra/azuredeploy.json': JSON.stringify(template) })).toEqual([
      'reference-syntax: Nme=a',
      'reference-syntax: oops',
    ]);
    expect(await found({ 'other.json': JSON.stringify({ C: '@KeyVault(oops)' }) })).toEqual([]);
  });

  test('app settings as az lists them: all that an app has, and one note for what the platform resolves', async () => {
    const platform = '@Microsoft.KeyVault(VaultName=shop;SecretName=a)';
    const list = (settings: object) =>
      JSON.stringify(Object.entries(settings).map(([name, value]) => ({ name, slotSetting: false, value })));
    const settings = {
      A: platform,
      B: platform,
      C: platform,
      D: platform,
      DB_PASSWORD: 'plain',
      DB_URL: 'postgres://app:Zk3vQ9xLw2@db/app',
      E: REF,
      F: `\${E}\${G}`,
    };
    const { findings } = await lint({ 'prod.json': list({ ...settings, NONE: null }) }, ['prod.json']);

    expect(findings.map(({ rule, severity, message }) => `${rule} ${severity}: ${message}`)).toEqual([
      'platform-reference info: A, B, C and 1 more are resolved by the platform: their values show in Kudu.',
      'plaintext-secret info: DB_PASSWORD may be a secret in plain text (its name).',
      expect.stringMatching(/^plaintext-secret error: DB_URL holds /),
      'template-unknown warning: F: mentions a setting that is not in this file; without it, nothing stands in its place.',
    ]);
    expect(findings.map(({ column, endColumn }) => list(settings).slice(column - 1, endColumn - 1))).toEqual([
      platform,
      'plain',
      settings.DB_URL,
      `\${G}`,
    ]);
    // What a template computes is not known.
    const computed = {
      DB_PASSWORD: "[parameters('password')]",
      REF: "[concat('@KeyVault(SecretUri=', variables('x'), ')')]",
    };
    expect(await found({ 'settings.json': list(computed) }, ['settings.json'])).toEqual([]);
    expect(await found({ 'other.json': '["@KeyVault(oops)", { "A": "@KeyVault(oops)" }]' }, ['other.json'])).toEqual([
      'reference-syntax: oops',
    ]);
  });

  test('Terraform', async () => {
    const text = `# A = "@KeyVault(no)"
app_settings = {
  "A" = "@KeyVault(VaultName=\${var.v};Nme=a)"
  "B" = "@KeyVault(VaultName=shop;Nme=a)"
  C   = "@KeyVault(oops)"
}
`;
    expect(await found({ 'main.tf': text })).toEqual(['reference-syntax: Nme=a', 'reference-syntax: oops']);
  });

  test('.env: quotes, export, comments', async () => {
    const text = `# A=@KeyVault(no)\nexport A='@KeyVault(oops)'\nB = "x @KeyVault(VaultName=shop;Nme=a)" # why\nC=plain\n`;
    expect(await found({ '.env.production': text })).toEqual(['reference-syntax: oops', 'reference-syntax: Nme=a']);
  });

  test('malformed ones are findings', async () => {
    expect(await found({ 'local.settings.json': '{ "Values": { "A": }' })).toEqual(['unreadable-file: }']);
    const odd = '{ "Values": { "A": 3000, "B": { "C": "x" } }, "ConnectionStrings": { "D": "@KeyVault(oops)" } }';
    expect(await found({ 'local.settings.json': odd })).toEqual([
      'unreadable-file: 3000',
      'unreadable-file: { "C": "x" }',
      'reference-syntax: oops',
    ]);
    const { findings } = await lint({ 'local.settings.json': odd });
    expect(findings.map(({ severity }) => severity)).toEqual(['warning', 'error', 'error']);
    expect(await found({ '.env': 'A=1\nno setting \r\nB=@KeyVault(oops)' })).toEqual(['unreadable-file: no setting ']);
    expect(await found({ 'local.settings.json': '{ "IsEncrypted": true, "Values": { "A": "x" } }' })).toEqual([
      'unreadable-file: true',
    ]);
    expect(await found({ 'package.json': '{ "main": ' })).toHaveLength(1);
    expect(await found({ 'package.json': '{"main":"a.js"}', 'a.js': 'const = ;;; (' })).toEqual(['unreadable-file: ']);
  });

  test('folders with the names of files, and a tsconfig without options, end nothing', async () => {
    const app = { 'host.json': '{}', 'package.json': '{"main":"a.js"}', 'a.js': '', ...values({ DB: REF }) };
    const odd = { 'old/function.json/x': '', 'tsconfig.json': '{ "compilerOptions": null, "extends": "./x" }' };
    expect(await found({ ...app, ...odd })).toEqual(['register-missing: "a.js"']);
    const next = { 'package.json': '{"scripts":{"start":"next start"},"dependencies":{"next":"1"}}' };
    expect(await found({ ...next, ...values({ DB: REF }), 'instrumentation.ts/x': '' })).toEqual([
      'register-missing: "next start"',
    ]);
  });

  test('never in node_modules, dist or .git; templates below, settings here only', async () => {
    const bad = 'A=@KeyVault(oops)\n';
    const bicep = "var a = { B: '@KeyVault(oops)' }\n";
    const files = {
      'node_modules/x/.env': bad,
      'node_modules/x/a.bicep': bicep,
      'dist/a.bicep': bicep,
      '.git/a.bicep': bicep,
    };
    expect(await lint({ ...files, 'test/.env': bad, 'infra/deep/a.bicep': bicep })).toMatchObject({
      files: 1,
      findings: [{ file: 'infra/deep/a.bicep' }],
    });
  });
});
