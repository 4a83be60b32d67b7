import type { TokenCache } from '../identity/tokens.js';
import type { SecretRead } from '../settings/plan.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { type Failure, fail, type Result, succeed } from '../support/failure.js';
import { held } from '../support/held.js';
import { printIdentity } from '../support/identity-selector.js';
import type { Secret } from '../support/secret.js';
import { createSecretReader } from './reader.js';
import { createSdkLane } from './sdk.js';

/** What stands beside a value. */
export interface SecretAttributes {
  readonly contentType?: string;
  readonly tags?: { readonly [name: string]: string };
  readonly notBefore?: Date;
  readonly expiresOn?: Date;
}

export interface SecretWriter {
  /** Makes a version with this value, the secret too if need be. Never rejects. */
  write(target: SecretRead, value: Secret, attributes?: SecretAttributes): Promise<Result<{ version: string }>>;
}

export interface SecretWriterOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly tokens: TokenCache;
  readonly sdkAnchors: readonly string[];
}

/**
 * Writes by the SDK's `setSecret`, on the same road as reading: the host rules, the token of our own credential,
 * the tries. A try that was cut off may have been carried out: the next one makes a second version of the same value.
 */
export function createSecretWriter({ config, clock, tokens, sdkAnchors }: SecretWriterOptions): SecretWriter {
  const contents = new WeakMap<SecretRead, { value: Secret; attributes: SecretAttributes }>();
  const lane = createSdkLane({
    config,
    sdkAnchors,
    operation: (client, target, options) => {
      const content = contents.get(target);
      if (!content) throw new TypeError('there is nothing to write');
      const { tags, ...attributes } = content.attributes;
      return client.setSecret(target.secret, content.value.reveal(), {
        ...options,
        ...attributes,
        ...(tags && { tags: { ...tags } }),
      });
    },
  });
  const road = createSecretReader(lane, { config, tokens, clock });
  return {
    async write(target, value, attributes = {}) {
      contents.set(target, { value, attributes });
      const deadlineMs = clock.monotonic() + config.timeoutMs;
      const result = await held(road.read(target, { deadlineMs, retryUntilMs: deadlineMs, isRefresh: false }));
      return result.ok ? succeed({ version: result.value.version }) : fail(ofWriting(target, result.failure));
    },
  };
}

/** What is missing for whoever writes secrets and reads them back, most often a person: a right to read alone would be no help. */
export function grantForWriting(vault: string, code: string): string | undefined {
  if (code === 'ERR_VAULT_RBAC') {
    return `az role assignment create --role "Key Vault Secrets Officer" --assignee YOU@DOMAIN --scope "$(az keyvault show --name ${vault} --query id --output tsv)" (of an identity its object id; it can take minutes to work)`;
  }
  if (code === 'ERR_VAULT_POLICY') {
    return `az keyvault set-policy --name ${vault} --upn YOU@DOMAIN --secret-permissions get set (of an identity --object-id; roles have no effect on a vault with access policies)`;
  }
  return undefined;
}

/** The failures whose words or remedy are others than those of reading. */
function ofWriting({ vault, secret, identity }: SecretRead, failure: Failure): Failure {
  const who = identity.kind === 'system' ? 'the identity used' : `identity ${printIdentity(identity)}`;
  const common = { ...failure, retry: 'never' } as const;
  if (failure.cause?.status === 409) return { ...common, ...conflict(vault, secret, failure.cause.code) };
  switch (failure.code) {
    case 'ERR_VAULT_RBAC':
      return {
        ...common,
        details: `vault '${vault}' gives ${who} no right to write '${secret}' (403).`,
        hint: grantForWriting(vault, failure.code) ?? failure.hint,
      };
    case 'ERR_VAULT_POLICY':
      return {
        ...common,
        details: `no access policy of vault '${vault}' lets ${who} write secrets (403).`,
        hint: grantForWriting(vault, failure.code) ?? failure.hint,
      };
    case 'ERR_VAULT_REPLY':
      return failure.cause?.status === 400
        ? {
            ...common,
            details: `vault '${vault}' did not accept what was to be written to '${secret}' (400).`,
            hint: 'Key Vault takes values of at most 25 KB, 15 tags, and dates in order.',
          }
        : failure;
    default:
      return failure;
  }
}

/** https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview */
function conflict(vault: string, secret: string, reason: string | undefined): Pick<Failure, 'details' | 'hint'> {
  const recover = `az keyvault secret recover --vault-name ${vault} --name ${secret}`;
  if (reason === 'ObjectIsDeletedButRecoverable') {
    return {
      details: `secret '${secret}' in vault '${vault}' is deleted, and its name is taken until it is purged (409).`,
      hint: `Bring it back, then write again: ${recover}. Or free the name for good: az keyvault secret purge --vault-name ${vault} --name ${secret}`,
    };
  }
  return {
    details: `secret '${secret}' in vault '${vault}' is being deleted, recovered or purged (409).`,
    hint: `Wait a minute and write again. If it stays so: ${recover}`,
  };
}
