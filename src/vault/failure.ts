import type { SecretRead } from '../settings/plan.js';
import { type Failure, fact, outage } from '../support/failure.js';
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
  /** Which part of `DefaultAzureCredential` gave the token. */
  readonly by?: string | undefined;
  /** Whether the token says that it is a person's: a pipeline signs in to `az`, too, as a service principal. */
  readonly isPerson?: boolean;
}

/**
 * Status, code and remedy of a reply other than 200. The top code of every 403 is `Forbidden`:
 * the inner one decides.
 * https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
 */
export function vaultFailure(read: SecretRead, refusal: VaultRefusal): Failure {
  const { vault } = read;
  const { status } = refusal;
  switch (status) {
    case 401:
      return unauthorized(read, refusal);
    case 403:
      return forbidden(read, refusal);
    case 404:
      return notFound(read, refusal.code);
    case 429:
      return outage(
        'OtherReasons',
        'ERR_THROTTLED',
        `vault '${vault}' is throttling (429).`,
        'A vault serves 4,000 reads per 10 s. Raise VAULTSTRAP_REFRESH_SECONDS, or spread secrets over vaults.',
      );
  }
  if (status >= 500 || status === 408) {
    return outage(
      status === 408 || status === 504 ? 'FetchTimedOut' : 'OtherReasons',
      'ERR_VAULT_UNAVAILABLE',
      `vault '${vault}' answered ${status}.`,
      'Key Vault has trouble; this is usually short. See https://azure.status.microsoft/ if it lasts.',
    );
  }
  if (status >= 300 && status < 400) {
    return fact(
      'OtherReasons',
      'ERR_VAULT_REDIRECT',
      `vault '${vault}' redirected (${status}); redirects are not followed, so that the token stays here.`,
      'Key Vault never redirects: something else answers at that address.',
    );
  }
  return fact(
    'OtherReasons',
    'ERR_VAULT_REPLY',
    `vault '${vault}' answered ${status}.`,
    `Try: az keyvault secret show --vault-name ${vault} --name ${read.secret}`,
  );
}

/** Whether somebody has signed in, to `az` say, who stands in for whatever identity a reference names. */
function isSignIn(by: string | undefined): boolean {
  return by !== undefined && !/^(Managed|Workload|Environment)/.test(by);
}

function unauthorized({ vault }: SecretRead, { challenge, by }: VaultRefusal): Failure {
  const tenant = /authorization="https:\/\/[^/"]+\/([0-9a-f-]{36})"/i.exec(challenge ?? '')?.[1];
  const remedy = isSignIn(by)
    ? `az login --tenant ${tenant ?? 'TENANT_ID'}`
    : 'check that the identity belongs to it, and VAULTSTRAP_VAULT_SUFFIX in other clouds.';
  return fact(
    'UnauthorizedClient',
    'ERR_VAULT_UNAUTHORIZED',
    `vault '${vault}' did not accept the token (401).`,
    `The vault accepts tokens of its own tenant only${tenant ? `, which is ${tenant}` : ''}: ${remedy}`,
  );
}

function forbidden({ vault, secret, version, identity }: SecretRead, refusal: VaultRefusal): Failure {
  const { code, reason, by, isPerson } = refusal;
  const denied = 'AccessToKeyVaultDenied';
  const who = isSignIn(by)
    ? `${isPerson ? 'your own' : 'the'} sign-in (${by})`
    : identity.kind === 'system'
      ? 'the system-assigned identity'
      : `identity ${printIdentity(identity)}`;
  switch (reason) {
    case 'ForbiddenByRbac': {
      // By object id: `--assignee` asks Microsoft Graph, which does not know a new identity for a while.
      const assignee = isPerson ? ' YOU@DOMAIN' : '-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal';
      return fact(
        denied,
        'ERR_VAULT_RBAC',
        `vault '${vault}' gives ${who} no right to read '${secret}' (403).`,
        `az role assignment create --role "Key Vault Secrets User" --assignee${assignee} ` +
          `--scope "$(az keyvault show --name ${vault} --query id --output tsv)/secrets/${secret}" (it can take minutes to work)`,
      );
    }
    case 'ForbiddenByPolicy':
    case 'AccessDenied':
      return fact(
        denied,
        'ERR_VAULT_POLICY',
        `no access policy of vault '${vault}' lets ${who} read secrets (403).`,
        `az keyvault set-policy --name ${vault} --${isPerson ? 'upn YOU@DOMAIN' : 'object-id PRINCIPAL_ID'} --secret-permissions get (roles have no effect on a vault with access policies)`,
      );
    case 'ForbiddenByFirewall':
      return fact(
        denied,
        'ERR_VAULT_FIREWALL',
        `the firewall of vault '${vault}' refused this address (403).`,
        isSignIn(by)
          ? `az keyvault network-rule add --name ${vault} --ip-address ADDRESS`
          : 'Let the app in by VNet integration or a private endpoint. App Service is not among the "trusted services".',
      );
    case 'ForbiddenByConnection':
      return fact(
        denied,
        'ERR_VAULT_CONNECTION',
        `vault '${vault}' refuses public connections (403).`,
        'Reach it through its private endpoint: VNet integration, and the private DNS zone privatelink.vaultcore.azure.net.',
      );
    case 'SecretDisabled':
      return fact(
        'OtherReasons',
        'ERR_SECRET_DISABLED',
        `secret '${secret}' in vault '${vault}' is disabled (403).`,
        `az keyvault secret set-attributes --vault-name ${vault} --name ${secret}${version ? ` --version ${version}` : ''} --enabled true`,
      );
    default:
      return fact(
        denied,
        'ERR_VAULT_FORBIDDEN',
        `vault '${vault}' refused to give '${secret}' to ${who} (403).`,
        code
          ? `Grant "Key Vault Secrets User" on the secret, and check the vault's firewall: az keyvault show --name ${vault} --query properties.networkAcls`
          : 'Key Vault says why. This did not: check that no proxy or gateway answers in its place.',
      );
  }
}

function notFound({ vault, secret, version }: SecretRead, code: string | undefined): Failure {
  if (code !== 'SecretNotFound') {
    return fact(
      'VaultNotFound',
      'ERR_VAULT_NOT_FOUND',
      `the host of vault '${vault}' answered 404, but not as Key Vault does.`,
      `Check the vault's name (az keyvault show --name ${vault}), and that no proxy or gateway answers in its place.`,
    );
  }
  const failure =
    version === undefined
      ? fact(
          'SecretNotFound',
          'ERR_SECRET_NOT_FOUND',
          `vault '${vault}' has no secret '${secret}'.`,
          `Check the name. To make it: npx vaultstrap set ${vault} ${secret}; if it was deleted: az keyvault secret recover --vault-name ${vault} --name ${secret}`,
        )
      : fact(
          'SecretVersionNotFound',
          'ERR_SECRET_VERSION_NOT_FOUND',
          `vault '${vault}' has no version ${version} of secret '${secret}'.`,
          `az keyvault secret list-versions --vault-name ${vault} --name ${secret}; or leave the version out for the newest.`,
        );
  return { ...failure, absent: true };
}
