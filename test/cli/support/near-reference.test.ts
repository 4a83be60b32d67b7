import { expect, test } from 'vitest';
import { isMisspelt, isQuoted, settingsThat } from '../../../src/cli/support/near-reference.js';

const NEAR = '@Microsoft.KeyVaults(SecretUri=https://shop.vault.azure.net/secrets/pw)';

test('a misspelt setting is told once, though App Service gives each twice', () => {
  const env = {
    APPSETTING_PW: NEAR,
    PW: NEAR,
    APPSETTING_OTHER: NEAR,
    OTHER: 'another',
    GOOD: NEAR.replace('KeyVaults', 'KeyVault'),
    EMPTY: undefined,
    IGNORED: NEAR,
    APPSETTING_IGNORED: NEAR,
  };
  expect(settingsThat(isMisspelt, env, new Set(['IGNORED']))).toEqual(['PW', 'APPSETTING_OTHER']);
});

test.each([
  ['"@KeyVault(VaultName=shop;SecretName=pw)"', true],
  [" '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)'\n", true],
  ['@KeyVault(VaultName=shop;SecretName=pw)', false],
  // Text of its own, JSON put together, and quotes that are not about the whole.
  ['"@@KeyVault(VaultName=shop;SecretName=pw)"', false],
  ['"@KeyVault(VaultName=shop;SecretName=pw;Encode=json)"', false],
  ['{"pw":"@KeyVault(VaultName=shop;SecretName=pw)"}', false],
  ['"@KeyVault(VaultName=shop;SecretName=pw)', false],
])('%s in quotes: %o', (value, expected) => {
  expect(isQuoted(value)).toBe(expected);
});
