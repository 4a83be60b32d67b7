// What a start warns of: text that was meant as a reference.
import { expect, test } from 'vitest';
import { isMisspelt, misspeltIn } from '../../src/settings/near-reference.js';
import { planOf, ref } from '../helpers/fixtures.js';

const INSIDE = 'VaultName=shop;SecretName=pw)';

test.each([
  `@KeyVaul(${INSIDE}`,
  `@KeyVaults(${INSIDE}`,
  `KEYVAULT(${INSIDE}`,
  `@Key Vault(${INSIDE}`,
  `@key-vault(${INSIDE}`,
  `@KeyVault (${INSIDE}`,
  `@KeyVault[${INSIDE}`,
  `@KeyVault{SecretUri=https://shop.vault.azure.net/secrets/pw}`,
  `@KeyVault ( VaultName = shop; SecretName = pw )`,
  `postgres://app:@Azure.KeyVault(${INSIDE}@db`,
  `@KeyVault (${INSIDE} or KeyVault()`,
])('%s', (value) => {
  // App Service gives each twice.
  expect(misspeltIn(planOf({ DB: value, APPSETTING_DB: value, OTHER: 'another' }))).toEqual(['DB']);
});

test.each([
  ref(),
  `@${ref()}`,
  `a:${ref()}:@Microsoft.KeyVault(${INSIDE}`,
  'akvs://sub/shop/pw',
  'akvs it is not',
  'see KeyVault(VaultName, SecretName)',
  // What is in the next pair of brackets, or no key of its own, is no part of it.
  `keyvault() (${INSIDE}`,
  `keyvault(MySecretName=pw)`,
])('not of %s', (value) => {
  expect(misspeltIn(planOf({ DB: value }))).toEqual([]);
  expect(isMisspelt(value)).toBe(false);
});
