import { detectSource, type IdentitySource } from '../identity/source.js';
import type { TokenSeed } from '../identity/tokens.js';
import type { Result } from '../support/failure.js';
import type { VaultClient, VaultClientOptions } from '../vault/client.js';
import { clientModule } from './siblings.js';

/** A vault client that is loaded when it is first asked for something. */
export interface LazyClient extends Pick<VaultClient, 'readAll' | 'rest'> {
  readonly tokens: VaultClient['tokens'];
  /** Sent from here so far. */
  readonly requests: { readonly token: number; readonly vault: number; readonly unauthorized: number };
  /** Where tokens would come from now. */
  source(): Result<IdentitySource>;
  /** Tokens that somebody else fetched. */
  plant(seeds: readonly TokenSeed[]): void;
}

export function createLazyClient(options: VaultClientOptions): LazyClient {
  let made: VaultClient | undefined;
  let planted: readonly TokenSeed[] = [];

  function client(): VaultClient {
    if (!made) {
      made = clientModule().createVaultClient(options);
      made.tokens.plant(planted);
      planted = [];
    }
    return made;
  }

  return {
    readAll: (reads, limits) => client().readAll(reads, limits),
    rest: () => made?.rest(),
    get tokens() {
      return client().tokens;
    },
    get requests() {
      return made ? { token: made.tokens.requests, ...made.counts } : { token: 0, vault: 0, unauthorized: 0 };
    },
    source: () => detectSource(options.env()),
    plant(seeds) {
      if (made) made.tokens.plant(seeds);
      else planted = [...planted, ...seeds];
    },
  };
}
