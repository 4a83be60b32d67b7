// Microsoft Entra as a pod of AKS meets it: the token of its service account for one of an identity that trusts it.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (federated credential)
import { randomUUID } from 'node:crypto';
import { emptyReply, type Incoming, jsonReply, type Reply } from './exchange.js';
import { identityLabel } from './identities.js';
import { type IdentityServiceState, type Protocol, sameText } from './token-reply.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const refuse = (status: number, error: string, code: number, text: string): Reply =>
  jsonReply(status, {
    error,
    error_description: `AADSTS${code}: ${text}`,
    error_codes: [code],
    correlation_id: randomUUID(),
  });

/** What MSAL asks first of every authority. */
function discovery({ tenantId }: IdentityServiceState, request: Incoming): Reply {
  const authority = `https://${request.host}/${tenantId}`;
  return jsonReply(200, {
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
    issuer: `${authority}/v2.0`,
  });
}

/** Codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes; a bad assertion has several. */
function exchange(state: IdentityServiceState, form: URLSearchParams, note: Parameters<Protocol>[2]): Reply {
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 70003, 'The app returned an unsupported grant type.');
  }
  const identity = state.identities.byClientId(form.get('client_id') ?? '');
  if (!identity) return refuse(400, 'unauthorized_client', 700016, 'The application was not found in the directory.');
  note.identity = identityLabel(identity);
  const isTrusted =
    form.get('client_assertion_type') === ASSERTION_TYPE &&
    sameText(form.get('client_assertion') ?? undefined, state.federatedToken);
  if (!isTrusted) return refuse(401, 'invalid_client', 700213, 'No matching federated identity record found.');
  note.authorized = true;
  const resource = /^(\S+)\/\.default$/.exec(form.get('scope') ?? '')?.[1];
  if (!resource) return refuse(400, 'invalid_scope', 70011, 'The provided value for scope is not valid.');
  note.resource = resource;
  const { text, issuedAtSeconds, expiresAtSeconds } = state.tokens.issue(identity, resource);
  const expires_in = expiresAtSeconds - issuedAtSeconds;
  // Entra states a life, and no form of expiry besides.
  return jsonReply(200, { token_type: 'Bearer', expires_in, ext_expires_in: expires_in, access_token: text });
}

export const workloadIdentity: Protocol = (state, request, note) => {
  note.source = 'workload-identity';
  const tenant = `/${state.tenantId}`.toLowerCase();
  const path = request.path.toLowerCase();
  if (!path.startsWith(`${tenant}/`)) return refuse(400, 'invalid_request', 90002, 'The tenant was not found.');
  if (request.method === 'GET' && path === `${tenant}/v2.0/.well-known/openid-configuration`) {
    return discovery(state, request);
  }
  if (path !== `${tenant}/oauth2/v2.0/token`) return emptyReply(404);
  if (request.method !== 'POST') return emptyReply(405, { Allow: 'POST' });
  return exchange(state, new URLSearchParams(request.body), note);
};
