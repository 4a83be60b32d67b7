// The public types of `vaultstrap/testing`. They name no type of Node's, so that
// a consumer on TypeScript 4.9 without @types/node can read them.

/** What an identity may do with secrets; `set` covers updating attributes too. */
export type SecretAction = 'get' | 'list' | 'set' | 'delete' | 'recover' | 'purge' | 'backup' | 'restore';

/** A right to secrets of one vault, or of all. */
export interface Grant {
  /** Name of the vault, or `*` for every vault. */
  vault: string;
  /** One secret only. Default: every secret. Listing a vault needs a grant without it. */
  secret?: string;
  /** Default: every action. */
  actions?: readonly SecretAction[];
}

/** Rights of an identity: `'all'` may do everything in every vault. */
export type Grants = 'all' | readonly Grant[];

/** The system-assigned identity of the emulated host. */
export interface SystemIdentityOptions {
  /** Default: a random GUID. */
  objectId?: string;
  /** Default: `'all'`. */
  grants?: Grants;
}

/** A user-assigned identity of the emulated host. */
export interface UserAssignedIdentityOptions {
  clientId: string;
  /** Default: a random GUID. */
  objectId?: string;
  /** ARM resource id. Default: one made from the client id. */
  resourceId?: string;
  /** Default: `'all'`. */
  grants?: Grants;
}

/** A secret with more than a value; times are real time, unaffected by the clock. */
export interface SecretProperties {
  value: string;
  contentType?: string;
  /**
   * Of a certificate: what is answered when PEM is asked for (`outContentType`). `'self-signed'`: one for `localhost` and
   * 127.0.0.1 that the emulator makes, with its key.
   */
  pem?: string;
  tags?: { readonly [name: string]: string };
  /** Default true. */
  enabled?: boolean;
  notBefore?: Date;
  expiresOn?: Date;
  /** 32 hexadecimal digits, for references that name a version. Default: random ones. */
  version?: string;
}

/** At most `requests` in any `perSeconds`; what is above is answered 429. */
export interface Throttle {
  /** Requests that are let through; an integer from 0. */
  requests: number;
  /** Length of the sliding window in seconds of the emulator's clock. */
  perSeconds: number;
  /** Sent as `Retry-After`. Default: no such header, as the real service does. */
  retryAfterSeconds?: number;
}

/** How a vault behaves, apart from what is in it. */
export interface VaultOptions {
  /** Decides the inner code of a refusal: `ForbiddenByRbac` or `ForbiddenByPolicy`. Default `'rbac'`. */
  accessModel?: 'rbac' | 'policy';
  /** Default: none. */
  throttle?: Throttle;
}

/**
 * How a token reply states its expiry. `'protocol'` (the default) is the form
 * that the emulated host uses itself; `'none'` leaves only the token's `exp`.
 */
export type ExpiryForm = 'protocol' | 'epoch-string' | 'epoch-number' | 'date' | 'iso' | 'expires_in' | 'none';

export interface TokenOptions {
  /** Life of a token in seconds. Default 86400 (24 hours, as on App Service). */
  lifeSeconds?: number;
  /** Default `'protocol'`. */
  expiryForm?: ExpiryForm;
  /**
   * Answer with the same token until half of its life is over, as the platform
   * does, which caches upstream. Default false: every request gets a new one.
   */
  reuse?: boolean;
}

/** Time added to every reply, in milliseconds. Both default to 0. */
export interface Latency {
  identityMs?: number;
  vaultMs?: number;
}

export interface EmulatorOptions {
  /** Vaults by name; in each, secrets by name. */
  vaults?: { readonly [vault: string]: { readonly [secret: string]: string | SecretProperties } };
  /** Behaviour of vaults, by name. A vault named here exists, even if it is empty. */
  vaultOptions?: { readonly [vault: string]: VaultOptions };
  /**
   * A vault that was never named: `'missing'` (default) answers 404, but not as
   * Key Vault says it (there is no DNS to fail), `'create'` makes an empty one.
   */
  unknownVaults?: 'missing' | 'create';
  /**
   * Default: a system-assigned identity that may do everything. `system: false`
   * takes it away; a declared identity without `grants` may do everything.
   */
  identities?: {
    system?: SystemIdentityOptions | false;
    userAssigned?: readonly UserAssignedIdentityOptions[];
  };
  tokens?: TokenOptions;
  latency?: Latency;
  /** The `MSI_ENDPOINT`-only host: refuse POST with 405, as the retired VM extension did. */
  msiEndpoint?: { getOnly?: boolean };
  /**
   * Port of the vaults (https); the identity endpoint gets the next one, Service Fabric's any free one.
   * Default: free ports.
   */
  port?: number;
  /** More names for the server's certificate: DNS names, `*.`-wildcards or IP addresses. */
  hostNames?: readonly string[];
}

