import type { ActiveFault, Emulator, RequestRecord } from '../../testing/index.js';

export interface SecretState {
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly { readonly version: string; readonly enabled: boolean; readonly createdOn: Date }[];
}

/** What the page shows: no value is in it. */
export interface Snapshot {
  readonly vaults: readonly {
    readonly name: string;
    readonly secrets: readonly SecretState[];
    readonly deleted: readonly string[];
  }[];
  readonly faults: readonly ActiveFault[];
  /** Newest first. */
  readonly requests: readonly RequestRecord[];
}

const MOST_REQUESTS = 50;

export async function snapshotOf(azure: Emulator): Promise<Snapshot> {
  const names = await azure.vaults();
  const vaults = names.sort().map(async (name) => {
    const vault = azure.vault(name);
    const secrets = (await vault.secrets()).sort().map(async (secret) => ({
      name: secret,
      versions: (await vault.versions(secret)).reverse(),
    }));
    return { name, secrets: await Promise.all(secrets), deleted: await vault.deletedSecrets() };
  });
  return {
    vaults: await Promise.all(vaults),
    faults: await azure.faults.list(),
    requests: (await azure.requests()).slice(-MOST_REQUESTS).reverse(),
  };
}
