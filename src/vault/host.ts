import type { Config } from '../support/config.js';
import { type Failure, fact, fail, type Result, succeed } from '../support/failure.js';
import { VAULT_SUFFIXES } from '../support/vault-names.js';

/** In lower case, as every host is by now: stricter than a name that somebody writes. */
const VAULT_LABEL = /^(?=.{3,24}$)[a-z](?:-?[a-z0-9])*$/;

/**
 * Decides whether a token may go to this host, and the token of which resource: `https://` and
 * the host's suffix. A reference is user input, and names the place that gets our bearer token.
 * https://devblogs.microsoft.com/azure-sdk/guidance-for-applications-using-the-key-vault-libraries/
 */
export function resourceForHost(host: string, config: Pick<Config, 'vaultSuffix' | 'allowedHosts'>): Result<string> {
  for (const suffix of [config.vaultSuffix, ...VAULT_SUFFIXES]) {
    // One label, then the suffix with its dot: look-alikes, sub-domains and ports do not match.
    if (host.endsWith(`.${suffix}`) && VAULT_LABEL.test(host.slice(0, -suffix.length - 1))) {
      return succeed(`https://${suffix}`);
    }
  }
  if (config.allowedHosts.has(host)) return succeed(`https://${config.vaultSuffix}`);
  return fail(notAllowed());
}

function notAllowed(): Failure {
  return fact(
    'InvalidSyntax',
    'ERR_HOST_NOT_ALLOWED',
    'the host in SecretUri is not a Key Vault; no token was sent to it.',
    `A vault's host is {vault}.vault.azure.net (or another cloud's: ${VAULT_SUFFIXES.slice(1, 3).join(', ')}). An exact host can be allowed in VAULTSTRAP_ALLOWED_HOSTS.`,
  );
}
