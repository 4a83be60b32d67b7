// The endpoints of virtual machines: the metadata service (IMDS), and the older
// one on a port of its own that Cloud Shell still speaks.
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
import type { RequestRecord } from '../types.js';
import { emptyReply, type Incoming, jsonReply, type Reply } from './exchange.js';
import { type Identity, type IdentityStore, identityLabel } from './identities.js';
import { type IdentityServiceState, type Protocol, readSelector, tokenReply } from './token-reply.js';

const SELECTOR = { clientId: 'client_id', objectId: ['object_id'], resourceId: 'msi_res_id' };
const SEVERAL_IDENTITIES =
  'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request';

const refuse = (error: string, description: string): Reply => jsonReply(400, { error, error_description: description });

/** The header is a guard against forged requests: nothing that only follows a link sends it. */
export const hasMetadataHeader = (request: Incoming): boolean => request.header('metadata')?.toLowerCase() === 'true';

/** A machine with one user-assigned identity and no system-assigned one needs no name for it. */
export function unnamedIdentity({ system, userAssigned }: IdentityStore): Identity | undefined {
  return system ?? (userAssigned.length === 1 ? userAssigned[0] : undefined);
}

function machineToken(state: IdentityServiceState, parameters: URLSearchParams, note: Partial<RequestRecord>): Reply {
  const { identities } = state;
  const resource = parameters.get('resource');
  if (!resource) return refuse('invalid_request', "Required query variable 'resource' is missing");
  note.resource = resource;
  const { selector, given } = readSelector(parameters, SELECTOR);
  if (given > 1) return refuse('invalid_request', 'Only one of client_id, object_id and msi_res_id may be given');
  const identity = given === 0 ? unnamedIdentity(identities) : identities.select(selector);
  if (!identity) {
    const several = given === 0 && identities.userAssigned.length > 1;
    return refuse('invalid_request', several ? SEVERAL_IDENTITIES : 'Identity not found');
  }
  note.identity = identityLabel(identity);
  const token = state.tokens.issue(identity, resource);
  return tokenReply(state, token, {
    form: 'epoch-string',
    withLife: true,
    members: { client_id: identity.clientId, refresh_token: '', not_before: String(token.issuedAtSeconds) },
  });
}

export const metadataService: Protocol = (state, request, note) => {
  note.source = 'imds';
  if (request.method !== 'GET') return emptyReply(405, { Allow: 'GET' });
  if (!hasMetadataHeader(request)) return refuse('bad_request_102', 'Required metadata header not specified');
  note.authorized = true;
  if (!/^20\d\d-\d\d-\d\d$/.test(request.query.get('api-version') ?? '')) {
    return refuse('invalid_request', 'The api-version is missing or not supported');
  }
  return machineToken(state, request.query, note);
};

/** Cloud Shell is asked by POST; the retired extension of virtual machines took GET, too or only. */
export const msiEndpoint: Protocol = (state, request, note) => {
  note.source = 'msi-endpoint';
  const allowed = state.msiEndpointGetOnly ? ['GET'] : ['GET', 'POST'];
  if (!allowed.includes(request.method)) return emptyReply(405, { Allow: allowed.join(', ') });
  if (!hasMetadataHeader(request)) return refuse('invalid_request', 'Required metadata header not specified');
  note.authorized = true;
  return machineToken(state, request.method === 'POST' ? new URLSearchParams(request.body) : request.query, note);
};
