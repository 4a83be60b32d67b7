import type { Config } from '../support/config.js';
import { type Failure, fact, HOW_LONG, hiccup, outage } from '../support/failure.js';
import { forbiddenNetwork, type HttpProblem, type HttpReply, parseRetryAfterMs } from '../support/http.js';
import { type IdentitySelector, printIdentity } from '../support/identity-selector.js';
import type { SourceName } from './source.js';

/** What the messages need to know of the request. */
export interface TokenContext {
  readonly source: SourceName;
  readonly identity: IdentitySelector;
  readonly identityFrom: Config['identityFrom'];
}

/** Whether an endpoint that answers so may answer otherwise soon. 410: the metadata service is being updated. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 410 || status === 429 || status >= 500;
}

const TROUBLE = 'The platform has trouble issuing tokens; this is usually short.';
const CHECK_ENDPOINT = 'Check IDENTITY_ENDPOINT or MSI_ENDPOINT: the platform sets it, and nothing else should.';

/** The endpoint's texts are not quoted nor branched on: they differ per host and release. */
export function refused(reply: Omit<HttpReply, 'body'>, context: TokenContext): Failure {
  const { status } = reply;
  const cause = { status };
  const retryAfterMs = parseRetryAfterMs(reply.headers);
  if (isTransient(status)) {
    const failure = outage(
      'OtherReasons',
      'ERR_IDENTITY_UNAVAILABLE',
      `the identity endpoint (${context.source}) answered ${status}.`,
      `${TROUBLE} Restart the app if it lasts.`,
      cause,
    );
    return { ...failure, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  const isServiceFabric = context.source === 'service-fabric';
  if (isServiceFabric && status === 404) {
    return fact(
      'MSINotEnabled',
      'ERR_IDENTITY_NOT_ASSIGNED',
      'the identity endpoint (service-fabric) has no identity for this application (404).',
      "Give the application an identity in its ARM template, and map it to the service (IdentityBindingPolicy); only applications deployed as Azure resources have one. Or IDENTITY_HEADER is not this service's: restart it.",
      cause,
    );
  }
  if (status === 400 && !isServiceFabric) {
    return fact(
      'MSINotEnabled',
      'ERR_IDENTITY_NOT_ASSIGNED',
      `the identity endpoint (${context.source}) has no ${describe(context.identity)} for this app (400).`,
      notAssignedHint(context),
      cause,
    );
  }
  if (status === 401 || status === 403) {
    return hiccup(
      'MSINotEnabled',
      'ERR_IDENTITY_REFUSED',
      `the identity endpoint (${context.source}) refused this process (${status}).`,
      'IDENTITY_HEADER or MSI_SECRET is not the one of this app instance. Do not set or copy these variables yourself; restart the app.',
      cause,
    );
  }
  const failureOf = status === 404 ? hiccup : fact;
  return failureOf(
    'MSINotEnabled',
    'ERR_IDENTITY_REPLY',
    `the identity endpoint (${context.source}) answered ${status}.`,
    CHECK_ENDPOINT,
    cause,
  );
}

function describe(identity: IdentitySelector): string {
  return identity.kind === 'system' ? 'system-assigned identity' : `identity ${printIdentity(identity)}`;
}

function notAssignedHint({ source, identity, identityFrom }: TokenContext): string {
  const [command, system, user, also = ''] = ASSIGN[source] ?? WEB_APP;
  if (identity.kind === 'system') {
    return (
      `Turn it on: ${command}${system}${also}. ` +
      'If the app has user-assigned identities only, name one: VAULTSTRAP_IDENTITY={client id}.'
    );
  }
  if (identityFrom === 'AZURE_CLIENT_ID') {
    return (
      'It comes from AZURE_CLIENT_ID. If that names an app registration, set VAULTSTRAP_IDENTITY=system ' +
      '(or the client id of the identity to use).'
    );
  }
  if (source === 'azure-arc') {
    return 'The agent has no such identity (azcmagent show): correct the id, or name none.';
  }
  return `Assign it: ${command}${user}${also}; or correct the id.`;
}

/** What turns on the system-assigned identity, and what assigns another, by source. */
type Commands = readonly [command: string, system: string, user: string, also?: string];
export const OF_APP = ' identity assign --name APP --resource-group GROUP';
const WEB_APP: Commands = [
  `az webapp${OF_APP}`,
  '',
  ' --identities RESOURCE_ID',
  ' (az functionapp ... for a Function App, --slot NAME for a slot)',
];
const MACHINE: Commands = [
  'az vm identity assign --name VM --resource-group GROUP',
  '',
  ' --identities RESOURCE_ID',
  ' (az vmss ... for a scale set)',
];
const ASSIGN: { readonly [N in SourceName]?: Commands } = {
  'container-apps': [
    `az containerapp${OF_APP}`,
    ' --system-assigned',
    ' --user-assigned RESOURCE_ID',
    ' (az containerapp job ... for a job)',
  ],
  // It is a machine's metadata service that answers so.
  'default-azure-credential': MACHINE,
  'msi-endpoint': MACHINE,
  'azure-arc': ['azcmagent connect', '', ''],
  // https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication
  'azure-ml': [
    'az ml compute update --name COMPUTE --resource-group GROUP --workspace-name WORKSPACE --identity-type ',
    'system_assigned',
    'user_assigned --user-assigned-identities RESOURCE_ID',
  ],
};

/** Of a reply that nobody can make sense of. */
export function malformed(context: TokenContext, what: string): Failure {
  return hiccup(
    'OtherReasons',
    'ERR_IDENTITY_REPLY',
    `the reply of the identity endpoint (${context.source}) ${what}.`,
    `Something else answers at that address. ${CHECK_ENDPOINT}`,
  );
}

/** Of an endpoint whose certificate is pinned. */
export function otherCertificate(context: TokenContext): Failure {
  return fact(
    'MSINotEnabled',
    'ERR_IDENTITY_ENDPOINT',
    `the certificate of the identity endpoint (${context.source}) is not the one of IDENTITY_SERVER_THUMBPRINT; nothing was sent to it.`,
    'Something else listens there, or the cluster has a new certificate: restart the service, so that the platform sets its variables afresh.',
  );
}

export function tokenProblem(problem: HttpProblem, context: TokenContext): Failure {
  const { kind, cause } = problem;
  if (kind === 'too-large') return malformed(context, 'is too long');
  if (kind === 'denied') return forbiddenNetwork(cause);
  if (kind === 'timeout' || kind === 'aborted') {
    return outage(
      'FetchTimedOut',
      'ERR_IDENTITY_TIMEOUT',
      `the identity endpoint (${context.source}) did not answer in time.`,
      `${TROUBLE} ${HOW_LONG}`,
      cause,
    );
  }
  const failureOf = kind === 'tls' ? fact : outage;
  return failureOf(
    'MSINotEnabled',
    'ERR_IDENTITY_UNREACHABLE',
    `the identity endpoint (${context.source}) cannot be reached${cause.code ? ` (${cause.code})` : ''}.`,
    'Check that a managed identity is turned on, and that IDENTITY_ENDPOINT or MSI_ENDPOINT was set by the platform.',
    cause,
  );
}
