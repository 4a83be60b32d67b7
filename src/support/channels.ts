/** How long something took, on the wall clock. */
export interface Timed {
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** Requests sent: for tokens, to vaults, and of the latter those that were answered 401. */
export interface RequestCounts {
  readonly token: number;
  readonly vault: number;
  readonly unauthorized: number;
}

/** A start that came to an end, whatever end. */
export interface StartMessage extends Timed {
  readonly status: 'ready' | 'degraded' | 'failed';
  readonly settings: number;
  readonly requests: RequestCounts;
  /** Of the first setting that failed. */
  readonly code?: string;
}

/** A refresh: names and versions, never values. */
export interface RefreshMessage extends Timed {
  readonly generation: number;
  readonly changed: readonly { readonly setting: string }[];
  readonly failed: readonly string[];
}

/** A change that was applied. */
export interface RotatedMessage {
  readonly generation: number;
  readonly changed: readonly { readonly setting: string }[];
}

/** A token that was asked for, tries included; never the token. */
export interface TokenMessage extends Timed {
  readonly source: string;
  readonly resource: string;
  /** Why there is none. */
  readonly code?: string;
}

/** What is published, by the channel's name without `vaultstrap:`. */
export interface Messages {
  readonly start: StartMessage;
  readonly refresh: RefreshMessage;
  readonly rotated: RotatedMessage;
  readonly token: TokenMessage;
}

export const CHANNELS = ['start', 'refresh', 'rotated', 'token'] as const satisfies readonly (keyof Messages)[];

/** Publishes on `diagnostics_channel` `vaultstrap:{name}`. What a subscriber throws becomes an uncaught exception: Node's rule. */
export function publish<N extends keyof Messages>(name: N, message: Messages[N]): void {
  process.getBuiltinModule('node:diagnostics_channel').channel(`vaultstrap:${name}`).publish(message);
}