/** A kind of host, by the protocol with which its identity endpoint is asked. */
export type IdentityHost =
  | 'app-service-2019'
  | 'app-service-2017'
  | 'container-apps'
  | 'service-fabric'
  | 'msi-endpoint'
  | 'imds'
  | 'azure-ml'
  | 'azure-arc'
  | 'workload-identity';

/** What a process is told, beyond its host. */
export interface EnvironmentOptions {
  /**
   * `'unresolvable'`: names of vaults cannot be looked up. Nothing pretends: the process is not sent to the emulator,
   * its vaults are `{name}.vault.invalid`, which no name server knows (RFC 6761), and it looks them up. Only for
   * references by `VaultName`. Default `'emulated'`.
   */
  vaultNames?: 'emulated' | 'unresolvable';
}

/** One misbehaviour. The first fault that matches a request, in order of adding, is applied. */
export interface Fault {
  target: 'identity' | 'vault';
  /** Only requests to this vault. */
  vault?: string;
  /** Only requests for this secret. */
  secret?: string;
  /** Let this many matching requests through first. Default 0. */
  skip?: number;
  /** Apply to this many matching requests. Default: until removed. */
  times?: number;
  /** Wait before doing anything else, in milliseconds. */
  delayMs?: number;
  /** Answer with this status instead of the real answer. 200 if only `body` is given. */
  status?: number;
  /** With `status` or `body`: headers of that answer; alone: added to the real answer. */
  headers?: { readonly [name: string]: string };
  /** Body of the answer; anything but a string is sent as JSON. Default: empty. */
  body?: unknown;
  /** Destroy the connection instead of answering: the client sees ECONNRESET. */
  reset?: boolean;
  /** Take the request and never answer. */
  hang?: boolean;
  /** Announce the whole body, send half of it (or this many bytes), destroy the connection. */
  truncate?: boolean | number;
  /** Send the body in pieces of `bytes` (default 1), one every `everyMs`. */
  drip?: { everyMs: number; bytes?: number };
  /** Redirect there: 307, unless `status` says otherwise. */
  redirectTo?: string;
  /** Answer 200 with a meaningless body of this many bytes (at most 2 GiB). */
  hugeBytes?: number;
}

/** A fault that is in force, and how often it was applied. */
export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  readonly hits: number;
}

export interface FaultHandle {
  readonly id: number;
  /** How many requests it was applied to; 0 once it is removed. */
  hits(): Promise<number>;
  remove(): Promise<void>;
}

/** One request that arrived; it holds no token and no value. */
export interface RequestRecord {
  /** When it arrived, by the emulator's clock. */
  at: Date;
  target: 'identity' | 'vault';
  method: string;
  /** Without query and trailing slash. */
  path: string;
  vault?: string;
  secret?: string;
  version?: string;
  /** `system`, or the client id of the identity that asked. */
  identity?: string;
  /** The protocol of an identity request that was recognised. */
  source?: Exclude<IdentityHost, 'container-apps'>;
  /** The resource of an identity request. */
  resource?: string;
  /** Null while there is no answer yet, and for a connection destroyed before one. */
  status: number | null;
  /** Number of the TCP connection, counted per target from 1 and never reset. */
  connection: number;
  /** The identity header, or the bearer token and its grants, were accepted. */
  authorized: boolean;
}

export interface RequestLog {
  /** The last 100,000 requests since the start or the last clear, in order of arrival. */
  (): Promise<RequestRecord[]>;
  clear(): Promise<void>;
}

export interface SecretVersion {
  version: string;
  enabled: boolean;
  createdOn: Date;
  updatedOn: Date;
}

