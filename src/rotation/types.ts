/** What changed in one setting. Names and versions, never values. */
export interface RotatedSetting {
  readonly setting: string;
  readonly vault?: string;
  readonly secret?: string;
  readonly fromVersion?: string;
  readonly toVersion?: string;
  /** The vault went back to an older version. */
  readonly regressed?: true;
}

export interface Rotation {
  readonly generation: number;
  readonly changed: readonly RotatedSetting[];
}

/** Its result is ignored, but a returned promise is waited for before the next call. */
export type RotationListener = (rotation: Rotation) => unknown;

/** What a refresh did. */
export interface RefreshResult {
  readonly generation: number;
  /** Settings whose value or version changed; names and versions only. */
  readonly changed: readonly RotatedSetting[];
  /** Names of settings whose newest value could not be read; they keep the last good one. */
  readonly failed: readonly string[];
}

export interface FreshSecretOptions {
  /**
   * Whether an error means that the value was refused (a rotated password). It sees only what is thrown: `fetch`
   * does not throw on a 401, so throw it yourself. Say no to what a new value cannot fix, such as a missing right
   * (403): every yes reads the vault again.
   */
  readonly isAuthError: (error: unknown) => boolean | undefined | Promise<boolean | undefined>;
}

/** The type of `Symbol.dispose`, where the compiler's libraries know it. */
type DisposeKey = SymbolConstructor extends { readonly dispose: infer S extends symbol } ? S : never;

/** Removes a listener. Disposable, too, with compilers that know `using`. */
export type Unsubscribe = (() => void) & { readonly [K in DisposeKey]: () => void };
