// The http listener: every protocol by which a host hands out tokens (but Service
// Fabric's, service-fabric.ts), each on its own path. Paths are the hosts' own, but for the one that tells the old App
// Service from the new.
import { appService } from './app-service.js';
import { emptyReply } from './exchange.js';
import { metadataService, msiEndpoint } from './machine.js';
import type { Protocol } from './token-reply.js';

const PROTOCOLS = new Map<string, Protocol>([
  ['/msi/token', appService(['2017-09-01', '2019-08-01'])],
  ['/msi2017/token', appService(['2017-09-01'])],
  ['/oauth2/token', msiEndpoint],
  ['/metadata/identity/oauth2/token', metadataService],
]);

export const answerIdentityRequest: Protocol = (state, request, note) =>
  PROTOCOLS.get(request.path.toLowerCase())?.(state, request, note) ?? emptyReply(404);
