import type { AccessToken, DefaultAzureCredentialOptions, TokenCredential } from '@azure/identity';
import type { Environment } from '../settings/environment.js';
import type { IdentitySelector } from '../support/identity-selector.js';
import { isNear } from '../support/near.js';
import { MAX_REPLY_BYTES } from './reply.js';
import type { SourceName } from './source.js';

type HttpClient = NonNullable<DefaultAzureCredentialOptions['httpClient']>;

export interface CredentialContext {
  readonly env: Environment;
  readonly httpClient: HttpClient;
  /** PEM text; trusted on this machine alone. */
  readonly ca?: string | undefined;
}

/**
 * Each source by the credential that is about it. `DefaultAzureCredential` covers the metadata service and the
 * developer's sign-in, but selects by client id only; `ManagedIdentityCredential` selects by object id and resource id too.
 * Retries are ours: the SDK's own would spend the deadline behind our back.
 */
export function createSdkCredential(
  sdk: typeof import('@azure/identity'),
  source: SourceName,
  identity: IdentitySelector,
  { env, httpClient, ca }: CredentialContext,
): TokenCredential {
  const options: DefaultAzureCredentialOptions = {
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    httpClient: straightToEndpoints(httpClient, ca),
  };
  if (source === 'workload-identity') {
    return new sdk.WorkloadIdentityCredential({
      ...options,
      ...(identity.kind === 'client' && { clientId: identity.id }),
      // Microsoft's directory of authorities does not know this machine's; every other one has to be in it.
      disableInstanceDiscovery: isOnThisMachine(env['AZURE_AUTHORITY_HOST']),
    });
  }
  const isNamed = source === 'azure-ml' || source === 'azure-arc';
  if (!isNamed && (identity.kind === 'client' || identity.kind === 'system')) {
    return new sdk.DefaultAzureCredential({
      ...options,
      // Empty, and not left out: the SDK would put AZURE_CLIENT_ID in its place, which the configuration has judged.
      managedIdentityClientId: identity.kind === 'client' ? identity.id : '',
    });
  }
  return new sdk.ManagedIdentityCredential({
    ...options,
    // `clientId`, `objectId` or `resourceId`.
    ...(identity.kind !== 'system' && { [`${identity.kind}Id`]: identity.id }),
    // The metadata service's address answers nobody outside of Azure: without a probe, of one second, a connection to it
    // takes all the time there is. `DefaultAzureCredential` sets this, which has no type, for its own.
    ...(!isNamed && { sendProbeRequest: true }),
  });
}

function isOnThisMachine(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && isNear(new URL(url).hostname);
}

/**
 * The SDK sends requests for identity endpoints through HTTP_PROXY, with the identity header, and believes the
 * token that comes back. Its proxy policy sets the agent, and `ManagedIdentityCredential` drops policies that it
 * is given: the client behind them takes the agent away.
 */
function straightToEndpoints(client: HttpClient, ca: string | undefined): HttpClient {
  // One object: agents, and with them connections, are kept by it.
  const tlsSettings = ca === undefined ? undefined : { ca };
  return {
    sendRequest(request) {
      const { hostname } = new URL(request.url);
      const isEndpoint =
        isNear(hostname) || ['metadata', 'secret', 'x-identity-header'].some((name) => request.headers.has(name));
      if (isEndpoint) {
        delete request.agent;
        // Without it the global agent would be used, which NODE_USE_ENV_PROXY turns to the proxy.
        request.disableKeepAlive = false;
        if (tlsSettings && isNear(hostname)) request.tlsSettings = tlsSettings;
      }
      capReply(request);
      // Stated: NODE_TLS_REJECT_UNAUTHORIZED=0 decides only where nothing is said.
      request.requestOverrides = { ...request.requestOverrides, rejectUnauthorized: true };
      return client.sendRequest(request);
    },
  };
}

function capReply(request: Parameters<HttpClient['sendRequest']>[0]): void {
  const tooLarge = new AbortController();
  const given = request.abortSignal as AbortSignal | undefined;
  request.abortSignal = given ? AbortSignal.any([given, tooLarge.signal]) : tooLarge.signal;
  request.onDownloadProgress = ({ loadedBytes }) => {
    if (loadedBytes > MAX_REPLY_BYTES) tooLarge.abort();
  };
}

/** A chain as it is inside (`ChainedTokenCredential`): the SDK keeps to itself whom it asks, and who answered. */
interface Chain {
  readonly _sources?: unknown;
  getTokenInternal?(
    scope: string,
    options: object,
  ): Promise<{ readonly token: AccessToken | null; readonly successfulCredential?: object }>;
}

/** A token, and which credential gave it: of a chain, which one of it, or the chain where the SDK no longer says. */
export async function askCredential(
  credential: TokenCredential,
  scope: string,
  options: { abortSignal: AbortSignal },
): Promise<{ token: AccessToken | null; by?: string }> {
  const chain = credential as Chain;
  const { token, successfulCredential } = chain.getTokenInternal
    ? await chain.getTokenInternal(scope, options)
    : { token: await credential.getToken(scope, options), successfulCredential: credential };
  const by = nameOf(successfulCredential);
  return { token, ...(by && { by }) };
}

/** The credentials of a chain, in order. */
export function membersOf(credential: TokenCredential | undefined): readonly string[] {
  const sources = (credential as Chain | undefined)?._sources;
  return Array.isArray(sources) ? sources.flatMap((one) => nameOf(one) ?? []) : [];
}

function nameOf(credential: unknown): string | undefined {
  const { credentialName, constructor: maker } = (credential ?? {}) as Record<string, unknown>;
  // One that could not be made is replaced by another, which has its maker's name.
  const name =
    typeof credentialName === 'string'
      ? credentialName.replace(/^createDefault/, '')
      : typeof maker === 'function' && maker.name;
  return name && /^\w{3,60}Credential$/.test(name) ? name : undefined;
}
