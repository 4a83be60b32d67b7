import type { Environment } from './platform.js';

/** Settings of our own that send requests elsewhere, or to more places, than usual. */
const RELAXATIONS = [
  'VAULTSTRAP_VAULT_ENDPOINT',
  'VAULTSTRAP_VAULT_CA',
  'VAULTSTRAP_ALLOWED_HOSTS',
  'VAULTSTRAP_VAULT_SUFFIX',
] as const;

/** Those that are set: said wherever somebody looks at a process. */
export function relaxationsIn(env: Environment): readonly string[] {
  return RELAXATIONS.filter((name) => env[name]);
}
