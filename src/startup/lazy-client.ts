import type { TokenCache, TokenSeed } from '../identity/tokens.js';
import type { RequestCounts } from '../support/channels.js';
import type { VaultClient, VaultClientOptions } from '../vault/client.js';
import { type JobReply, NO_REQUESTS } from './job.js';
import { network } from './later.js';

/** A vault client that is loaded when it is first asked for something. */
export interface LazyClient extends Pick<VaultClient, 'readAll' | 'rest'> {
  readonly tokens: VaultClient['tokens'];
  /** Sent so far, from here and by those whose work was adopted. */
  readonly requests: RequestCounts;
  /** The tokens in hand. */
  seeds(): readonly TokenSeed[];
  /** Which credentials of the SDK's chain gave the tokens in use. */
  givenBy(): readonly string[];
  /** Takes over what a worker fetched: its tokens, and what it sent for them. */
  adopt(work: Pick<JobReply, 'tokens' | 'requests'>): void;
}

export interface LazyClientOptions extends Omit<VaultClientOptions, 'tokens'> {
  /** Whose tokens to use. Default: its own. */
  readonly tokensOf?: (() => TokenCache) | undefined;
}

export function createLazyClient({ tokensOf, ...options }: LazyClientOptions): LazyClient {
  let made: VaultClient | undefined;
  let planted: readonly TokenSeed[] = [];
  let adopted = NO_REQUESTS;
  /** By others, before these tokens were used here. */
  let sentBefore = 0;

  function client(): VaultClient {
    if (!made) {
      const tokens = tokensOf?.();
      sentBefore = tokens?.requests ?? 0;
      made = network().createVaultClient({ ...options, ...(tokens && { tokens }) });
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
      return {
        token: adopted.token + (made?.tokens.requests ?? 0) - sentBefore,
        vault: adopted.vault + (made?.counts.vault ?? 0),
        unauthorized: adopted.unauthorized + (made?.counts.unauthorized ?? 0),
      };
    },
    seeds: () => made?.tokens.seeds() ?? planted,
    givenBy: () => made?.tokens.givenBy() ?? [...new Set(planted.flatMap(({ by }) => by ?? []))],
    adopt({ tokens, requests: { token, vault, unauthorized } }) {
      adopted = {
        token: adopted.token + token,
        vault: adopted.vault + vault,
        unauthorized: adopted.unauthorized + unauthorized,
      };
      if (made) made.tokens.plant(tokens);
      else planted = tokens;
    },
  };
}
