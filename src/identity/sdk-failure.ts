import { type Failure, fact, HOW_LONG, outage, type SafeCause, safeCause } from '../support/failure.js';
import { isNotInstalled, sdkMissing } from '../support/sdk-loader.js';
import { isTransient, OF_APP, refused, type TokenContext } from './failure.js';
import type { SourceName } from './source.js';
import { anothersToken } from './whose.js';

/** Somebody whose app has an identity may be in a shell without the app's variables: what was looked for says so. */
const WHY_SDK: Partial<Record<SourceName, string>> = {
  'default-azure-credential':
    'IDENTITY_ENDPOINT of App Service, Functions or Container Apps is not set here; any other sign-in',
};

/** What was thrown, as far as it is told; the SDK's texts are not quoted: they carry ids, paths and replies. */
export function sdkFailure(error: unknown, context: TokenContext, tried: readonly string[]): Failure {
  const { source } = context;
  if (isNotInstalled(error)) return sdkMissing(`${WHY_SDK[source] ?? source} needs @azure/identity`);
  const cause = safeCause(error);
  const unavailable = cause.name === 'CredentialUnavailableError' || cause.name === 'AggregateAuthenticationError';
  // A sign-in that was refused is no chain: there is nothing else to be had.
  if (unavailable && source !== 'workload-identity') return unavailableFailure(error, context, tried);
  // Entra's description of itself could not be had, and the SDK keeps why to itself.
  if (unavailable) return unreachable(context, cause);
  const answered = answerIn(error);
  const status = cause.status ?? answered.status;
  const transient = status === undefined ? cause.name === 'RestError' || answered.isNetwork : isTransient(status);
  return {
    status: transient ? 'OtherReasons' : 'MSINotEnabled',
    code: transient ? 'ERR_IDENTITY_UNAVAILABLE' : 'ERR_IDENTITY_REFUSED',
    details: `@azure/identity (${source}) could not get a token${status ? ` (${status})` : ''}.`,
    hint:
      source === 'workload-identity' && !transient
        ? 'Check that the identity of AZURE_CLIENT_ID has a federated credential for this service account (issuer, subject), and that AZURE_FEDERATED_TOKEN_FILE can be read.'
        : 'Check that the identity exists and may sign in here, and AZURE_TOKEN_CREDENTIALS, if set; AZURE_LOG_LEVEL=info makes @azure/identity say more.',
    retry: transient ? 'deadline' : status === 400 ? 'never' : 'few',
    cause: { ...cause, ...(status !== undefined && { status }) },
  };
}

/** What msal-node was answered (its `ServerError`), which the SDK wraps. */
function answerIn(error: unknown): { status?: number; isNetwork: boolean; isUnconfirmed: boolean } {
  const { name, status, errorCode } = ((error as { cause?: unknown } | null)?.cause ?? {}) as Record<string, unknown>;
  return {
    ...(name === 'ServerError' && typeof status === 'number' && { status }),
    isNetwork: errorCode === 'network_error',
    // An Arc agent that cannot choose gives the system-assigned identity: msal-node notices, by what the reply leaves out.
    isUnconfirmed: errorCode === 'user_assigned_managed_identity_not_confirmed',
  };
}

/**
 * `ManagedIdentityCredential` calls every failure "unavailable", a throttled or failing endpoint too. What was
 * answered stands in its cause, and in a chain beside the failures of the others.
 */
function unavailableFailure(error: unknown, context: TokenContext, tried: readonly string[]): Failure {
  const { errors } = error as { errors?: unknown };
  for (const one of Array.isArray(errors) ? errors : [error]) {
    const { status, isNetwork, isUnconfirmed } = answerIn(one);
    if (isNetwork) return { ...noIdentity(context, { code: 'network_error' }, tried), retry: 'few' };
    if (isUnconfirmed) return anothersToken(context);
    if (status === undefined) continue;
    return status === 400 || isTransient(status)
      ? refused({ status, headers: {} }, context)
      : { ...noIdentity(context, { name: 'ServerError', status }, tried), retry: 'few' };
  }
  return noIdentity(context, safeCause(error), tried);
}

function unreachable({ source }: TokenContext, cause: SafeCause): Failure {
  return outage(
    'MSINotEnabled',
    'ERR_IDENTITY_UNAVAILABLE',
    `@azure/identity (${source}) could not reach Microsoft Entra.`,
    'Check that this process may connect to the host of AZURE_AUTHORITY_HOST (login.microsoftonline.com), and AZURE_TENANT_ID.',
    cause,
  );
}

export function noIdentity(context: TokenContext, cause: SafeCause, tried: readonly string[]): Failure {
  const { source } = context;
  return fact(
    'MSINotEnabled',
    'ERR_IDENTITY_NOT_FOUND',
    `no identity was found (${[source, ...tried].join(', ')}).`,
    source === 'azure-arc'
      ? 'Check that the agent is connected (azcmagent show), and that this process is in the group himds, which may read its key.'
      : `On Azure, turn on a managed identity for the app; a pod of AKS needs the label azure.workload.identity/use=true. ${signIn(context)}. Without Azure: npx vaultstrap emulate -- COMMAND`,
    cause,
  );
}

/** App Service and Container Apps have an endpoint as soon as the app has an identity, and need no package for it. */
export function noEndpoint(): Failure {
  return fact(
    'MSINotEnabled',
    'ERR_IDENTITY_NOT_FOUND',
    'the app has no managed identity: IDENTITY_ENDPOINT and IDENTITY_HEADER are not set.',
    `Turn it on: az webapp${OF_APP} (az functionapp ... for a Function App, az containerapp ... --system-assigned).`,
  );
}

export function timedOut(context: TokenContext): Failure {
  return outage(
    'FetchTimedOut',
    'ERR_IDENTITY_TIMEOUT',
    `@azure/identity (${context.source}) gave no token in time.`,
    `${signIn(context)}. ${HOW_LONG}`,
  );
}

/** Nobody signs in for an identity that is named so: `createSdkCredential` asks for a managed one alone. */
function signIn({ identity: { kind } }: TokenContext): string {
  const other = kind === 'object' || kind === 'resource' ? 'name the identity by client id, or not at all, and ' : '';
  return `On your own machine ${other}run az login`;
}
