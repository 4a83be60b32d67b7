import type { DefaultAzureCredentialOptions, TokenCredential } from '@azure/identity';
import { VaultstrapError } from '../support/errors.js';
import { type Failure, fail, type Result, safeCause, succeed } from '../support/failure.js';
import { type IdentitySelector, printIdentity } from '../support/identity-selector.js';
import { isNear } from '../support/near.js';
import { findSdk, loadSdk } from '../support/sdk-loader.js';
import { Secret } from '../support/secret.js';
import { cannotSelect } from './protocol.js';
import { type AccessToken, isTransient, refused, type TokenContext } from './reply.js';
import type { SourceName } from './source.js';

export interface SdkTokens {
  request(
    source: SourceName,
    resource: string,
    context: TokenContext,
    limits: { remainingMs: number; onRequest: () => void },
  ): Promise<Result<AccessToken>>;
}

/** Tokens by `@azure/identity`, which is loaded at the first request. One credential per source and identity. */
export function createSdkTokens(anchors: readonly string[]): SdkTokens {
  const credentials = new Map<string, TokenCredential>();

  function credentialFor(source: SourceName, identity: IdentitySelector): TokenCredential {
    const key = `${source} ${printIdentity(identity)}`;
    const known = credentials.get(key);
    if (known) return known;
    const identityModule = loadSdk('@azure/identity', anchors);
    // Its own copy of the pipeline, wherever that is installed.
    const { createDefaultHttpClient } = loadSdk('@azure/core-rest-pipeline', [findSdk('@azure/identity', anchors)]);
    const credential = createCredential(identityModule, createDefaultHttpClient(), source, identity);
    credentials.set(key, credential);
    return credential;
  }

  return {
    async request(source, resource, context, { remainingMs, onRequest }) {
      const { identity } = context;
      // The SDK would go on with AZURE_CLIENT_ID, another identity, and not say so.
      if (source === 'workload-identity' && (identity.kind === 'object' || identity.kind === 'resource')) {
        return fail(cannotSelect(identity, 'workload identity selects by client id only'));
      }
      const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(remainingMs)));
      try {
        const credential = credentialFor(source, identity);
        onRequest();
        const token = await Promise.race([
          credential.getToken(`${resource}/.default`, { abortSignal: timeout }),
          // Some credentials (az, azd) do not heed the signal.
          new Promise<never>((_, reject) =>
            timeout.addEventListener('abort', () => reject(timeout.reason), { once: true }),
          ),
        ]);
        if (!token) return fail(noIdentity(source, {}));
        return succeed({ token: new Secret(token.token), expiresOnMs: token.expiresOnTimestamp });
      } catch (error) {
        return fail(timeout.aborted ? timedOut(source) : sdkFailure(error, source, context));
      }
    },
  };
}

/**
 * `DefaultAzureCredential` covers workload identity, IMDS and the developer's sign-in, but selects by
 * client id only; `ManagedIdentityCredential` selects by object id and resource id too.
 * Retries are ours: the SDK's own would spend the deadline behind our back.
 */
function createCredential(
  { DefaultAzureCredential, ManagedIdentityCredential }: typeof import('@azure/identity'),
  httpClient: HttpClient,
  source: SourceName,
  identity: IdentitySelector,
): TokenCredential {
  const options: DefaultAzureCredentialOptions = {
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    httpClient: capped(withoutProxyForEndpoints(httpClient)),
  };
  switch (identity.kind) {
    case 'object':
      return new ManagedIdentityCredential({ objectId: identity.id, ...options });
    case 'resource':
      return new ManagedIdentityCredential({ resourceId: identity.id, ...options });
    case 'client':
      return source === 'azure-ml' || source === 'azure-arc'
        ? new ManagedIdentityCredential({ clientId: identity.id, ...options })
        : new DefaultAzureCredential({ managedIdentityClientId: identity.id, ...options });
    case 'system':
      return source === 'azure-ml' || source === 'azure-arc'
        ? new ManagedIdentityCredential(options)
        : new DefaultAzureCredential(options);
  }
}

type HttpClient = NonNullable<DefaultAzureCredentialOptions['httpClient']>;

/**
 * The SDK sends requests for identity endpoints through HTTP_PROXY, with the identity header, and believes the
 * token that comes back. Its proxy policy sets the agent, and `ManagedIdentityCredential` drops policies that it
 * is given: the client behind them takes the agent away.
 */
