// The agent of a server that Azure Arc has connected: who asks must be able to read a file that only root and the
// group himds can. The key in that file is the emulator's identity header (src/testing/files.ts writes it).
// https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
import { emptyReply, jsonReply, type Reply } from './exchange.js';
import { identityLabel } from './identities.js';
import { hasMetadataHeader, unnamedIdentity } from './machine.js';
import { type Protocol, readSelector, sameText, tokenReply } from './token-reply.js';

const API_VERSIONS = ['2019-11-01', '2020-06-01'];
const SELECTOR = { clientId: 'client_id', objectId: ['object_id'], resourceId: 'msi_res_id' };

const refuse = (status: number, error: string, description: string): Reply =>
  jsonReply(status, { error, error_description: description });

export const azureArc: Protocol = (state, request, note) => {
  note.source = 'azure-arc';
  if (request.method !== 'GET') return emptyReply(405, { Allow: 'GET' });
  if (!hasMetadataHeader(request)) {
    return refuse(400, 'invalid_request', 'Required metadata header not specified');
  }
  if (!API_VERSIONS.includes(request.query.get('api-version') ?? '')) {
    return refuse(400, 'invalid_request', 'The api-version is missing or not supported');
  }
  const authorization = request.header('authorization');
  if (!sameText(authorization, `Basic ${state.identityHeader}`)) {
    return emptyReply(401, { 'WWW-Authenticate': `Basic realm=${state.arcKeyFile}` });
  }
  note.authorized = true;
  const resource = request.query.get('resource');
  if (!resource) return refuse(400, 'invalid_request', "Required query variable 'resource' is missing");
  note.resource = resource;
  const { selector, given } = readSelector(request.query, SELECTOR);
  const identity = given === 0 ? unnamedIdentity(state.identities) : state.identities.select(selector);
  if (!identity || given > 1) return refuse(404, 'not_found', 'Identity not found');
  note.identity = identityLabel(identity);
  const { clientId, objectId, resourceId } = selector;
  return tokenReply(state, state.tokens.issue(identity, resource), {
    form: 'epoch-string',
    withLife: true,
    // An agent that can choose says whom it chose, by the name it was given; an older one does neither.
    members: {
      ...(clientId !== undefined && { client_id: clientId }),
      ...(objectId !== undefined && { object_id: objectId }),
      ...(resourceId !== undefined && { msi_res_id: resourceId }),
    },
  });
};
