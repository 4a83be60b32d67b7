import { expect, test } from 'vitest';
import { isQuoted, quotedIn } from '../../../src/cli/support/quoted-reference.js';
import { planSettings } from '../../../src/settings/plan.js';
import { readConfig } from '../../../src/support/config.js';

const REFERENCE = '@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/pw)';
const QUOTED = `"${REFERENCE}"`;

test('a setting is told once, though App Service gives each twice', () => {
  const env = {
    APPSETTING_PW: QUOTED,
    PW: QUOTED,
    APPSETTING_OTHER: QUOTED,
    OTHER: 'another',
    GOOD: REFERENCE,
    EMPTY: undefined,
    IGNORED: QUOTED,
    APPSETTING_IGNORED: QUOTED,
  };
  const plan = planSettings(env, readConfig({ VAULTSTRAP_IGNORE: 'IGNORED' }), 0);
  expect(quotedIn(plan)).toEqual(['APPSETTING_OTHER', 'PW']);
});

test.each([
  ['"@KeyVault(VaultName=shop;SecretName=pw)"', true],
  [" '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)'\n", true],
  ['@KeyVault(VaultName=shop;SecretName=pw)', false],
  // Text of its own, JSON put together, and quotes that are not about the whole.
  ['"@@KeyVault(VaultName=shop;SecretName=pw)"', false],
  ['"@KeyVault(VaultName=shop;SecretName=pw;Encode = json)"', false],
  ['--password "@KeyVault(VaultName=shop;SecretName=pw)"', false],
  ['"@KeyVault(VaultName=shop;SecretName=pw)" --quiet', false],
  ['{"pw":"@KeyVault(VaultName=shop;SecretName=pw)"}', false],
  ['"@KeyVault(VaultName=shop;SecretName=pw)', false],
])('%s in quotes: %o', (value, expected) => {
  expect(isQuoted(value)).toBe(expected);
});
