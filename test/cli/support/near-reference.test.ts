import { expect, test } from 'vitest';
import { misspeltIn } from '../../../src/cli/support/near-reference.js';

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
  expect(misspeltIn(env, new Set(['IGNORED']))).toEqual(['PW', 'APPSETTING_OTHER']);
});
