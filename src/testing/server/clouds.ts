// The clouds whose vaults are emulated. A vault's suffix is also the name of the
// resource for which a token must have been issued.
export const VAULT_SUFFIXES: readonly string[] = ['vault.azure.net', 'vault.azure.cn', 'vault.usgovcloudapi.net'];

/** What the `Host` header says: which vault, and under which names. */
export interface VaultHost {
  /** First label, lower case. */
  readonly vault: string;
  /** As requested, with the port if there was one. */
  readonly host: string;
  /** Resource that the challenge names. */
  readonly resource: string;
  /** Audiences that are accepted. */
  readonly audiences: readonly string[];
}

/** Undefined for an address, or a name that cannot be a vault's. */
export function parseVaultHost(host: string | undefined): VaultHost | undefined {
  const match = /^([a-z][a-z0-9-]{1,22}[a-z0-9])\.([a-z0-9.-]*[a-z][a-z0-9.-]*)(:\d+)?$/i.exec(host ?? '');
  if (!host || !match?.[1] || !match[2]) return undefined;
  const suffix = match[2].toLowerCase();
  const resource = `https://${suffix}`;
  return {
    vault: match[1].toLowerCase(),
    host,
    resource,
    // A name of the user's own (`hostNames`) belongs to no cloud: any will do.
    audiences: VAULT_SUFFIXES.includes(suffix)
      ? [resource]
      : [resource, ...VAULT_SUFFIXES.map((known) => `https://${known}`)],
  };
}
