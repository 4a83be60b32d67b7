import { VaultstrapError } from './errors.js';
import { isObject } from './json.js';
import type { LogLevel } from './log.js';

/**
 * What can be configured, as options of `bootstrap()` or as settings
 * (`VAULTSTRAP_` and the name in capitals: `timeoutSeconds` is
 * `VAULTSTRAP_TIMEOUT_SECONDS`). An option wins over its setting; `undefined` counts as not given.
 */
export interface BootstrapOptions {
  /** False: touch and load nothing. Default true. */
  readonly enabled?: boolean | undefined;
  /** Names of settings to leave alone. In the setting, separate them by commas. */
  readonly ignore?: readonly string[] | undefined;
  /**
   * Default identity: a client id, `object:{guid}`, an ARM resource id, or `system`.
   * Default: `AZURE_CLIENT_ID` if set, else system-assigned.
   */
  readonly identity?: string | undefined;
  /** What to do with settings that fail at start. Default `throw`. */
  readonly onError?: 'throw' | 'unset' | 'keep' | undefined;
  /** What to do with a value whose secret is gone or forbidden on two refreshes. Default `keep`. */
  readonly onRevoked?: 'keep' | 'unset' | undefined;
  /** Time limit of the whole bootstrap, in seconds, 1 to 600. Default 20; in the Functions worker 90. */
  readonly timeoutSeconds?: number | undefined;
  /** Seconds between refreshes, 1 to 86,400; 0 is off. Default 300. */
  readonly refreshSeconds?: number | undefined;
  /** Seconds for which secrets that share a template must have been unchanged, 0 to 3,600. Default 30. */
  readonly settleSeconds?: number | undefined;
  /** Reads in flight per vault, 1 to 256. Default 24. */
  readonly concurrency?: number | undefined;
  /** `direct`: our own client where the identity allows it; `sdk`: always `SecretClient`. Default `direct`. */
  readonly client?: 'direct' | 'sdk' | undefined;
  /** Completes `VaultName=`: `vault.azure.net` (default), `vault.azure.cn`, ... */
  readonly vaultSuffix?: string | undefined;
  /** Each an exact `host` or `host:port` that may receive a token although no known vault suffix matches. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** How much to print on stderr. Default `warn`. */
  readonly log?: LogLevel | undefined;
}

/** An argument that the types promise, and JavaScript does not. */
export function malformed(what: string, expected: string, problem = 'is malformed'): VaultstrapError {
  return new VaultstrapError('ERR_INVALID_OPTION', `${what} ${problem}.`, `Expected: ${expected}.`);
}

/** @throws VaultstrapError `ERR_INVALID_OPTION`. */
export function checkObject<T>(name: string, value: T, required?: 'required'): T {
  if (isObject(value) || (value === undefined && !required)) return value;
  throw malformed(name, `an object${required ? '' : ', or nothing'}`);
}
