// vitest run

import { startEmulator } from 'vaultstrap/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let azure;
let payments;
let vaultstrap;

beforeAll(async () => {
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
afterAll(async () => {
  await vaultstrap.close();
  await azure.close();
});

test('starts with the secret of the vault', async () => {
  expect(payments.authorization()).toBe('Bearer first');
  expect(await azure.requests()).toContainEqual(
    expect.objectContaining({ vault: 'shop', secret: 'api-key', identity: 'system', status: 200 }),
  );
});

test('follows a rotation', async () => {
  await azure.vault('shop').set('api-key', 'second');
  const { changed } = await vaultstrap.refresh();

  expect(changed).toEqual([expect.objectContaining({ setting: 'API_KEY', secret: 'api-key' })]);
  expect(payments.authorization()).toBe('Bearer second');
});

test('goes on through an outage with what it has', async () => {
  const before = payments.authorization();
  await azure.faults.add({ target: 'vault', status: 503 });
  const { failed } = await vaultstrap.refresh();

  expect(failed).toEqual(['API_KEY']);
  expect(payments.authorization()).toBe(before);
  expect(vaultstrap.report().status).toBe('degraded');
});
