import type { SecretRead } from '../settings/plan.js';
import type { Failure } from '../support/failure.js';
import { printIdentity } from '../support/identity-selector.js';

/** What Key Vault said, as words. */
export interface VaultRefusal {
  readonly status: number;
  /** `error.code` */
  readonly code: string | undefined;
  /** `error.innererror.code` */
  readonly reason: string | undefined;
  /** `WWW-Authenticate` */
  readonly challenge: string | undefined;
}

type Verdict = Pick<Failure, 'status' | 'code' | 'details' | 'hint' | 'retry'> & { absent?: true };

/**
 * Status, code and remedy of a reply other than 200. The top code of every 403 is `Forbidden`:
 * the inner one decides.
 * https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
 */
export function vaultFailure(read: SecretRead, refusal: VaultRefusal): Verdict {
  const { vault } = read;
  switch (refusal.status) {
    case 401:
      return unauthorized(read, refusal.challenge);
    case 403:
      return forbidden(read, refusal.reason);
    case 404:
      return notFound(read, refusal.code);
    case 429:
      return {
        status: 'OtherReasons',
        code: 'ERR_THROTTLED',
        details: `vault '${vault}' is throttling (429).`,
        hint: 'A vault serves 4,000 reads per 10 s. Raise VAULTSTRAP_REFRESH_SECONDS, or spread secrets over vaults.',
        retry: 'deadline',
      };
  }
  if (refusal.status >= 500 || refusal.status === 408) {
    return {
      status: refusal.status === 408 || refusal.status === 504 ? 'FetchTimedOut' : 'OtherReasons',
      code: 'ERR_VAULT_UNAVAILABLE',
      details: `vault '${vault}' answered ${refusal.status}.`,
      hint: 'Key Vault has trouble; this is usually short. See https://azure.status.microsoft/ if it lasts.',
      retry: 'deadline',
    };
  }
  if (refusal.status >= 300 && refusal.status < 400) {
    return {
      status: 'OtherReasons',
      code: 'ERR_VAULT_REDIRECT',
      details: `vault '${vault}' redirected (${refusal.status}); redirects are not followed, so that the token stays here.`,
      hint: 'Key Vault never redirects: something else answers at that address.',
      retry: 'never',
    };
  }
  return {
    status: 'OtherReasons',
    code: 'ERR_VAULT_REPLY',
    details: `vault '${vault}' answered ${refusal.status}.`,
    hint: `Try: az keyvault secret show --vault-name ${vault} --name ${read.secret}`,
    retry: 'never',
  };
}

function unauthorized({ vault }: SecretRead, challenge: string | undefined): Verdict {
  const tenant = /authorization="https:\/\/[^/"]+\/([0-9a-f-]{36})"/i.exec(challenge ?? '')?.[1];
  return {
    status: 'UnauthorizedClient',
    code: 'ERR_VAULT_UNAUTHORIZED',
    details: `vault '${vault}' did not accept the token (401).`,
    hint: `The vault accepts tokens of its own tenant only${tenant ? `, which is ${tenant}` : ''}: check that the identity belongs to it, and VAULTSTRAP_VAULT_SUFFIX in other clouds.`,
    retry: 'never',
  };
}

function forbidden(read: SecretRead, reason: string | undefined): Verdict {
  const { vault, secret, version } = read;
  const status = 'AccessToKeyVaultDenied';
  const who =
    read.identity.kind === 'system' ? 'the system-assigned identity' : `identity ${printIdentity(read.identity)}`;
  switch (reason) {
    case 'ForbiddenByRbac':
      return {
        status,
        code: 'ERR_VAULT_RBAC',
        details: `vault '${vault}' gives ${who} no right to read '${secret}' (403).`,
        hint:
          `az role assignment create --role "Key Vault Secrets User" --assignee PRINCIPAL_ID ` +
          `--scope "$(az keyvault show --name ${vault} --query id --output tsv)/secrets/${secret}". It can take minutes to work.`,
        retry: 'never',
      };
    case 'ForbiddenByPolicy':
    case 'AccessDenied':
      return {
        status,
        code: 'ERR_VAULT_POLICY',
        details: `no access policy of vault '${vault}' lets ${who} read secrets (403).`,
        hint: `az keyvault set-policy --name ${vault} --object-id PRINCIPAL_ID --secret-permissions get. Roles have no effect on a vault with access policies.`,
        retry: 'never',
      };
    case 'ForbiddenByFirewall':
      return {
        status,
        code: 'ERR_VAULT_FIREWALL',
        details: `the firewall of vault '${vault}' refused this address (403).`,
        hint: 'Let the app in by VNet integration or a private endpoint. App Service is not among the "trusted services".',
        retry: 'never',
      };
    case 'ForbiddenByConnection':
      return {
        status,
        code: 'ERR_VAULT_CONNECTION',
        details: `vault '${vault}' refuses public connections (403).`,
        hint: 'Reach it through its private endpoint: VNet integration, and the private DNS zone privatelink.vaultcore.azure.net.',
        retry: 'never',
      };
    case 'SecretDisabled':
      return {
        status: 'OtherReasons',
        code: 'ERR_SECRET_DISABLED',
        details: `secret '${secret}' in vault '${vault}' is disabled (403).`,
        hint: `az keyvault secret set-attributes --vault-name ${vault} --name ${secret}${version ? ` --version ${version}` : ''} --enabled true`,
        retry: 'never',
      };
    default:
      return {
        status,
        code: 'ERR_VAULT_FORBIDDEN',
        details: `vault '${vault}' refused to give '${secret}' to ${who} (403).`,
        hint: `Grant "Key Vault Secrets User" on the secret, and check the vault's firewall: az keyvault show --name ${vault} --query properties.networkAcls`,
        retry: 'never',
      };
  }
}

function notFound({ vault, secret, version }: SecretRead, code: string | undefined): Verdict {
  if (code !== 'SecretNotFound') {
    return {
      status: 'VaultNotFound',
      code: 'ERR_VAULT_NOT_FOUND',
      details: `the host of vault '${vault}' answered 404, but not as Key Vault does.`,
      hint: `Check the vault's name (az keyvault show --name ${vault}), and that no proxy or gateway answers in its place.`,
      retry: 'never',
    };
  }
  if (version !== undefined) {
    return {
      status: 'SecretVersionNotFound',
      code: 'ERR_SECRET_VERSION_NOT_FOUND',
      details: `vault '${vault}' has no version ${version} of secret '${secret}'.`,
      hint: `az keyvault secret list-versions --vault-name ${vault} --name ${secret}; or leave the version out for the newest.`,
      retry: 'never',
      absent: true,
    };
  }
  return {
    status: 'SecretNotFound',
    code: 'ERR_SECRET_NOT_FOUND',
    details: `vault '${vault}' has no secret '${secret}'.`,
    hint: `npx vaultstrap set ${vault} ${secret}; or, if it was deleted: az keyvault secret recover --vault-name ${vault} --name ${secret}`,
    retry: 'never',
    absent: true,
  };
}
