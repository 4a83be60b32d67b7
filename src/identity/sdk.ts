import type { TokenCredential } from '@azure/identity';
import type { Environment } from '../settings/environment.js';
import { fail, type Result } from '../support/failure.js';
import { type IdentitySelector, namesAppRegistration, printIdentity } from '../support/identity-selector.js';
import { isOnPlatform } from '../support/platform.js';
import { findSdk, isNotInstalled, loadSdk } from '../support/sdk-loader.js';
import { Secret } from '../support/secret.js';
import type { TokenContext } from './failure.js';
import { cannotSelect } from './protocol.js';
import type { AccessToken } from './reply.js';
import { askCredential, createSdkCredential, membersOf } from './sdk-credentials.js';
import { noEndpoint, noIdentity, sdkFailure, timedOut } from './sdk-failure.js';
import type { SourceName } from './source.js';
import { refuseAnothers } from './whose.js';

export interface SdkTokens {
  request(
    resource: string,
    context: TokenContext,
    limits: { remainingMs: number; onRequest: () => void },
  ): Promise<Result<AccessToken>>;
}

export interface SdkTokensOptions {
  readonly env: () => Environment;
  /** Where to look for the SDK's packages. */
  readonly anchors: readonly string[];
  readonly ca?: string | undefined;
}

/** The SDK would go on with another identity, or throw something that says nothing. */
const BY_CLIENT_ID_ONLY: Partial<Record<SourceName, string>> = {
  'workload-identity': 'workload identity selects by client id only',
  'azure-ml': 'Azure ML selects by client id only',
};

/** Tokens by `@azure/identity`, which is loaded at the first request. One credential per source and identity. */
export function createSdkTokens({ env, anchors, ca }: SdkTokensOptions): SdkTokens {
  const credentials = new Map<string, TokenCredential>();

  const keyOf = (source: SourceName, identity: IdentitySelector) => {
    // A credential reads these once, when it is made.
    const { AZURE_TENANT_ID, AZURE_AUTHORITY_HOST, AZURE_FEDERATED_TOKEN_FILE } = env();
    return [source, printIdentity(identity), AZURE_TENANT_ID, AZURE_AUTHORITY_HOST, AZURE_FEDERATED_TOKEN_FILE].join(
      ' ',
    );
  };

  function credentialFor(key: string, source: SourceName, identity: IdentitySelector): TokenCredential {
    const known = credentials.get(key);
    if (known) return known;
    const sdk = loadSdk('@azure/identity', anchors);
    // Its own copy of the pipeline, wherever that is installed.
    const { createDefaultHttpClient } = loadSdk('@azure/core-rest-pipeline', [findSdk('@azure/identity', anchors)]);
    const context = { env: env(), httpClient: createDefaultHttpClient(), ca };
    const credential = createSdkCredential(sdk, source, identity, context);
    credentials.set(key, credential);
    return credential;
  }

  return {
    async request(resource, context, { remainingMs, onRequest }) {
      const { source, identity } = context;
      const why = BY_CLIENT_ID_ONLY[source];
      if (why && (identity.kind === 'object' || identity.kind === 'resource')) return fail(cannotSelect(identity, why));
      const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(remainingMs)));
      const key = keyOf(source, identity);
      const isLast = source === 'default-azure-credential';
      try {
        const credential = credentialFor(key, source, identity);
        onRequest();
        const { token, by } = await Promise.race([
          askCredential(credential, `${resource}/.default`, { abortSignal: timeout }),
          // Some credentials (az, azd) do not heed the signal.
          new Promise<never>((_, reject) =>
            timeout.addEventListener('abort', () => reject(timeout.reason), { once: true }),
          ),
        ]);
        if (!token) return fail(noIdentity(context, {}, membersOf(credential)));
        const given = {
          token: new Secret(token.token),
          expiresOnMs: token.expiresOnTimestamp,
          ...(isLast && by !== undefined && { by }),
        };
        // A developer's own sign-in stands in for whatever a reference names.
        const isManaged = !isLast || by === 'ManagedIdentityCredential';
        return isManaged ? refuseAnothers(given, context) : { ok: true, value: given };
      } catch (error) {
        if (isLast && isNotInstalled(error) && isManagedOnly(env())) {
          return fail(noEndpoint());
        }
        if (timeout.aborted) return fail(timedOut(context));
        const failure = sdkFailure(error, context, membersOf(credentials.get(key)));
        const isComing = isLast && failure.code === 'ERR_IDENTITY_NOT_FOUND' && expectsManaged(env());
        return fail(isComing ? { ...failure, retry: 'deadline', hint: `${NO_OWN_SIGN_IN} ${failure.hint}` } : failure);
      }
    },
  };
}

const NO_OWN_SIGN_IN =
  'AZURE_TOKEN_CREDENTIALS leaves out the sign-ins of a developer: on your own machine take it out.';

/**
 * Nobody's own sign-in is meant. The endpoint of a container group answers seconds after its containers have started.
 * https://github.com/MicrosoftDocs/azure-docs/issues/61891
 */
function expectsManaged({ AZURE_TOKEN_CREDENTIALS: wanted = '' }: Environment): boolean {
  return /^\s*(prod|ManagedIdentityCredential)\s*$/i.test(wanted);
}

/** What else could sign in there: a service principal in the settings, by the SDK. */
function isManagedOnly(env: Environment): boolean {
  return isOnPlatform(env) && !namesAppRegistration(env);
}
