// node --test
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startEmulator } from 'vaultstrap/testing';

let azure;
let payments;
let vaultstrap;

before(async () => {
  azure = await startEmulator({ vaults: { shop: { 'api-key': 'first' } } });
  Object.assign(process.env, azure.env, {
    API_KEY: '@KeyVault(VaultName=shop;SecretName=api-key)',
    // No clock: the test says when to look.
    VAULTSTRAP_REFRESH_SECONDS: '0',
  });
  // Behind the settings: this is where the app starts, and blocks until its values are there.
  payments = await import('./payments.mjs');
  vaultstrap = await import('vaultstrap');
});
afterEach(() => azure.faults.clear());
after(async () => {
  await vaultstrap.close();
  await azure.close();
});

test('starts with the secret of the vault', async () => {
  assert.equal(payments.authorization(), 'Bearer first');

  const read = (await azure.requests()).find(({ target }) => target === 'vault');
  assert.deepEqual([read.vault, read.secret, read.identity, read.status], ['shop', 'api-key', 'system', 200]);
});

test('follows a rotation', async () => {
  await azure.vault('shop').set('api-key', 'second');
  const { changed } = await vaultstrap.refresh();

  assert.deepEqual(
    changed.map(({ setting }) => setting),
    ['API_KEY'],
  );
  assert.equal(payments.authorization(), 'Bearer second');
});

test('goes on through an outage with what it has', async () => {
  const before = payments.authorization();
  await azure.faults.add({ target: 'vault', status: 503 });
  const { failed } = await vaultstrap.refresh();

  assert.deepEqual(failed, ['API_KEY']);
  assert.equal(payments.authorization(), before);
  assert.equal(vaultstrap.report().status, 'degraded');
});
