import type { Origin } from '../settings/origin.js';
import type { RequestCounts } from '../support/channels.js';
import type { Code, Status } from '../support/failure.js';

/** The outcome of one setting. Never holds a value, nor anything derived from one. */
export interface SettingReport {
  readonly setting: string;
  readonly status: Status;
  readonly code?: Code;
  /** Name of the vault; of the first, when the setting has several references. */
  readonly vault?: string;
  readonly secret?: string;
  /** Version in use. */
  readonly version?: string;
  /** Every reference in it names a version: never refreshed. */
  readonly pinned: boolean;
  readonly origin: Origin;
  /** ISO 8601. */
  readonly resolvedAt?: string;
  readonly ageSeconds?: number;
  /** `exp` of the secret, ISO 8601: informational, Key Vault serves expired secrets. */
  readonly expiresOn?: string;
  /** `nbf` of the secret while it lies ahead, ISO 8601; informational, too. */
  readonly notBefore?: string;
  /** The value in use is an older one, because the newest could not be had. */
  readonly kept?: true;
  readonly usedDefault?: true;
  /** `File=true`: the value, or a part of it, is the path of a file. */
  readonly file?: true;
  /** The variable was removed, or never written. */
  readonly unset?: true;
  /** `Optional=true`: that its secret does not exist is no trouble. */
  readonly optional?: true;
  /** Somebody else has written the variable since; it is left alone. */
  readonly overridden?: true;
  /** A restart now would fail: the secret is gone, disabled, forbidden or malformed. */
  readonly wouldFailAtStart?: true;
  readonly details?: string;
  readonly hint?: string;
}

/** What `report()` returns: everything about a process's settings but their values. */
export interface Report {
  /**
   * `idle`: not started, or nothing to resolve. `ready`: every setting has its value, a default, or is
   * optional. `degraded`: it works, but something could not be had. `failed`: the start failed.
   */
  readonly status: 'idle' | 'ready' | 'degraded' | 'failed';
  /** 0 before the first apply, 1 after it, one more for each change applied. */
  readonly generation: number;
  /**
   * Where tokens come from, and which identity is the default; absent when none is needed. `credential`: which part
   * of `DefaultAzureCredential` gave them, as the SDK calls it.
   */
  readonly identity?: { readonly source: string; readonly id?: string; readonly credential?: string };
  /** ISO 8601. */
  readonly startedAt?: string;
  /** Of the start. */
  readonly durationMs?: number;
  /** Requests sent since the start. */
  readonly requests: RequestCounts;
  /** ISO 8601. */
  readonly lastRefreshAt?: string;
  /** ISO 8601. */
  readonly nextRefreshAt?: string;
  /** Settings of our own in force that redirect or relax something, such as `VAULTSTRAP_VAULT_ENDPOINT`. */
  readonly relaxations?: readonly string[];
  readonly settings: readonly SettingReport[];
}

/** What `resolve` gives: the settings with values in the place of references, and how that went. */
export interface Resolution<N extends string = string> {
  /** Plaintext: all settings of the record that have a value (with `Optional=true` or `onError: 'unset'` one may be missing). */
  readonly values: { readonly [K in N]: string };
  readonly report: Report;
}
