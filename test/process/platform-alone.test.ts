// As on Azure, where no setting of vaultstrap stands beside the references: the embedded one needs two, which say by
// themselves that there is something to do. Vaults have their real names here, reached through a proxy.
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
const PAIR = { DB_PASSWORD: password, DB_URL: `db:${password}` };
const NONE = { DB_PASSWORD: null, DB_URL: null };

let azure: Emulator;
let proxy: http.Server;
let app: App;
let env: Record<string, string>;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } }, hostNames: ['shop.vault.azure.net'] });
  proxy = http.createServer().on('connect', (request, client) => {
    if (request.url !== 'shop.vault.azure.net:443') {
      client.destroy();
      return;
    }
    const vault = net.connect(Number(new URL(azure.vaultEndpoint).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      vault.pipe(client).pipe(vault);
    });
    for (const socket of [client, vault]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  app = createApp({ sdk: true });
  const read = "probe.env('DB_PASSWORD', 'DB_URL');";
  app.write({
    'read.cjs': `const probe = require('./probe.cjs'); ${read}`,
    'read.mjs': `import probe from './probe.cjs'; ${read}`,
    'again.mjs': `import probe from './probe.cjs'; ${read}`,
    'register.cjs': "require('vaultstrap/register'); require('./read.cjs');",
    'start.cjs': `const probe = require('./probe.cjs'); require('vaultstrap/start'); ${read}
      require('vaultstrap/register'); ${read}`,
    'start.mjs': "import 'vaultstrap/start'; import './read.mjs'; import 'vaultstrap/register'; import './again.mjs';",
    'joined.mjs': "import './read.mjs'; import 'vaultstrap/register'; import './again.mjs';",
    'call.cjs': `const probe = require('./probe.cjs'); require('vaultstrap').start(); ${read}
      require('vaultstrap/register'); ${read}`,
    'child.cjs': `require('vaultstrap/register');
      require('node:child_process').execFileSync(process.execPath, ['register.cjs'], { stdio: 'inherit' });`,
  });
  writeFileSync(app.path('ca.pem'), azure.caCertificate);
  const platform = Object.entries(azure.env).filter(([name]) => !name.startsWith('VAULTSTRAP_'));
  env = {
    ...Object.fromEntries(platform),
    NODE_EXTRA_CA_CERTS: app.path('ca.pem'),
    HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of ours
    DB_URL: 'db:${DB_PASSWORD}',
  };
});
afterAll(async () => {
  proxy?.close();
  await azure?.close();
});

test.each<[string, readonly string[], readonly unknown[]]>([
  ['register', ['register.cjs'], [PAIR]],
  ['preload', ['--import', 'vaultstrap/preload', 'read.mjs'], [PAIR]],
  ['run', ['node_modules/vaultstrap/dist/cli.cjs', 'run', '--', NODE, 'read.cjs'], [PAIR]],
  ['a child of a process that has started', ['child.cjs'], [PAIR]],
  ['start, then join', ['start.cjs'], [NONE, PAIR]],
  ['start, then join, ESM', ['start.mjs'], [NONE, PAIR]],
  [
    'started before the graph of modules is loaded, joined in it',
    ['--import', 'vaultstrap/start', 'joined.mjs'],
    [NONE, PAIR],
  ],
  ['start(), joined by the import', ['call.cjs'], [NONE, PAIR]],
])('%s', async (_name, args, probes) => {
  const outcome = await app.run(args, { env });

  expect(outcome).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(outcome.probes).toEqual(probes);
});
