import type { Credential, CredentialOptions } from '../identity/credential.js';
import { systemClock } from '../support/clock.js';
import { VaultstrapError } from '../support/errors.js';
import { type IdentitySelector, parseIdentity } from '../support/identity-selector.js';
import type { VaultClient } from '../vault/client.js';

const TOKEN_LIMIT_MS = 20_000;
const ONE_SCOPE = "Ask for one, such as 'https://storage.azure.com/.default'.";

export function createCredential(
  { identity }: CredentialOptions,
  context: () => { client: Pick<VaultClient, 'tokens'>; defaultIdentity: IdentitySelector },
): Credential {
  const selector = identity === undefined ? undefined : parseIdentity(identity);
  if (identity !== undefined && !selector) {
    throw new VaultstrapError(
      'ERR_INVALID_OPTION',
      'option identity is malformed.',
      'Expected: a client id (a GUID), object:{GUID}, an ARM resource id, or system.',
    );
  }
  return {
    async getToken(scopes) {
      const { client, defaultIdentity } = context();
      const deadlineMs = systemClock.monotonic() + TOKEN_LIMIT_MS;
      const token = await client.tokens.get(resourceOf(scopes), selector ?? defaultIdentity, { deadlineMs });
      if (!token.ok) {
        const { code, status, details, hint, cause } = token.failure;
        throw new VaultstrapError(code, `${status}: ${details}`, hint, cause);
      }
      return { token: token.value.token.reveal(), expiresOnTimestamp: token.value.expiresOnMs };
    },
  };
}

/**
 * Managed identities give tokens for one resource, the scope without `/.default`. A slash in front of that
 * belongs to the resource: `https://database.windows.net//.default` is `https://database.windows.net/`.
 */
function resourceOf(scopes: string | string[]): string {
  const [scope, ...others] = [scopes].flat();
  if (scope === undefined || others.length > 0 || scope === '') {
    throw new VaultstrapError(
      'ERR_INVALID_OPTION',
      'a managed identity gives a token for exactly one scope.',
      ONE_SCOPE,
    );
  }
  const resource = scope.endsWith('/.default') ? scope.slice(0, -'/.default'.length) : scope;
  if (resource === '') {
    throw new VaultstrapError('ERR_INVALID_OPTION', 'the scope names no resource.', ONE_SCOPE);
  }
  return resource;
}
