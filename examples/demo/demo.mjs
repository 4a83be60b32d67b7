// npm run demo: an app with no secrets in its settings, from start to rotation, on this machine alone.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { styleText } from 'node:util';
import { startEmulator } from 'vaultstrap/testing';

const title = (text) => console.log(`\n${styleText('bold', text)}`);
const dim = (text) => styleText('dim', text);
const failures = [];

/** Prints what is claimed, and whether it is so. */
function claim(text, holds) {
  console.log(`  ${holds ? styleText('green', 'ok') : styleText('red', 'NOT SO')}  ${text}`);
  if (!holds) failures.push(text);
}

function table(rows) {
  const columns = Object.keys(rows[0]);
  const width = (name) => Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length));
  const line = (cells) =>
    `  ${cells.map((cell, i) => String(cell ?? '').padEnd(width(columns[i]))).join('  ')}`.trimEnd();
  console.log(dim(line(columns)));
  for (const row of rows) console.log(line(columns.map((name) => row[name])));
}

async function get(port, url) {
  const response = await fetch(`http://127.0.0.1:${port}${url}`);
  return { status: response.status, body: await response.json() };
}

const OLD_KEY = 'key-of-monday';
const NEW_KEY = 'key-of-tuesday';
const PASSWORD = 'pa$$w0rd with $(a) `trap`';

const azure = await startEmulator({ vaults: { shop: { 'payment-key': OLD_KEY, 'db-password': PASSWORD } } });

// The payment service: a stranger who knows one key, the current one.
let currentKey = OLD_KEY;
const payments = createServer((request, response) => {
  response.writeHead(request.headers.authorization === `Bearer ${currentKey}` ? 200 : 401).end();
}).listen(0, '127.0.0.1');
await once(payments, 'listening');

const settings = {
  PAYMENT_KEY: '@KeyVault(VaultName=shop;SecretName=payment-key)',
  DATABASE_URL:
    'postgres://app:@KeyVault(SecretUri=https://shop.vault.azure.net/secrets/db-password;Encode=uri)@db/orders',
};

title('1. The app settings hold pointers only');
for (const [name, value] of Object.entries(settings)) console.log(`  ${name}=${dim(value)}`);

title("2. The app starts; its first line is: import 'vaultstrap/register'");
const app = fork(path.join(import.meta.dirname, 'app.mjs'), {
  env: {
    ...process.env,
    ...azure.env,
    ...settings,
    PAYMENT_URL: `http://127.0.0.1:${payments.address().port}/`,
    VAULTSTRAP_REFRESH_SECONDS: '0',
  },
});
const stop = setTimeout(() => app.kill(), 25_000);
const [{ port }] = await Promise.race([
  once(app, 'message'),
  once(app, 'exit').then(([code]) => {
    throw new Error(`the app ended with ${code} before it listened`);
  }),
]);
const log = await azure.requests();
const count = (target) => log.filter((request) => request.target === target).length;
claim(
  `it asked for ${count('identity')} token and ${count('vault')} secrets, and no request was refused`,
  count('identity') === 1 && count('vault') === 2 && log.every((request) => request.status === 200),
);

title('3. It serves requests with the secrets');
const paid = await get(port, '/pay');
claim(`GET /pay -> ${paid.status} ${JSON.stringify(paid.body)}`, paid.status === 200);
const database = await get(port, '/database');
claim(
  'DATABASE_URL is put together; the password has all its characters',
  decodeURIComponent(database.body.password) === PASSWORD,
);

title('4. Its report: everything but the values');
const before = (await get(port, '/report')).body;
table(
  before.settings.map(({ setting, status, vault, secret, version, ageSeconds }) => ({
    setting,
    status,
    vault,
    secret,
    version: version.slice(0, 8),
    age: `${ageSeconds} s`,
  })),
);
claim(
  `status ${before.status}, identity ${before.identity.source}, ${before.durationMs} ms`,
  before.status === 'ready',
);
claim('no value stands in it', ![OLD_KEY, PASSWORD, 'w0rd'].some((value) => JSON.stringify(before).includes(value)));

title('5. The key is rotated: a new version in the vault, the old key revoked');
await azure.vault('shop').set('payment-key', NEW_KEY);
currentKey = NEW_KEY;
const refused = await get(port, '/pay');
claim(
  `GET /pay -> ${refused.status} ${JSON.stringify(refused.body)}: the app still holds the old key`,
  refused.status === 502,
);
const { body: refreshed } = await get(port, '/refresh');
claim(
  `refresh() -> generation ${refreshed.generation}, changed: ${refreshed.changed.map((change) => change.setting).join(', ')}`,
  refreshed.generation === 2 && refreshed.changed.length === 1,
);
const again = await get(port, '/pay');
claim(
  `GET /pay -> ${again.status} ${JSON.stringify(again.body)}: the new key, without a restart`,
  again.status === 200,
);
console.log(
  dim('     (here by hand; every process also has a clock of its own: VAULTSTRAP_REFRESH_SECONDS, default 300)'),
);

app.disconnect();
await once(app, 'exit');
clearTimeout(stop);
payments.close();
await azure.close();

console.log(
  failures.length === 0
    ? `\n${styleText('green', 'All as it says.')}`
    : `\n${styleText('red', `${failures.length} not as it says.`)}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
