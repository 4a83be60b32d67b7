import { claimsOf, isPersons } from '../../identity/claims.js';
import type { AccessToken } from '../../identity/reply.js';
import { duration } from '../../report/duration.js';
import { LAST_DATE_MS } from '../../support/clock.js';
import { textOfFailure } from '../../support/errors.js';
import type { Result } from '../../support/failure.js';
import { type IdentitySelector, printIdentity } from '../../support/identity-selector.js';
import { bad, type Finding, good, warning } from './finding.js';

/** A token that was asked for. */
export interface AskedToken {
  readonly identity: IdentitySelector;
  readonly resource: string;
  readonly result: Result<AccessToken>;
}

/** Whom a token is for, as it says itself; unverified, as far as it is told. */
export interface Principal {
  readonly objectId?: string;
  readonly appId?: string;
  readonly tenantId?: string;
  /** Of a user-assigned identity, or of the resource that has the system-assigned one. */
  readonly resourceId?: string;
  readonly audience?: string;
  readonly type: 'ServicePrincipal' | 'User';
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export function principalOf(token: AccessToken): Principal {
  const claims = claimsOf(token.token.reveal());
  // Ids only: a claim can hold a name, and anything else that somebody wrote.
  const id = (name: string) => {
    const claim = claims[name];
    return typeof claim === 'string' && /^[\w:./-]{1,300}$/.test(claim) ? claim : undefined;
  };
  const said = {
    objectId: id('oid'),
    appId: id('appid') ?? id('azp'),
    tenantId: id('tid'),
    resourceId: id('xms_mirid'),
    audience: id('aud'),
  };
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { ...known, type: isPersons(claims) ? 'User' : 'ServicePrincipal' };
}

export function examineToken({ identity, resource, result }: AskedToken, nowMs: number): Finding {
  const about = `${printIdentity(identity)} for ${resource}`;
  if (!result.ok) {
    const { code, hint, cause } = result.failure;
    return bad('token', textOfFailure(result.failure), hint, { about, facts: { code, ...(cause && { cause }) } });
  }
  const { expiresOnMs, by } = result.value;
  const principal = principalOf(result.value);
  const who = [
    principal.objectId && `object ${principal.objectId}`,
    principal.appId && `app ${principal.appId}`,
    principal.tenantId && `tenant ${principal.tenantId}`,
    principal.resourceId,
    by && `by ${by}`,
  ].filter(Boolean);
  const leftSeconds = (expiresOnMs - nowMs) / 1000;
  const facts = {
    ...principal,
    // A date that JavaScript does not know is no reason to fail.
    ...(expiresOnMs <= LAST_DATE_MS && { expiresOn: new Date(expiresOnMs).toISOString() }),
    ...(by && { credential: by }),
  };
  if (leftSeconds <= 0) {
    return warning(
      'token',
      `a token came that has already expired: ${who.join(', ')}`,
      "Set this machine's clock right (timedatectl, w32tm).",
      { about, facts },
    );
  }
  return good('token', `${who.join(', ')}; good for ${duration(leftSeconds)}`, { about, facts });
}
