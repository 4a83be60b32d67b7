// What is in the vaults. Knows nothing of requests or rights.
import { randomBytes } from 'node:crypto';
import type { VaultSettings } from '../protocol.js';
import type { SecretProperties, Throttle } from '../types.js';
import { createServerCertificate } from './certificate.js';
import { type ServerClock, toSeconds } from './clock.js';

/** Soft-deleted secrets are kept this long, by the name of the service only: nothing purges them. */
export const RECOVERABLE_DAYS = 90;

/** What a caller decides about a version. */
export interface NewVersion {
  /** Default: a random one. */
  readonly version?: string | undefined;
  value: string;
  contentType: string | undefined;
  /** A certificate's other form. */
  readonly pem?: string | undefined;
  tags: Readonly<Record<string, string>> | undefined;
  enabled: boolean;
  /** Unix seconds, like the others. */
  nbf: number | undefined;
  exp: number | undefined;
}

export interface Version extends NewVersion {
  readonly version: string;
  readonly created: number;
  readonly updated: number;
}

export interface Secret {
  /** As it was first written; names are the same in any case. */
  readonly name: string;
  /** Oldest first; never empty. */
  readonly versions: Version[];
}

export interface DeletedSecret extends Secret {
  readonly deletedAt: number;
}

export interface Vault {
  readonly name: string;
  readonly accessModel: 'rbac' | 'policy';
  throttle: Throttle | null;
  /** By name in lower case. */
  readonly secrets: Map<string, Secret>;
  readonly deleted: Map<string, DeletedSecret>;
  /** Those of all vaults: a backup can be restored into another one. */
  readonly backups: Map<string, Secret>;
}

export function newestOf(secret: Secret): Version {
  const newest = secret.versions.at(-1);
  if (!newest) throw new Error(`secret ${secret.name} has no version`);
  return newest;
}

export function findVersion(secret: Secret, version: string | undefined): Version | undefined {
  if (version === undefined) return newestOf(secret);
  return secret.versions.find((one) => one.version === version.toLowerCase());
}

export function toNewVersion(secret: SecretProperties): NewVersion {
  return {
    version: secret.version,
    value: secret.value,
    contentType: secret.contentType,
    pem: secret.pem === 'self-signed' ? selfSigned() : secret.pem,
    tags: secret.tags,
    enabled: secret.enabled ?? true,
    nbf: secret.notBefore && toSeconds(secret.notBefore.getTime()),
    exp: secret.expiresOn && toSeconds(secret.expiresOn.getTime()),
  };
}

/** In the service's order: the chain, then the key. */
function selfSigned(): string {
  const { certificate, caCertificate, key } = createServerCertificate(['localhost', '127.0.0.1'], Date.now());
  return `${certificate}${caCertificate}${key}`;
}

/** Adds a version to a secret, which it makes if need be. */
export function addVersion(vault: Vault, name: string, content: NewVersion, nowMs: number): Version {
  const now = toSeconds(nowMs);
  const version: Version = {
    ...content,
    version: content.version ?? randomBytes(16).toString('hex'),
    created: now,
    updated: now,
  };
  const key = name.toLowerCase();
  const secret = vault.secrets.get(key);
  if (secret) secret.versions.push(version);
  else vault.secrets.set(key, { name, versions: [version] });
  return version;
}

/** Soft delete. False if there is no such secret. */
export function deleteSecret(vault: Vault, name: string, nowMs: number): DeletedSecret | undefined {
  const key = name.toLowerCase();
  const secret = vault.secrets.get(key);
  if (!secret) return undefined;
  const deleted = { ...secret, deletedAt: toSeconds(nowMs) };
  vault.secrets.delete(key);
  vault.deleted.set(key, deleted);
  return deleted;
}

/** What a backup holds, as it was then; the text is known to this emulator alone. */
export function backUp(vault: Vault, { name, versions }: Secret): string {
  const text = randomBytes(256).toString('base64url');
  vault.backups.set(text, { name, versions: versions.map((version) => ({ ...version })) });
  return text;
}

/** Undefined if it is no backup; false if the name is taken. */
export function restore(vault: Vault, text: string): Secret | false | undefined {
  const backup = vault.backups.get(text);
  if (!backup) return undefined;
  const key = backup.name.toLowerCase();
  if (vault.secrets.has(key) || vault.deleted.has(key)) return false;
  const secret = { name: backup.name, versions: backup.versions.map((version) => ({ ...version })) };
  vault.secrets.set(key, secret);
  return secret;
}

export function recoverSecret(vault: Vault, name: string): Secret | undefined {
  const key = name.toLowerCase();
  const deleted = vault.deleted.get(key);
  if (!deleted) return undefined;
  const secret = { name: deleted.name, versions: deleted.versions };
  vault.deleted.delete(key);
  vault.secrets.set(key, secret);
  return secret;
}

export interface VaultStore {
  find(name: string): Vault | undefined;
  /** The vault of that name, made if there is none. */
  ensure(name: string): Vault;
  all(): Iterable<Vault>;
  reset(): void;
}

export function createVaultStore(seed: readonly VaultSettings[], clock: ServerClock): VaultStore {
  const vaults = new Map<string, Vault>();
  const backups = new Map<string, Secret>();

  function create(settings: VaultSettings): Vault {
    const { name, accessModel, throttle } = settings;
    const vault: Vault = { name, accessModel, throttle, secrets: new Map(), deleted: new Map(), backups };
    for (const [secret, properties] of settings.secrets) {
      addVersion(vault, secret, toNewVersion(properties), clock.nowMs());
    }
    vaults.set(name.toLowerCase(), vault);
    return vault;
  }

  const store: VaultStore = {
    find: (name) => vaults.get(name.toLowerCase()),
    ensure: (name) => store.find(name) ?? create({ name, accessModel: 'rbac', throttle: null, secrets: [] }),
    all: () => vaults.values(),
    reset: () => {
      vaults.clear();
      backups.clear();
      for (const settings of seed) create(settings);
    },
  };
  store.reset();
  return store;
}