function withoutProxyForEndpoints(client: HttpClient): HttpClient {
  return {
    sendRequest(request) {
      const { hostname } = new URL(request.url);
      const isEndpoint =
        isNear(hostname) || ['metadata', 'secret', 'x-identity-header'].some((name) => request.headers.has(name));
      if (isEndpoint) {
        delete request.agent;
        // Without it the global agent would be used, which NODE_USE_ENV_PROXY turns to the proxy.
        request.disableKeepAlive = false;
      }
      return client.sendRequest(request);
    },
  };
}

/** As in our own lane. The SDK would collect whatever an endpoint sends, until there is no memory left. */
const MAX_REPLY_BYTES = 256 * 1024;

function capped(client: HttpClient): HttpClient {
  return {
    sendRequest(request) {
      const tooLarge = new AbortController();
      const { abortSignal } = request;
      request.onDownloadProgress = ({ loadedBytes }) => {
        if (loadedBytes > MAX_REPLY_BYTES) tooLarge.abort();
      };
      request.abortSignal =
        abortSignal instanceof AbortSignal ? AbortSignal.any([abortSignal, tooLarge.signal]) : tooLarge.signal;
      return client.sendRequest(request);
    },
  };
}

/** The SDK's texts are not quoted: they carry ids, paths and replies. */
function sdkFailure(error: unknown, source: SourceName, context: TokenContext): Failure {
  if (error instanceof VaultstrapError) {
    return { status: 'OtherReasons', code: error.code, details: error.message, hint: error.hint, retry: 'never' };
  }
  const cause = safeCause(error);
  const unavailable =
    cause.name === 'CredentialUnavailableError' ||
    cause.name === 'AggregateAuthenticationError' ||
    cause.name === 'ChainedTokenCredentialError';
  if (unavailable) return unavailableFailure(error, source, context);
  const transient = cause.status === undefined ? cause.name === 'RestError' : isTransient(cause.status);
  return {
    status: transient ? 'OtherReasons' : 'MSINotEnabled',
    code: transient ? 'ERR_IDENTITY_UNAVAILABLE' : 'ERR_IDENTITY_REFUSED',
    details: `@azure/identity (${source}) could not get a token${cause.status ? ` (${cause.status})` : ''}.`,
    hint: 'Check that the identity exists and may sign in here; AZURE_LOG_LEVEL=info makes @azure/identity say more.',
    retry: transient ? 'deadline' : 'few',
    cause,
  };
}

/**
 * `ManagedIdentityCredential` calls every failure "unavailable", a throttled or failing endpoint too. What was
 * answered stands in its cause (msal-node's `ServerError`), and in a chain beside the failures of the others.
 */
function unavailableFailure(error: unknown, source: SourceName, context: TokenContext): Failure {
  const { errors } = error as { errors?: unknown };
  for (const one of Array.isArray(errors) ? errors : [error]) {
    const { name, status, errorCode } = ((one as { cause?: unknown } | null)?.cause ?? {}) as Record<string, unknown>;
    if (errorCode === 'network_error') return { ...noIdentity(source, { code: errorCode }), retry: 'few' };
    if (name !== 'ServerError' || typeof status !== 'number') continue;
    return status === 400 || isTransient(status)
      ? refused({ status, headers: {} }, context, 0)
      : { ...noIdentity(source, { name, status }), retry: 'few' };
  }
  return noIdentity(source, safeCause(error));
}

function noIdentity(source: SourceName, cause: Failure['cause']): Failure {
  return {
    status: 'MSINotEnabled',
    code: 'ERR_IDENTITY_NOT_FOUND',
    details: `no identity was found (${source}).`,
    hint: 'On Azure, turn on a managed identity for the app. On your own machine run az login, or use the emulator.',
    retry: 'never',
    ...(cause && { cause }),
  };
}

function timedOut(source: SourceName): Failure {
  return {
    status: 'FetchTimedOut',
    code: 'ERR_IDENTITY_TIMEOUT',
    details: `@azure/identity (${source}) gave no token in time.`,
    hint: 'On your own machine run az login. VAULTSTRAP_TIMEOUT_SECONDS sets how long to wait.',
    retry: 'deadline',
  };
}
