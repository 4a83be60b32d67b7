import type { GetSecretOptions, SecretClient, SecretClientOptions } from '@azure/keyvault-secrets';
import type { AccessToken } from '../identity/reply.js';
import type { SecretRead } from '../settings/plan.js';
import type { Config } from '../support/config.js';
import { fail, type Result, safeCause } from '../support/failure.js';
import { type HttpReply, kindOf } from '../support/http.js';
import { printIdentity } from '../support/identity-selector.js';
import { isNotInstalled, loadSdk, sdkMissing } from '../support/sdk-loader.js';
import type { SecretValue, VaultLane } from './reader.js';
import { MAX_REPLY_BYTES, readSecretReply, vaultProblem } from './reply.js';

/** What is asked of the client; its reply is a secret. */
export type SdkOperation = (
  client: SecretClient,
  read: SecretRead,
  options: Omit<GetSecretOptions, 'version'>,
) => Promise<unknown>;

const getSecret: SdkOperation = (client, { secret, version, format }, options) =>
  client.getSecret(secret, {
    ...options,
    ...(version !== undefined && { version }),
    ...(format && { outContentType: CONTENT_TYPES[format] }),
  });

const CONTENT_TYPES = { pem: 'application/x-pem-file' } as const;

type Policy = NonNullable<SecretClientOptions['additionalPolicies']>[number]['policy'];

/**
 * `SecretClient`, given our tokens: the proxies, pipelines and challenges of the SDK, and the same
 * answers as the direct lane. The reply itself is read by the same code, from the pipeline.
 */
export function createSdkLane({
  config,
  sdkAnchors,
  operation = getSecret,
}: {
  config: Config;
  sdkAnchors: readonly string[];
  operation?: SdkOperation;
}): VaultLane {
  const clients = new Map<string, { client: SecretClient; session: Session }>();
  const counts = { vault: 0, unauthorized: 0 };

  function clientFor({ host, identity }: SecretRead) {
    const key = `${host} ${printIdentity(identity)}`;
    const known = clients.get(key);
    if (known) return known;
    const { SecretClient } = loadSdk('@azure/keyvault-secrets', sdkAnchors);
    const session: Session = { token: undefined, refusal: undefined };
    const client = new SecretClient(`https://${host}`, credentialOf(session), {
      // Trying again is ours, in both lanes alike.
      retryOptions: { maxRetries: 0 },
      redirectOptions: { maxRetries: 0 },
      // The challenge names the resource; it is checked against the host, except where the user vouches for it.
      disableChallengeResourceVerification: config.allowedHosts.has(host),
      tlsOptions: {
        rejectUnauthorized: true,
        ...(config.vaultCa !== undefined && { ca: config.vaultCa }),
      },
      additionalPolicies: [{ policy: observe(session), position: 'perRetry' }],
    } as SecretClientOptions);
    const entry = { client, session };
    clients.set(key, entry);
    return entry;
  }

  /** Counts requests, and sends them to the emulator where there is one. */
  function observe(session: Session): Policy {
    return {
      name: 'vaultstrapObserve',
      async sendRequest(request, next) {
        counts.vault++;
        const { url } = request;
        // Holds behind a proxy too, where the agent's own settings are not used.
        request.requestOverrides = { ...request.requestOverrides, rejectUnauthorized: true };
        if (config.vaultEndpoint) {
          delete request.agent;
          const target = new URL(url);
          request.headers.set('Host', target.host);
          target.hostname = config.vaultEndpoint.address;
          target.port = String(config.vaultEndpoint.port);
          request.url = target.href;
        }
        try {
          const response = await next(request);
          if (response.status === 401) {
            counts.unauthorized++;
            session.refusal = replyOf(response);
          }
          return response;
        } finally {
          // The challenge is verified against the vault's own host.
          request.url = url;
        }
      },
    };
  }

  return {
    counts,

    async send(read, token, { timeoutMs, abort }) {
      const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
      const tooLarge = new AbortController();
      let session: Session | undefined;
      let reply: HttpReply | undefined;
      try {
        const entry = clientFor(read);
        session = entry.session;
        session.token = token;
        await operation(entry.client, read, {
          abortSignal: AbortSignal.any([timeout, tooLarge.signal, ...(abort ? [abort] : [])]),
          requestOptions: {
            onDownloadProgress: ({ loadedBytes }) => {
              if (loadedBytes > MAX_REPLY_BYTES) tooLarge.abort();
            },
          },
          onResponse: (response) => {
            reply = replyOf(response);
          },
        });
      } catch (error) {
        if (tooLarge.signal.aborted) return fail(vaultProblem({ kind: 'too-large', cause: {} }, read));
        // A challenge that the SDK does not trust: it stops there with an error of no kind.
        if (!reply && isPlainError(error)) reply = session?.refusal;
        if (!reply) return failureOf(error, read, timeout.aborted);
      }
      return reply ? readSecretReply(reply, read, token) : failureOf(undefined, read, false);
    },
  };
}

interface Session {
  token: AccessToken | undefined;
  /** The latest 401. */
  refusal: HttpReply | undefined;
}

function replyOf({
  status,
  headers,
  bodyAsText,
}: Pick<Awaited<ReturnType<Policy['sendRequest']>>, 'status' | 'headers' | 'bodyAsText'>): HttpReply {
  return { status, headers: headers.toJSON(), body: bodyAsText ?? '' };
}

function isPlainError(error: unknown): boolean {
  const { name, code } = safeCause(error);
  return name === 'Error' && code === undefined;
}

/**
 * The SDK's credential: the token that the reader fetched for this host and identity. It never lasts, so that the
 * SDK asks every time: its own cache would go on with a token that was refused, or renewed here.
 */
function credentialOf(session: Session) {
  return {
    getToken: async () => (session.token ? { token: session.token.token.reveal(), expiresOnTimestamp: 0 } : null),
  };
}

function failureOf(error: unknown, read: SecretRead, timedOut: boolean): Result<SecretValue> {
  if (isNotInstalled(error)) return fail(sdkMissing('this vault is read by @azure/keyvault-secrets'));
  const cause = safeCause(error);
  const kind = timedOut ? 'timeout' : cause.name === 'AbortError' ? 'aborted' : kindOf(cause);
  return fail(vaultProblem({ kind, cause }, read));
}
