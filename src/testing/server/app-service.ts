// Both generations of App Service, Functions and Container Apps: one service,
// told apart by api-version.
// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
import { randomUUID } from 'node:crypto';
import { emptyReply, jsonReply, type Reply } from './exchange.js';
import { identityLabel } from './identities.js';
import {
  type Protocol,
  readSelector,
  type SelectorNames,
  sameText,
  type TokenReplyStyle,
  tokenReply,
} from './token-reply.js';

interface Generation {
  readonly source: 'app-service-2017' | 'app-service-2019';
  readonly header: string;
  readonly selector: SelectorNames;
  readonly style: (clientId: string) => TokenReplyStyle;
}

const GENERATIONS: Readonly<Record<string, Generation>> = {
  '2017-09-01': {
    source: 'app-service-2017',
    header: 'secret',
    selector: { clientId: 'clientid' },
    style: () => ({ form: 'date', withLife: false, members: {} }),
  },
  '2019-08-01': {
    source: 'app-service-2019',
    header: 'x-identity-header',
    selector: { clientId: 'client_id', objectId: ['object_id', 'principal_id'], resourceId: 'mi_res_id' },
    style: (clientId) => ({ form: 'epoch-string', withLife: false, members: { client_id: clientId } }),
  },
};

/** As App Service words it, and what imitates it. */
export const refuse = (status: number, message: string): Reply =>
  jsonReply(status, { statusCode: status, message, correlationId: randomUUID() });

/** Answers the generations named. A host of 2017 knows no other; a newer one knows both. */
export function appService(versions: readonly string[]): Protocol {
  return (state, request, note) => {
    if (request.method !== 'GET') return emptyReply(405, { Allow: 'GET' });
    const version = request.query.get('api-version') ?? '';
    const generation = versions.includes(version) ? GENERATIONS[version] : undefined;
    if (!generation) return refuse(400, `The api-version is missing or not one of ${versions.join(', ')}.`);
    note.source = generation.source;
    if (!sameText(request.header(generation.header), state.identityHeader)) {
      return refuse(401, `The ${generation.header} header is missing or not the one of this app.`);
    }
    note.authorized = true;
    const resource = request.query.get('resource');
    if (!resource) return refuse(400, 'The resource parameter is missing.');
    note.resource = resource;
    const { selector, given } = readSelector(request.query, generation.selector);
    if (given > 1) return refuse(400, 'Only one of client_id, principal_id, object_id and mi_res_id may be given.');
    // Without a name it is always the system-assigned one, even if the app has none.
    const identity = given === 0 ? state.identities.system : state.identities.select(selector);
    if (!identity) {
      return refuse(
        400,
        given === 0
          ? 'Unable to load the proper Managed Identity.'
          : 'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
      );
    }
    note.identity = identityLabel(identity);
    return tokenReply(state, state.tokens.issue(identity, resource), generation.style(identity.clientId));
  };
}
