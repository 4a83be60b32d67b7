// Compute of Azure Machine Learning: the protocol of App Service 2017-09-01 with a header more, a client id that is
// always named, and an epoch number. It has no public reference; this is how the SDK asks (msal-node, `MachineLearning.ts`).
import { refuse } from './app-service.js';
import { emptyReply } from './exchange.js';
import { identityLabel } from './identities.js';
import { hasMetadataHeader } from './machine.js';
import { type Protocol, sameText, tokenReply } from './token-reply.js';

export const azureMl: Protocol = (state, request, note) => {
  note.source = 'azure-ml';
  if (request.method !== 'GET') return emptyReply(405, { Allow: 'GET' });
  if (request.query.get('api-version') !== '2017-09-01') return refuse(400, 'The api-version is not 2017-09-01.');
  if (!sameText(request.header('secret'), state.identityHeader)) {
    return refuse(401, 'The secret header is missing or not the one of this compute.');
  }
  if (!hasMetadataHeader(request)) return refuse(400, 'The Metadata header is missing.');
  note.authorized = true;
  const resource = request.query.get('resource');
  if (!resource) return refuse(400, 'The resource parameter is missing.');
  note.resource = resource;
  const identity = state.identities.byClientId(request.query.get('clientid') ?? '');
  if (!identity) return refuse(400, 'No managed identity was found for the clientid.');
  note.identity = identityLabel(identity);
  return tokenReply(state, state.tokens.issue(identity, resource), {
    form: 'epoch-number',
    withLife: false,
    members: { client_id: identity.clientId },
  });
};