/** The other side of a vault: what an administrator would do to it. */
export interface EmulatedVault {
  readonly name: string;
  /** Adds a version, which is the current one from now on. Creates vault and secret if need be. */
  set(secret: string, value: string | SecretProperties): Promise<{ version: string }>;
  /** The newest version, or one of them, enabled or not. */
  get(secret: string, version?: string): Promise<SecretProperties & { version: string }>;
  /** All versions, oldest first. */
  versions(secret: string): Promise<SecretVersion[]>;
  /** Disables one version. Default: the newest. */
  disable(secret: string, version?: string): Promise<void>;
  /** Enables one version. Default: the newest. */
  enable(secret: string, version?: string): Promise<void>;
  /** Soft-deletes. */
  delete(secret: string): Promise<void>;
  recover(secret: string): Promise<void>;
  /** Removes a secret for good, soft-deleted or not. */
  purge(secret: string): Promise<void>;
  /** Names of the secrets that are not deleted. */
  secrets(): Promise<string[]>;
  /** Names of those that are, and can be recovered. */
  deletedSecrets(): Promise<string[]>;
  /** Replaces the vault's throttle; null takes it away. */
  throttle(throttle: Throttle | null): Promise<void>;
}

export interface EmulatedIdentity {
  readonly kind: 'system' | 'user-assigned';
  readonly clientId: string;
  readonly objectId: string;
  /** Undefined for the system-assigned one. */
  readonly resourceId: string | undefined;
  /** Adds rights. */
  grant(grants: Grant | Grants): Promise<void>;
  /** Takes rights away, whatever gave them. Default: all. */
  revoke(grants?: Grant | Grants): Promise<void>;
}

export interface EmulatorClock {
  now(): Promise<Date>;
  /** Moves the clock, back with a negative number; it keeps ticking. Returns the new time. */
  advance(ms: number): Promise<Date>;
  set(date: Date | number | string): Promise<Date>;
}

export interface EmulatorTokens {
  /** Changes what is named, for tokens issued from now on. */
  configure(options: TokenOptions): Promise<void>;
  /**
   * A token, without asking the identity endpoint.
   * Defaults: the system-assigned identity, resource `https://vault.azure.net`.
   */
  issue(options?: { identity?: string; resource?: string }): Promise<string>;
  /** Vaults refuse every token issued so far with 401. */
  revokeAll(): Promise<void>;
}

/** The type of `Symbol.asyncDispose`, where the compiler's libraries know it. */
type AsyncDisposeKey = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol } ? S : never;
type Closable = { readonly [K in AsyncDisposeKey]: () => Promise<void> };

/** With compilers that know `await using`, it closes at the end of the block: `await using azure = await startEmulator()`. */
export interface Emulator extends Closable {
  /** Settings for the process under test: those of `envFor('app-service-2019')`. Read afresh each time. */
  readonly env: { [name: string]: string };
  /**
   * The settings by which that host announces its identity endpoint, and `VAULTSTRAP_VAULT_*`. Two hosts need a file,
   * which `close()` removes: `workload-identity` a token in the folder for temporary files, `azure-arc` a key in
   * `/var/opt/azcmagent/tokens` (Linux only; throws where that cannot be written).
   */
  envFor(host: IdentityHost, options?: EnvironmentOptions): { [name: string]: string };
  /** `https://127.0.0.1:port`, where every vault is; the `Host` header says which. */
  readonly vaultEndpoint: string;
  /** `http://127.0.0.1:port`, where every identity protocol over http is; `envFor` tells the others' places. */
  readonly identityEndpoint: string;
  /** The certificate to trust, as PEM text. */
  readonly caCertificate: string;
  readonly tenantId: string;
  vault(name: string): EmulatedVault;
  /** Names of the vaults that exist. */
  vaults(): Promise<string[]>;
  /** By client id, object id, resource id, or `'system'` (default). Throws if there is none. */
  identity(id?: string): EmulatedIdentity;
  readonly faults: {
    add(fault: Fault): Promise<FaultHandle>;
    /** In the order of adding. */
    list(): Promise<ActiveFault[]>;
    /** By the id of a handle. */
    remove(id: number): Promise<void>;
    clear(): Promise<void>;
  };
  readonly clock: EmulatorClock;
  readonly tokens: EmulatorTokens;
  readonly requests: RequestLog;
  /** TCP connections accepted since the start or the last `requests.clear()`. */
  connections(): Promise<{ identity: number; vault: number }>;
  /** Closes every open connection, as an idle time-out on the other side would. */
  dropConnections(): Promise<void>;
  /** Changes what is named. */
  latency(latency: Latency): Promise<void>;
  /** From now on `env` has another identity header, and the old one is refused. */
  rotateIdentityHeader(): Promise<void>;
  /**
   * Back to the start: seed, grants, faults, throttles, latency, token options,
   * log, clock and identity header; requests that hang are ended, tokens and
   * other connections stay. Clears the state of vaultstrap
   * in this process too.
   */
  reset(): Promise<void>;
  /** Ends the emulator; what is pending is refused. May be called again. */
  close(): Promise<void>;
}
