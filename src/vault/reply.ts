import { claimsOf, isPersons } from '../identity/claims.js';
import type { AccessToken } from '../identity/reply.js';
import type { SecretRead } from '../settings/plan.js';
import { type Failure, fact, fail, HOW_LONG, hiccup, outage, type Result, succeed } from '../support/failure.js';
import { forbiddenNetwork, type HttpProblem, type HttpReply, parseRetryAfterMs } from '../support/http.js';
import { parseJson } from '../support/json.js';
import { Secret } from '../support/secret.js';
import { type VaultRefusal, vaultFailure } from './failure.js';
import type { SecretValue } from './reader.js';

/** A value has at most 25 KB; JSON may escape each byte as `\u00xx`. */
export const MAX_REPLY_BYTES = 512 * 1024;

/**
 * What a vault's reply means. Both lanes come through here.
 * https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
 */
export function readSecretReply(reply: HttpReply, read: SecretRead, token?: AccessToken): Result<SecretValue> {
  if (reply.status === 200) return readSecret(reply, read);
  const { code, reason } = errorOf(reply.body);
  const retryAfterMs = parseRetryAfterMs(reply.headers);
  const failure = vaultFailure(read, {
    status: reply.status,
    code,
    reason,
    challenge: reply.headers['www-authenticate'],
    ...(token && { by: token.by, isPerson: isPersons(claimsOf(token.token.reveal())) }),
  });
  return fail({
    ...failure,
    cause: { status: reply.status, ...(reason && { code: reason }) },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** `https://{host}/secrets/{name}/{version}`, in lower case; the name and the version are captured. */
const IDENTIFIER = /^https:\/\/[^/]+\/secrets\/([^/]+)\/([0-9a-z]{1,64})$/;

function readSecret(reply: HttpReply, read: SecretRead): Result<SecretValue> {
  const body = parseJson(reply.body);
  if (body === undefined) return fail(malformed(read, 'is not JSON'));
  const { value, id, attributes } = (body ?? {}) as Record<string, unknown>;
  if (typeof value !== 'string') return fail(malformed(read, 'has no value'));
  const [, secret, version] = (typeof id === 'string' && IDENTIFIER.exec(id.toLowerCase())) || [];
  if (version === undefined || secret !== read.secret) return fail(malformed(read, "has another secret's id"));
  if (read.version !== undefined && version !== read.version) return fail(malformed(read, "has another version's id"));
  const { updated, exp, nbf } = (typeof attributes === 'object' && attributes !== null ? attributes : {}) as Record<
    string,
    unknown
  >;
  const repliedAtMs = Date.parse(reply.headers['date'] ?? '');
  return succeed({
    value: new Secret(value),
    version,
    updatedMs: msOf(updated),
    expiresOnMs: msOf(exp),
    notBeforeMs: msOf(nbf),
    repliedAtMs: Number.isNaN(repliedAtMs) ? undefined : repliedAtMs,
  });
}

function msOf(seconds: unknown): number | undefined {
  const ms = typeof seconds === 'number' ? seconds * 1000 : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/** Key Vault's error body; the reason behind a 403 stands in `innererror`. Only words are taken from it. */
function errorOf(body: string): Pick<VaultRefusal, 'code' | 'reason'> {
  const { error } = (parseJson(body) ?? {}) as {
    error?: { code?: unknown; innererror?: { code?: unknown } | null } | null;
  };
  return { code: wordOf(error?.code), reason: wordOf(error?.innererror?.code) };
}

function wordOf(text: unknown): string | undefined {
  return typeof text === 'string' && /^\w{1,64}$/.test(text) ? text : undefined;
}

function malformed(read: SecretRead, what: string): Failure {
  return hiccup(
    'OtherReasons',
    'ERR_VAULT_REPLY',
    `the reply of vault '${read.vault}' ${what}.`,
    'Something between here and the vault changes replies (a proxy?); or the host is not a vault.',
  );
}

const REACH =
  'Check that the network lets this process reach the vault: VNet integration, private endpoint, outgoing firewall rules.';

/** Why no reply came, in words and with a remedy. */
export function vaultProblem({ kind, cause }: HttpProblem, read: SecretRead): Failure {
  const { vault } = read;
  const word = cause.code ? ` (${cause.code})` : '';
  switch (kind) {
    case 'too-large':
      return malformed(read, 'is too long');
    case 'denied':
      return forbiddenNetwork(cause);
    case 'timeout':
    case 'aborted':
      return outage(
        'FetchTimedOut',
        'ERR_VAULT_TIMEOUT',
        `vault '${vault}' did not answer in time.`,
        `${REACH} ${HOW_LONG}`,
        cause,
      );
    case 'dns': {
      // The name of a vault that does not exist does not appear; a resolver that fails may recover.
      const failureOf = cause.code === 'ENOTFOUND' ? hiccup : outage;
      return failureOf(
        'VaultNotFound',
        'ERR_VAULT_DNS',
        `the name of vault '${vault}' cannot be looked up${word}.`,
        `Check the vault's name (az keyvault show --name ${vault}), in other clouds VAULTSTRAP_VAULT_SUFFIX, with a private endpoint the private DNS zone privatelink.vaultcore.azure.net.`,
        cause,
      );
    }
    case 'tls':
      return fact(
        'OtherReasons',
        'ERR_VAULT_TLS',
        `the certificate of vault '${vault}' was not accepted${word}.`,
        `${
          /EXPIRED|NOT_YET/.test(word)
            ? "Set this machine's clock right"
            : 'Somebody else answers for the vault, or a proxy breaks TLS: trust its CA by NODE_EXTRA_CA_CERTS or --use-system-ca'
        }. Verification cannot be switched off.`,
        cause,
      );
    case 'network':
      return outage(
        'OtherReasons',
        'ERR_VAULT_UNREACHABLE',
        `vault '${vault}' cannot be reached${word}.`,
        REACH,
        cause,
      );
  }
}
