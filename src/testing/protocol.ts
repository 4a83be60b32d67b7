// What the emulator's thread is given and understands. Both sides import this
// file; everything in it survives a structured clone.
import type {
  ActiveFault,
  ExpiryForm,
  Fault,
  Latency,
  RequestRecord,
  SecretAction,
  SecretProperties,
  SecretVersion,
  Throttle,
  TokenOptions,
} from './types.js';

/** One right, or (with `allow: false`) one taken away. Later rules win. */
export interface GrantRule {
  readonly allow: boolean;
  /** Lower case, or `*`. */
  readonly vault: string;
  /** Lower case; undefined is every secret and the vault's lists. */
  readonly secret: string | undefined;
  readonly actions: readonly SecretAction[];
}

export interface IdentitySettings {
  readonly kind: 'system' | 'user-assigned';
  readonly clientId: string;
  readonly objectId: string;
  readonly resourceId: string | undefined;
  readonly rules: readonly GrantRule[];
}

export interface VaultSettings {
  readonly name: string;
  readonly accessModel: 'rbac' | 'policy';
  readonly throttle: Throttle | null;
  readonly secrets: readonly (readonly [name: string, secret: SecretProperties])[];
}

export interface TokenSettings {
  readonly lifeSeconds: number;
  readonly expiryForm: ExpiryForm;
  readonly reuse: boolean;
}

export interface ServerSettings {
  readonly tenantId: string;
  readonly vaults: readonly VaultSettings[];
  readonly createUnknownVaults: boolean;
  readonly identities: readonly IdentitySettings[];
  readonly tokens: TokenSettings;
  readonly latency: Required<Latency>;
  readonly msiEndpointGetOnly: boolean;
  /** 0: any free port. Otherwise the identity endpoint gets the next one. */
  readonly port: number;
  readonly hostNames: readonly string[];
}

/** Checked; the body is text by now. */
export type FaultSettings = Omit<Fault, 'body'> & { readonly body?: string };

export interface Started {
  readonly vaultPort: number;
  readonly identityPort: number;
  readonly fabricPort: number;
  /** SHA-1 of the certificate there. */
  readonly fabricThumbprint: string;
  readonly authorityPort: number;
  readonly federatedToken: string;
  readonly arcKeyFile: string;
  readonly caCertificate: string;
  readonly identityHeader: string;
}

/** What the main thread may ask for: name of the command, its arguments, its answer. */
export interface Commands {
  'secret.set': (vault: string, name: string, secret: SecretProperties) => { version: string };
  'secret.get': (vault: string, name: string, version?: string) => SecretProperties & { version: string };
  'secret.versions': (vault: string, name: string) => SecretVersion[];
  'secret.enable': (vault: string, name: string, enabled: boolean, version?: string) => void;
  'secret.delete': (vault: string, name: string) => void;
  'secret.recover': (vault: string, name: string) => void;
  'secret.purge': (vault: string, name: string) => void;
  'secret.names': (vault: string) => string[];
  'secret.deletedNames': (vault: string) => string[];
  'vault.names': () => string[];
  'vault.throttle': (vault: string, throttle: Throttle | null) => void;
  /** No rules: forget every right. */
  'identity.rules': (clientId: string, rules: readonly GrantRule[]) => void;
  'fault.add': (fault: FaultSettings) => number;
  'fault.hits': (id: number) => number;
  'fault.remove': (id: number) => void;
  'fault.list': () => ActiveFault[];
  'fault.clear': () => void;
  'clock.now': () => number;
  'clock.advance': (ms: number) => number;
  'clock.set': (epochMs: number) => number;
  'tokens.configure': (options: TokenOptions) => void;
  'tokens.issue': (clientId: string, resource: string) => string;
  'tokens.revokeAll': () => void;
  'log.read': () => RequestRecord[];
  'log.clear': () => void;
  connections: () => { identity: number; vault: number };
  dropConnections: () => void;
  latency: (latency: Latency) => void;
  rotateIdentityHeader: () => string;
  /** Answers with the identity header that counts from now on. */
  reset: () => string;
}

export type CommandName = keyof Commands;

export interface Call {
  readonly id: number;
  readonly command: CommandName;
  readonly args: readonly unknown[];
}

/** `id` 0 is the outcome of starting, a `Started`. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly code: string; readonly message: string } };
