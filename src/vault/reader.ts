import { claimsOf } from '../identity/claims.js';
import type { AccessToken } from '../identity/reply.js';
import type { TokenCache } from '../identity/tokens.js';
import type { SecretRead } from '../settings/plan.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { EMULATOR_ISSUER } from '../support/emulator-issuer.js';
import { type Failure, fact, fail, guarded, HOW_LONG, outage, type Result } from '../support/failure.js';
import { withRetry } from '../support/retry.js';
import type { Secret } from '../support/secret.js';
import { isVaultHost } from '../support/vault-names.js';
import { readInFormat } from './format.js';
import { resourceForHost } from './host.js';

/** A secret as Key Vault gave it. */
export interface SecretValue {
  readonly value: Secret;
  /** The actual version, from the secret identifier in the reply. */
  readonly version: string;
  /** `attributes.updated`, in milliseconds since 1970. */
  readonly updatedMs?: number | undefined;
  /** `attributes.exp`: informational, Key Vault serves expired secrets. */
  readonly expiresOnMs?: number | undefined;
  /** `attributes.nbf`, likewise. */
  readonly notBeforeMs?: number | undefined;
  /** The reply's `Date`: the vault's clock, to compare `updatedMs` with. */
  readonly repliedAtMs?: number | undefined;
}

export interface ReadLimits {
  /** No try outlasts this moment; on the clock's monotonic scale. */
  readonly deadlineMs: number;
  /** No second try begins after this moment. */
  readonly retryUntilMs: number;
  /** A 429 is the answer: trying again would only add to it, and the next refresh comes anyway. */
  readonly isRefresh: boolean;
  /** The token for the first try, fetched for all reads that need the same one. Default: asked for here. */
  readonly token?: Promise<Result<AccessToken>> | undefined;
  /** No further tries; what is under way may finish. */
  readonly stop?: AbortSignal;
  /** Give up what is under way, too. */
  readonly abort?: AbortSignal;
}

/** How a secret is asked for, once. Two of them, equal from outside: `direct` and `sdk`. */
export interface VaultLane {
  send(
    read: SecretRead,
    token: AccessToken,
    limits: { timeoutMs: number; abort?: AbortSignal | undefined },
  ): Promise<Result<SecretValue>>;
  readonly counts: VaultCounts;
}

/** Requests sent so far. */
export interface VaultCounts {
  readonly vault: number;
  /** Among them, those that carried no token or were answered 401. */
  readonly unauthorized: number;
}

/** Reads one secret: host rules, token, tries until the deadline. Never rejects. */
export interface SecretReader {
  read(read: SecretRead, limits: ReadLimits): Promise<Result<SecretValue>>;
}

/** A single try may take this long; the deadline may cut it shorter. */
const TRY_TIMEOUT_MS = 10_000;

export function createSecretReader(
  lane: Pick<VaultLane, 'send'>,
  { config, tokens, clock }: { config: Config; tokens: TokenCache; clock: Clock },
): SecretReader {
  /** Those that a vault refused: who waits in line with one of them must not be refused, too. */
  const refused = new WeakSet<AccessToken>();
  /** Looked at once: there are as many reads as secrets. */
  const emulators = new WeakSet<AccessToken>();
  function isEmulators(token: AccessToken): boolean {
    if (!emulators.has(token) && isEmulatorToken(token)) emulators.add(token);
    return emulators.has(token);
  }

  return {
    async read(read, { deadlineMs, retryUntilMs, isRefresh, token: first, stop, abort }) {
      const resource = resourceForHost(read.host, config);
      if (!resource.ok) return resource;
      let given = first;
      let tokenFailed = false;

      const attempt = async (): Promise<Result<SecretValue>> => {
        let token = await given;
        given = undefined;
        if (!token || (token.ok && refused.has(token.value))) {
          token = await tokens.get(resource.value, read.identity, { deadlineMs, retryUntilMs });
        }
        // Its own tries are over: trying again here would multiply them.
        tokenFailed = !token.ok;
        if (!token.ok) return token;
        if (config.vaultEndpoint && !isEmulators(token.value)) return fail(NOT_THE_EMULATORS);
        const { value } = token;
        const send = (one: SecretRead) => {
          // Now, and not before the token or another request, which take their time.
          const leftMs = deadlineMs - clock.monotonic();
          // A timer counts whole milliseconds, and so may end the reads before this one as much too early.
          if (leftMs < 2) return Promise.resolve(fail(NOT_WAITED_FOR));
          return lane.send(one, value, { timeoutMs: Math.min(TRY_TIMEOUT_MS, leftMs), abort });
        };
        const result = await guarded(() => (read.format ? readInFormat(read, send) : send(read)));
        if (result.ok || result.failure.code !== 'ERR_VAULT_UNAUTHORIZED') return result;
        if (!tokens.refuse(resource.value, read.identity, value.token)) return result;
        refused.add(value);
        return fail({ ...result.failure, retry: 'few' });
      };

      const isFinal = ({ code }: Failure) => tokenFailed || (isRefresh && code === 'ERR_THROTTLED');
      const result = await withRetry(attempt, { clock, deadlineMs, retryUntilMs, isFinal, signal: stop });
      return withoutCommand(result, read.host);
    },
  };
}

/** No command for a vault that Azure does not have, nor a word on what Key Vault does. */
function withoutCommand<T>(result: Result<T>, host: string): Result<T> {
  if (result.ok || isVaultHost(host) || !/key ?vault /i.test(result.failure.hint)) return result;
  const hint = `Look at what answers at ${host}, which VAULTSTRAP_ALLOWED_HOSTS allows: it is no vault of Azure.`;
  return fail({ ...result.failure, hint });
}

/** Only the emulator's tokens go to the emulator's endpoint: a real one must never leave for it. */
export function isEmulatorToken({ token }: AccessToken): boolean {
  return claimsOf(token.reveal())['iss'] === EMULATOR_ISSUER;
}

const NOT_THE_EMULATORS = fact(
  'UnauthorizedClient',
  'ERR_EMULATOR_TOKEN',
  "VAULTSTRAP_VAULT_ENDPOINT is set, but the token is not the emulator's; it was not sent.",
  "Set IDENTITY_ENDPOINT and IDENTITY_HEADER to the emulator's too, or remove VAULTSTRAP_VAULT_ENDPOINT.",
);

export const NOT_WAITED_FOR = outage(
  'FetchTimedOut',
  'ERR_TIMEOUT',
  'no answer came in the time there was.',
  `If another setting failed for good, mend that first. ${HOW_LONG}`,
);
