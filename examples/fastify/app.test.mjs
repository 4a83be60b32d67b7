// npm test: the app with its real settings, against a vault that lives in this process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { refresh } from 'vaultstrap';
import { startEmulator } from 'vaultstrap/testing';

const azure = await startEmulator({ vaults: { shop: { 'api-key': 'key-of-monday' } } });

let accepted = 'key-of-monday';
const api = createServer((request, response) => {
  const known = request.headers.authorization === `Bearer ${accepted}`;
  response.writeHead(known ? 200 : 401, { 'Content-Type': 'application/json' }).end('{"price":3}');
}).listen(0, '127.0.0.1');
await once(api, 'listening');

Object.assign(process.env, azure.env, {
  API_URL: `http://127.0.0.1:${api.address().port}`,
  API_KEY: '@KeyVault(VaultName=shop;SecretName=api-key)',
});
await import('vaultstrap/register');
const { buildApp } = (await import('./app.js')).default;
const app = buildApp();

after(async () => {
  await app.close();
  api.close();
  await azure.close();
});

test('the price is had with the key of the vault', async () => {
  const { statusCode, body } = await app.inject('/price');
  assert.deepEqual([statusCode, body], [200, '{"price":3}']);
});

test('a rotated key is used without a restart', async () => {
  accepted = 'key-of-tuesday';
  assert.equal((await app.inject('/price')).statusCode, 500);
  await azure.vault('shop').set('api-key', 'key-of-tuesday');
  await refresh(); // what the clock does every VAULTSTRAP_REFRESH_SECONDS
  assert.equal((await app.inject('/price')).statusCode, 200);
});
