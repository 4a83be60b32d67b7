import type { AbortSignalLike } from '../support/unless-aborted.js';

/** A token as the Azure SDKs take it (`AccessToken` of `@azure/core-auth`). */
export interface CredentialToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
}

/** What every Azure SDK client takes as its credential (`TokenCredential` of `@azure/core-auth`). */
export interface Credential {
  /**
   * @param options `abortSignal` gives up waiting (rejects with its reason); the request itself goes on: others may share it.
   * Whatever else the clients pass has no effect.
   */
  getToken(scopes: string | string[], options?: GetTokenOptions | object): Promise<CredentialToken>;
}

/** What has an effect among the options that Azure SDK clients pass (`GetTokenOptions` of `@azure/core-auth`). */
export interface GetTokenOptions {
  /** Gives up waiting, before the 20 s that a token may take. Default: none. */
  readonly abortSignal?: AbortSignalLike | undefined;
}

export interface CredentialOptions {
  /** A client id, `object:{guid}`, an ARM resource id, or `system`. Default: the default identity. */
  readonly identity?: string | undefined;
}
