import type { AbortSignalLike } from '../support/unless-aborted.js';

/** A token as the Azure SDKs take it (`AccessToken` of `@azure/core-auth`). */
export interface CredentialToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
}

/** What every Azure SDK client takes as its credential (`TokenCredential` of `@azure/core-auth`). */
export interface Credential {
  /** @param options `abortSignal` gives up waiting (rejects with its reason); the request itself goes on: others may share it. */
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: AbortSignalLike | undefined },
  ): Promise<CredentialToken>;
}

export interface CredentialOptions {
  /** A client id, `object:{guid}`, an ARM resource id, or `system`. Default: the default identity. */
  readonly identity?: string | undefined;
}
