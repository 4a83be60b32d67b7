import { checkMembers, checkOneOf } from './check.js';
import type { EnvironmentOptions } from './types.js';

/**
 * Vaults of a domain that no name server knows, and nobody to send the process elsewhere: empty, so that it holds when
 * put over the settings of before. https://www.rfc-editor.org/rfc/rfc6761#section-6.4
 */
const UNRESOLVABLE = { VAULTSTRAP_VAULT_SUFFIX: 'vault.invalid', VAULTSTRAP_VAULT_ENDPOINT: '' };

/** What is put over the settings of a host. */
export function settingsOfNames(options: EnvironmentOptions): Record<string, string> {
  const { vaultNames = 'emulated' } = checkMembers('options', options, ['vaultNames']);
  const names = checkOneOf('options.vaultNames', vaultNames, ['emulated', 'unresolvable']);
  return names === 'unresolvable' ? UNRESOLVABLE : {};
}
