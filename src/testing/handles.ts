// What `azure.vault(...)` and `azure.identity(...)` give: names bound to commands.
import { checkSecretName, checkVaultName, checkVersion } from './check.js';
import { checkGrants } from './check-grants.js';
import { checkSecret } from './check-secret.js';
import { EmulatorError } from './errors.js';
import { checkThrottle } from './options.js';
import type { IdentitySettings } from './protocol.js';
import type { EmulatorThread } from './thread.js';
import type { EmulatedIdentity, EmulatedVault } from './types.js';

export function vaultHandle(thread: EmulatorThread, vault: string): EmulatedVault {
  const name = checkVaultName('name', vault);
  const nameOf = (secret: unknown): string => checkSecretName('secret', secret);
  const versionOf = (version: unknown): string | undefined =>
    version === undefined ? undefined : checkVersion('version', version);
  // Methods are async so that a malformed argument rejects, as everything else does.
  return {
    name,
    set: async (secret, value) => thread.call('secret.set', name, nameOf(secret), checkSecret('value', value)),
    get: async (secret, version) => thread.call('secret.get', name, nameOf(secret), versionOf(version)),
    versions: async (secret) => thread.call('secret.versions', name, nameOf(secret)),
    disable: async (secret, version) => thread.call('secret.enable', name, nameOf(secret), false, versionOf(version)),
    enable: async (secret, version) => thread.call('secret.enable', name, nameOf(secret), true, versionOf(version)),
    delete: async (secret) => thread.call('secret.delete', name, nameOf(secret)),
    recover: async (secret) => thread.call('secret.recover', name, nameOf(secret)),
    purge: async (secret) => thread.call('secret.purge', name, nameOf(secret)),
    secrets: async () => thread.call('secret.names', name),
    deletedSecrets: async () => thread.call('secret.deletedNames', name),
    throttle: async (throttle) =>
      thread.call('vault.throttle', name, throttle === null ? null : checkThrottle('throttle', throttle)),
  };
}

export function findIdentity(identities: readonly IdentitySettings[], id: string): IdentitySettings {
  const wanted = String(id).toLowerCase();
  const found = identities.find((one) =>
    wanted === 'system'
      ? one.kind === 'system'
      : [one.clientId, one.objectId, one.resourceId].some((known) => known?.toLowerCase() === wanted),
  );
  if (found) return found;
  const known = identities.map((one) => (one.kind === 'system' ? 'system' : one.clientId)).join(', ');
  throw new EmulatorError('ERR_EMULATOR_NOT_FOUND', `there is no identity "${id}"; there is: ${known || 'none'}`);
}

export function identityHandle(thread: EmulatorThread, settings: IdentitySettings): EmulatedIdentity {
  const { kind, clientId, objectId, resourceId } = settings;
  return {
    kind,
    clientId,
    objectId,
    resourceId,
    grant: async (grants) => {
      const rules = checkGrants('grants', grants);
      if (rules.length > 0) await thread.call('identity.rules', clientId, rules);
    },
    revoke: async (grants) => {
      const rules = grants === undefined ? [] : checkGrants('grants', grants, false);
      if (grants === undefined || rules.length > 0) await thread.call('identity.rules', clientId, rules);
    },
  };
}
