import { type Failure, fact, fail, type Result, succeed } from '../support/failure.js';
import { printIdentity } from '../support/identity-selector.js';
import { claimsOf } from './claims.js';
import type { TokenContext } from './failure.js';
import type { AccessToken } from './reply.js';

/**
 * Refuses a token that says it is another identity's. A host that does not know a selector's spelling ignores it, and
 * gives whichever identity it likes: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 * (`appid`, `oid`; `xms_mirid` is the resource id). A token that says nothing is taken at the host's word.
 */
export function refuseAnothers(token: AccessToken, context: TokenContext, clientId?: unknown): Result<AccessToken> {
  const { identity } = context;
  if (identity.kind === 'system') return succeed(token);
  const claims = claimsOf(token.token.reveal());
  const said = {
    client: [clientId, claims['appid'], claims['azp']],
    object: [claims['oid']],
    resource: [claims['xms_mirid']],
  }[identity.kind];
  const isAnothers = said.some(
    (id) => typeof id === 'string' && id !== '' && id.toLowerCase() !== identity.id.toLowerCase(),
  );
  return isAnothers ? fail(anothersToken(context)) : succeed(token);
}

export function anothersToken({ source, identity }: TokenContext): Failure {
  return fact(
    'MSINotEnabled',
    'ERR_IDENTITY_SELECTOR',
    `${source} gave the token of another identity than ${printIdentity(identity)}; it was not used.`,
    'The host seems to ignore the selector. Assign this identity to the app, or set VAULTSTRAP_IDENTITY=system.',
  );
}
