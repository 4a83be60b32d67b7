// Service Fabric: an https endpoint of its own, known by its certificate's thumbprint, and one identity per
// service, which no request can choose. Statuses of the 400s are ours: only 404, 429 and 5xx are documented.
// https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code
import { randomUUID } from 'node:crypto';
import { emptyReply, jsonReply, type Reply } from './exchange.js';
import { identityLabel } from './identities.js';
import { unnamedIdentity } from './machine.js';
import { type Protocol, sameText, tokenReply } from './token-reply.js';

const API_VERSIONS = ['2019-07-01-preview', '2020-05-01'];

const refuse = (status: number, code: string, message: string): Reply =>
  jsonReply(status, { error: { correlationId: randomUUID(), code, message } });

export const serviceFabric: Protocol = (state, request, note) => {
  if (request.path.toLowerCase() !== '/metadata/identity/oauth2/token') return emptyReply(404);
  note.source = 'service-fabric';
  if (request.method !== 'GET') return emptyReply(405, { Allow: 'GET' });
  const secret = request.header('secret');
  if (!secret) return refuse(400, 'SecretHeaderNotFound', 'Secret is not found in the request headers.');
  const known = sameText(secret, state.identityHeader);
  note.authorized = known;
  const identity = known ? unnamedIdentity(state.identities) : undefined;
  if (!identity) {
    return refuse(404, 'ManagedIdentityNotFound', 'Managed identity not found for specified application host.');
  }
  if (!API_VERSIONS.includes(request.query.get('api-version') ?? '')) {
    return refuse(400, 'InvalidApiVersion', `The api-version is not supported. Supported: ${API_VERSIONS.join(', ')}.`);
  }
  const resource = request.query.get('resource');
  if (!resource) return refuse(400, 'ArgumentNullOrEmpty', "The parameter 'resource' should not be null or empty.");
  note.resource = resource;
  // A name is ignored: the identity is the application's, by its template.
  note.identity = identityLabel(identity);
  return tokenReply(state, state.tokens.issue(identity, resource), {
    form: 'epoch-number',
    withLife: false,
    members: {},
  });
};
