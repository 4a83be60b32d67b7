import { isVaultstrapError } from './vaultstrap-error.js';

/**
 * App Service's own words for the outcome of a Key Vault reference
 * (`ResolveStatus` of the Azure Resource Manager API for sites).
 */
export type Status =
  | 'Initialized'
  | 'Resolved'
  | 'InvalidSyntax'
  | 'MSINotEnabled'
  | 'VaultNotFound'
  | 'SecretNotFound'
  | 'SecretVersionNotFound'
  | 'AccessToKeyVaultDenied'
  | 'FetchTimedOut'
  | 'UnauthorizedClient'
  | 'OtherReasons';

/** What a status leaves open, as a stable word to branch on. */
export type Code =
  // settings
  | 'ERR_REFERENCE_SYNTAX'
  | 'ERR_PROTECTED_SETTING'
  | 'ERR_TEMPLATE_CIRCLE'
  | 'ERR_TEMPLATE_MEMBER'
  | 'ERR_INVALID_SETTING'
  | 'ERR_INVALID_OPTION'
  // identity
  | 'ERR_IDENTITY_NOT_FOUND'
  | 'ERR_IDENTITY_NOT_ASSIGNED'
  | 'ERR_IDENTITY_SELECTOR'
  | 'ERR_IDENTITY_REFUSED'
  | 'ERR_IDENTITY_ENDPOINT'
  | 'ERR_IDENTITY_UNREACHABLE'
  | 'ERR_IDENTITY_TIMEOUT'
  | 'ERR_IDENTITY_UNAVAILABLE'
  | 'ERR_IDENTITY_REPLY'
  | 'ERR_SDK_NOT_FOUND'
  // vault
  | 'ERR_HOST_NOT_ALLOWED'
  | 'ERR_EMULATOR_TOKEN'
  | 'ERR_VAULT_DNS'
  | 'ERR_VAULT_TLS'
  | 'ERR_VAULT_UNREACHABLE'
  | 'ERR_VAULT_TIMEOUT'
  | 'ERR_VAULT_UNAVAILABLE'
  | 'ERR_VAULT_UNAUTHORIZED'
  | 'ERR_VAULT_RBAC'
  | 'ERR_VAULT_POLICY'
  | 'ERR_VAULT_FIREWALL'
  | 'ERR_VAULT_CONNECTION'
  | 'ERR_VAULT_FORBIDDEN'
  | 'ERR_VAULT_REDIRECT'
  | 'ERR_VAULT_REPLY'
  | 'ERR_VAULT_NOT_FOUND'
  | 'ERR_SECRET_NOT_FOUND'
  | 'ERR_SECRET_VERSION_NOT_FOUND'
  | 'ERR_SECRET_DISABLED'
  | 'ERR_THROTTLED'
  // values
  | 'ERR_FIELD'
  | 'ERR_FORMAT'
  | 'ERR_FILE'
  | 'ERR_VALUE_NUL'
  | 'ERR_VALUE_ENCODING'
  | 'ERR_VALUE_TOO_LARGE'
  // startup
  | 'ERR_BOOTSTRAP'
  | 'ERR_TIMEOUT'
  | 'ERR_ALREADY_STARTED'
  | 'ERR_WORKER_START'
  | 'ERR_WORKER_LOST'
  | 'ERR_WORKER_PERMISSION'
  | 'ERR_NETWORK_PERMISSION'
  | 'ERR_NOT_LOADED'
  | 'ERR_NODE_VERSION'
  | 'ERR_SETTINGS_MISSING'
  | 'ERR_INTERNAL';

/**
 * Whether asking again can help: `never` (it is a fact), `few` (it may be a
 * hiccup: three tries), `deadline` (an outage: until the time is up).
 */
export type Retry = 'never' | 'few' | 'deadline';

/** What is safe to keep of a foreign error: its text and objects may carry tokens or values. */
export interface SafeCause {
  readonly name?: string;
  readonly code?: string;
  readonly status?: number;
  readonly syscall?: string;
}

/** A failure as plain data: it crosses threads, and every rendering starts from it. */
export interface Failure {
  readonly status: Status;
  readonly code: Code;
  /** What happened, in our own words. */
  readonly details: string;
  /** The remedy. */
  readonly hint: string;
  readonly retry: Retry;
  readonly retryAfterMs?: number;
  /** True only for Key Vault's own JSON 404: what `Optional` and `Default` answer to. */
  readonly absent?: true;
  readonly cause?: SafeCause;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export function succeed<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}

/** A failure that is a fact: asking again brings the same. */
export function fact(status: Status, code: Code, details: string, hint: string, cause?: SafeCause): Failure {
  return { status, code, details, hint, retry: 'never', ...(cause && { cause }) };
}

/** A failure that may be a hiccup: asked again a few times. */
export function hiccup(status: Status, code: Code, details: string, hint: string, cause?: SafeCause): Failure {
  return { ...fact(status, code, details, hint, cause), retry: 'few' };
}

/** A failure that may be over soon: asked again until the time is up. */
export function outage(status: Status, code: Code, details: string, hint: string, cause?: SafeCause): Failure {
  return { ...fact(status, code, details, hint, cause), retry: 'deadline' };
}

/** Ends the hint of what did not come in time. */
export const HOW_LONG = 'VAULTSTRAP_TIMEOUT_SECONDS sets how long to wait.';

/** What only a mistake of ours can bring about. */
export function mistake(details: string, cause?: SafeCause): Failure {
  return fact('OtherReasons', 'ERR_INTERNAL', details, 'This is a mistake in vaultstrap; please report it.', cause);
}

/** What is loaded only when it is needed may be gone by then; the error may say so already (later.ts). */
export function notLoaded(error: unknown): Failure {
  return fact(
    'OtherReasons',
    'ERR_NOT_LOADED',
    'a file of vaultstrap could not be loaded.',
    "If a deployment replaced the app's files meanwhile, start it again; else install vaultstrap again.",
    safeCause(isVaultstrapError(error) ? error.cause : error),
  );
}

/** Name, code, HTTP status and syscall of a foreign error; never its text or its objects. */
export function safeCause(error: unknown): SafeCause {
  if (typeof error !== 'object' || error === null) return { name: typeof error };
  try {
    const { name, code, syscall, statusCode } = error as Record<string, unknown>;
    return {
      ...(isWord(name) && { name }),
      ...(isWord(code) && { code }),
      ...(isWord(syscall) && { syscall }),
      ...(typeof statusCode === 'number' && { status: statusCode }),
    };
  } catch {
    // A getter that throws, a revoked proxy: this is called where nothing may be thrown.
    return { name: 'object' };
  }
}

/** A promise of a result that keeps it: whatever is thrown is a failure, not a rejection in the background. */
export async function guarded<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (error) {
    return fail(mistake('something failed that should not.', safeCause(error)));
  }
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value);
}
