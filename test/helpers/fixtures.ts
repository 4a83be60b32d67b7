import type { Environment } from '../../src/settings/environment.js';
import { type Plan, type PlannedSetting, planSettings } from '../../src/settings/plan.js';
import { type Config, readConfig } from '../../src/support/config.js';
import { type Failure, fail, type Result, succeed } from '../../src/support/failure.js';
import type { Moment } from '../../src/support/moment.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import { Secret } from '../../src/support/secret.js';
import type { SecretValue } from '../../src/vault/reader.js';

export const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
/** So long after that, on both scales. */
export function at(passedMs: number): Moment {
  return { wallMs: NOW_MS + passedMs, monotonicMs: 5000 + passedMs };
}
export const V1 = '1'.repeat(32);
export const V2 = '2'.repeat(32);
export const V3 = '3'.repeat(32);
export const GUID = '01234567-89ab-cdef-0123-456789abcdef';

export function configOf(options: BootstrapOptions = {}, env: Environment = {}): Config {
  return readConfig(env, options);
}

export function planOf(env: Environment, options: BootstrapOptions = {}, nowMs = NOW_MS): Plan {
  return planSettings(env, configOf(options), nowMs);
}

/** The one setting of a plan with this name. */
export function settingIn(plan: Plan, name: string): PlannedSetting {
  const found = plan.settings.filter(({ setting }) => setting === name);
  const [setting] = found;
  if (!setting || found.length !== 1) throw new Error(`${found.length} settings ${name} in the plan`);
  return setting;
}

/** `@KeyVault(VaultName=shop;SecretName=pw)`, perhaps with more in it. */
export function ref(secret = 'pw', more = ''): string {
  return `@KeyVault(VaultName=shop;SecretName=${secret}${more && `;${more}`})`;
}

export function keyOf(secret = 'pw', version = ''): string {
  return `shop.vault.azure.net/${secret}/${version}#system`;
}

export function secretOf(value: string, more: Partial<Omit<SecretValue, 'value'>> = {}): SecretValue {
  return { value: new Secret(value), version: V1, ...more };
}

export function good(value: string, more: Partial<Omit<SecretValue, 'value'>> = {}): Result<SecretValue> {
  return succeed(secretOf(value, more));
}

export const ABSENT: Failure = {
  status: 'SecretNotFound',
  code: 'ERR_SECRET_NOT_FOUND',
  details: "vault 'shop' has no secret.",
  hint: 'Set it.',
  retry: 'never',
  absent: true,
};
export const FORBIDDEN: Failure = {
  status: 'AccessToKeyVaultDenied',
  code: 'ERR_VAULT_RBAC',
  details: 'no right.',
  hint: 'Grant it.',
  retry: 'never',
};
export const OUTAGE: Failure = {
  status: 'OtherReasons',
  code: 'ERR_VAULT_UNAVAILABLE',
  details: 'answered 503.',
  hint: 'Wait.',
  retry: 'deadline',
};
export const BARE_404: Failure = {
  status: 'VaultNotFound',
  code: 'ERR_VAULT_NOT_FOUND',
  details: 'not as Key Vault does.',
  hint: 'Check.',
  retry: 'never',
};

export function bad(failure: Failure): Result<SecretValue> {
  return fail(failure);
}
