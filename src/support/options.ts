import { VaultstrapError } from './errors.js';
import { isObject } from './json.js';
import type { LogLevel } from './log.js';

/**
 * What can be configured, as options of `bootstrap()` or as settings
 * (`VAULTSTRAP_` and the name in capitals: `timeoutSeconds` is
 * `VAULTSTRAP_TIMEOUT_SECONDS`). An option wins over its setting.
 */
export interface BootstrapOptions {
  /** False: touch and load nothing. Default true. */
  readonly enabled?: boolean;
  /** Names of settings to leave alone. As a setting: separated by commas. */
  readonly ignore?: readonly string[];
  /**
   * Default identity: a client id, `object:{guid}`, an ARM resource id, or `system`.
   * Default: `AZURE_CLIENT_ID` if set, else system-assigned.
   */
  readonly identity?: string;
  /** What to do with settings that fail at start. Default `throw`. */
  readonly onError?: 'throw' | 'unset' | 'keep';
  /** What to do with a value whose secret is gone or forbidden on two refreshes. Default `keep`. */
  readonly onRevoked?: 'keep' | 'unset';
  /** Time limit of the whole bootstrap, in seconds, 1 to 600. Default 20; in the Functions worker 90. */
  readonly timeoutSeconds?: number;
  /** Seconds between refreshes, 1 to 86,400; 0 is off. Default 300. */
  readonly refreshSeconds?: number;
  /** Seconds for which secrets that share a template must have been unchanged, 0 to 3,600. Default 30. */
  readonly settleSeconds?: number;
  /** Reads in flight per vault, 1 to 256. Default 24. */
  readonly concurrency?: number;
  /** `direct`: our own client where the identity allows it; `sdk`: always `SecretClient`. Default `direct`. */
  readonly client?: 'direct' | 'sdk';
  /** Completes `VaultName=`: `vault.azure.net` (default), `vault.azure.cn`, ... */
  readonly vaultSuffix?: string;
  /** Exact `host` or `host:port` that may be sent a token although no known vault suffix matches. */
  readonly allowedHosts?: readonly string[];
  /** How much to print on stderr. Default `warn`. */
  readonly log?: LogLevel;
}

/** An argument that the types promise, and JavaScript does not. */
export function malformed(what: string, expected: string): VaultstrapError {
  const hint = `Expected: ${expected}.`;
  // The hint is in the message, too: of an error that nobody catches Node prints nothing else.
  return new VaultstrapError('ERR_INVALID_OPTION', `${what} is malformed. ${hint}`, hint);
}

/** @throws VaultstrapError `ERR_INVALID_OPTION`. */
export function checkObject<T>(name: string, value: T, required?: 'required'): T {
  if (isObject(value) || (value === undefined && !required)) return value;
  throw malformed(name, `an object${required ? '' : ', or nothing'}`);
}
