// A process whose lookups of vaults' names fail: for real, of names that cannot exist.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { failure, reader } from '../vault/harness.js';

let azure: Emulator;
beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: { a: 'x' } } });
});
afterAll(() => azure.close());

test.each(['direct', 'sdk'] as const)('the %s lane says that the name is the trouble', async (client) => {
  const env = azure.envFor('app-service-2019', { vaultNames: 'unresolvable' });
  const vaults = reader(env, { client, timeoutSeconds: 3 });
  const result = await vaults.read('a', { host: 'shop.vault.invalid' });

  expect(failure(result)).toMatchObject({ status: 'VaultNotFound', code: 'ERR_VAULT_DNS' });
  expect((await azure.requests()).filter(({ target }) => target === 'vault')).toEqual([]);
});

test('put over the settings of before, they send nobody to the emulator', () => {
  const env = { ...azure.env, ...azure.envFor('imds', { vaultNames: 'unresolvable' }) };
  expect(env).toMatchObject({ VAULTSTRAP_VAULT_ENDPOINT: '', VAULTSTRAP_VAULT_SUFFIX: 'vault.invalid' });
  expect(() => azure.envFor('imds', { vaultNames: 'slow' as never })).toThrow('"options.vaultNames" must be one of');
});
