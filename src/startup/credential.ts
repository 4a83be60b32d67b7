import type { Credential, CredentialOptions, GetTokenOptions } from '../identity/credential.js';
import type { Clock } from '../support/clock.js';
import { VaultstrapError } from '../support/errors.js';
import { fail, outage } from '../support/failure.js';
import { held } from '../support/held.js';
import { type IdentitySelector, parseIdentity } from '../support/identity-selector.js';
import { malformed } from '../support/options.js';
import { unlessAborted } from '../support/unless-aborted.js';
import type { VaultClient } from '../vault/client.js';

const TOKEN_LIMIT_MS = 20_000;
const GRACE_MS = 250;
const ONE_SCOPE = "Ask for one, such as 'https://storage.azure.com/.default'.";

export function createCredential(
  options: CredentialOptions,
  context: () => { client: Pick<VaultClient, 'tokens'>; defaultIdentity: IdentitySelector },
  clock: Clock,
): Credential {
  const { identity, ...others } = options;
  // A misspelt name would mean the default identity.
  const [other] = Object.keys(others);
  if (other !== undefined) throw malformed(`option ${other}`, 'identity, and no other', 'does not exist');
  const selector = typeof identity === 'string' ? parseIdentity(identity) : undefined;
  if (identity !== undefined && !selector)
    throw malformed('option identity', 'a client id (a GUID), object:{GUID}, an ARM resource id, or system');
  return {
    async getToken(scopes, given?: GetTokenOptions) {
      const resource = resourceOf(scopes);
      const { client, defaultIdentity } = context();
      const deadlineMs = clock.monotonic() + TOKEN_LIMIT_MS;
      const ended = new AbortController();
      const ask = () =>
        Promise.race([
          client.tokens.get(resource, selector ?? defaultIdentity, { deadlineMs }),
          // Its own tries mind the deadline; a request that a start shares with it may have a later one.
          clock.sleep(TOKEN_LIMIT_MS + GRACE_MS, ended.signal).then(() => fail(TOO_LATE)),
        ]);
      const token = await held(unlessAborted('abortSignal', given?.abortSignal, ask)).finally(() => ended.abort());
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
  if (typeof scope !== 'string' || others.length > 0 || scope === '') {
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

const TOO_LATE = outage(
  'FetchTimedOut',
  'ERR_IDENTITY_TIMEOUT',
  'the identity endpoint did not answer in time.',
  'The platform has trouble issuing tokens; this is usually short.',
);
