// The http listener: every protocol by which a host hands out tokens over http, each on its own path (over https:
// service-fabric.ts, workload-identity.ts). Paths are the hosts' own where they do not clash.
import { appService } from './app-service.js';
import { azureArc } from './azure-arc.js';
import { azureMl } from './azure-ml.js';
import { emptyReply } from './exchange.js';
import { metadataService, msiEndpoint } from './machine.js';
import type { Protocol } from './token-reply.js';

const PROTOCOLS = new Map<string, Protocol>([
  ['/msi/token', appService(['2017-09-01', '2019-08-01'])],
  ['/msi2017/token', appService(['2017-09-01'])],
  ['/ml/msi/token', azureMl],
  ['/arc/token', azureArc],
  ['/oauth2/token', msiEndpoint],
  ['/metadata/identity/oauth2/token', metadataService],
]);

export const answerIdentityRequest: Protocol = (state, request, note) =>
  PROTOCOLS.get(request.path.toLowerCase())?.(state, request, note) ?? emptyReply(404);
