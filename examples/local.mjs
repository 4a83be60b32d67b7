// Runs an example on this machine, beside an emulated Azure: node ../local.mjs npm start
// Enter rotates the secret, which the app reads within some 5 seconds; Ctrl+C ends all of it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

// The package that the example has installed: this file stands beside it.
const { startEmulator } = createRequire(path.resolve('package.json'))('vaultstrap/testing');

// The API that the examples call: a stranger who takes the current key only.
let key = randomUUID();
const api = createServer(({ headers }, response) => {
  const known = headers.authorization === `Bearer ${key}`;
  response.writeHead(known ? 200 : 401, { 'Content-Type': 'application/json' }).end(known ? '{"price":3}' : '{}');
}).listen(0, '127.0.0.1');
await once(api, 'listening');

const azure = await startEmulator({ vaults: { shop: { 'api-key': key } } });

const settings = {
  API_URL: `http://127.0.0.1:${api.address().port}`,
  API_KEY: '@KeyVault(VaultName=shop;SecretName=api-key)',
  VAULTSTRAP_REFRESH_SECONDS: '5',
};
const [command = 'npm', ...args] = process.argv.slice(2);
const child = spawn(command, args, {
  env: { ...settings, ...process.env, ...azure.env },
  stdio: ['ignore', 'inherit', 'inherit'],
  // npm, npx and func are scripts there, which only a shell starts.
  shell: process.platform === 'win32',
});

process.stdin.on('data', async () => {
  key = randomUUID();
  await azure.vault('shop').set('api-key', key);
  console.log('The key was rotated.');
});
process.on('SIGINT', () => {}); // The terminal tells the app, too; this ends when that has ended.

const [code] = await once(child, 'close');
process.stdin.destroy();
api.close();
await azure.close();
process.exitCode = code ?? 1;
