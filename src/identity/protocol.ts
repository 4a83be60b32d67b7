import { type Failure, fact, fail, type Result, succeed } from '../support/failure.js';
import { type IdentitySelector, printIdentity } from '../support/identity-selector.js';
import type { DirectSource } from './source.js';

/** How a token is asked for, as data. */
export interface TokenRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Asked instead when the method is refused. */
  readonly fallback?: TokenRequest;
}

/**
 * The request that each host understands. Spelling of the selector matters: a name that the
 * host does not know is ignored there, and the token is another identity's. A host that
 * cannot select fails closed.
 *
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 * 2017-09-01: the same page before 2020. Cloud Shell's form: msal-node `CloudShell.ts`.
 * https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code
 */
export function tokenRequest(source: DirectSource, resource: string, identity: IdentitySelector): Result<TokenRequest> {
  switch (source.name) {
    case 'app-service-2019':
    case 'container-apps': {
      const names = { client: 'client_id', object: 'object_id', resource: 'mi_res_id' } as const;
      return succeed({
        url: withQuery(source.endpoint, {
          'api-version': '2019-08-01',
          resource,
          ...(identity.kind !== 'system' && { [names[identity.kind]]: identity.id }),
        }),
        method: 'GET',
        headers: { 'X-IDENTITY-HEADER': source.header },
      });
    }
    case 'service-fabric':
      if (identity.kind !== 'system') {
        return fail(cannotSelect(identity, "Service Fabric chooses the identity in the application's template"));
      }
      return succeed({
        url: withQuery(source.endpoint, { 'api-version': source.apiVersion, resource }),
        method: 'GET',
        headers: { secret: source.header },
      });
    case 'app-service-2017':
      if (identity.kind !== 'system' && identity.kind !== 'client') {
        return fail(cannotSelect(identity, 'App Service 2017-09-01 selects by client id only'));
      }
      return succeed({
        url: withQuery(source.endpoint, {
          'api-version': '2017-09-01',
          resource,
          ...(identity.kind === 'client' && { clientid: identity.id }),
        }),
        method: 'GET',
        headers: { secret: source.header },
      });
    case 'msi-endpoint': {
      if (identity.kind !== 'system')
        return fail(cannotSelect(identity, 'this endpoint serves one identity and cannot select'));
      const headers = { Metadata: 'true' };
      return succeed({
        url: source.endpoint,
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ resource }).toString(),
        fallback: { url: withQuery(source.endpoint, { resource }), method: 'GET', headers },
      });
    }
  }
}

function withQuery(endpoint: URL, query: Readonly<Record<string, string>>): URL {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** Asking all the same would give the token of another identity. */
export function cannotSelect(identity: IdentitySelector, why: string): Failure {
  return fact(
    'MSINotEnabled',
    'ERR_IDENTITY_SELECTOR',
    `identity ${printIdentity(identity)} cannot be chosen here: ${why}.`,
    'Name the identity by its client id where that is possible, or set VAULTSTRAP_IDENTITY=system to use the one identity there is.',
  );
}
