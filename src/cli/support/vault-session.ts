import { createVaultClient } from '../../client.js';
import { readEnvironment } from '../../settings/environment.js';
import type { SecretRead } from '../../settings/plan.js';
import { systemClock } from '../../support/clock.js';
import { type Config, readConfig } from '../../support/config.js';
import { isVaultstrapError } from '../../support/errors.js';
import { printIdentity } from '../../support/identity-selector.js';
import { sdkAnchors } from '../../support/sdk-loader.js';
import { isSecretName, isVaultName, SECRET_NAME_RULE, VAULT_NAME_RULE } from '../../support/vault-names.js';
import type { ReadResults } from '../../vault/client.js';
import { createSecretWriter, type SecretWriter } from '../../vault/writer.js';
import { UsageError } from './exit.js';

/** One vault, by the identity and under the rules of everything else. */
export interface VaultSession {
  readonly vault: string;
  /** The secret's newest version. */
  target(secret: string): SecretRead;
  /** By `key` of the targets. */
  read(targets: readonly SecretRead[]): Promise<ReadResults>;
  readonly write: SecretWriter['write'];
  close(): void;
}

function checkVaultName(name: string): string {
  if (isVaultName(name)) return name.toLowerCase();
  throw new UsageError(
    'that is not the name of a vault.',
    `${VAULT_NAME_RULE} Give the name alone, not its address; VAULTSTRAP_VAULT_SUFFIX is for other clouds.`,
  );
}

export function checkSecretName(name: string): string {
  if (isSecretName(name)) return name.toLowerCase();
  throw new UsageError('that is not the name of a secret.', SECRET_NAME_RULE);
}

function configOf(identity: string | undefined): Config {
  try {
    return readConfig(readEnvironment(), identity === undefined ? {} : { identity });
  } catch (error) {
    throw isVaultstrapError(error) ? new UsageError(error.message) : error;
  }
}

export function openVault(name: string, { identity }: { readonly identity?: string }): VaultSession {
  const vault = checkVaultName(name);
  const config = configOf(identity);
  const shared = { config, clock: systemClock, sdkAnchors: sdkAnchors() };
  const client = createVaultClient({ ...shared, env: readEnvironment });
  const writer = createSecretWriter({ ...shared, tokens: client.tokens });
  const host = `${vault}.${config.vaultSuffix}`;
  return {
    vault,
    target: (secret) => ({
      key: `${host}/${secret} ${printIdentity(config.identity)}`,
      host,
      vault,
      secret,
      identity: config.identity,
      mayBeAbsent: true,
    }),
    read: (targets) =>
      client.readAll(targets, { deadlineMs: systemClock.monotonic() + config.timeoutMs, failFast: false }),
    write: writer.write,
    close: client.rest,
  };
}

/** What a person pastes into the app's settings. */
export function referenceTo(vault: string, secret: string): string {
  return `@KeyVault(VaultName=${vault};SecretName=${secret})`;
}
