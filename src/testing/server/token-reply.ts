// What the identity protocols have in common: how an identity is named, and how
// a token is handed over.
import { timingSafeEqual } from 'node:crypto';
import type { TokenSettings } from '../protocol.js';
import type { RequestRecord } from '../types.js';
import { type ServerClock, toSeconds } from './clock.js';
import { type Incoming, jsonReply, type Reply } from './exchange.js';
import { expiryMembers } from './expiry.js';
import type { IdentityStore, Selector } from './identities.js';
import type { Token, TokenStore } from './tokens.js';

export interface IdentityServiceState {
  readonly identities: IdentityStore;
  readonly tokens: TokenStore;
  readonly clock: ServerClock;
  readonly msiEndpointGetOnly: boolean;
  readonly tenantId: string;
  /** What a pod proves itself with. */
  readonly federatedToken: string;
  /** Where who asks an Arc agent finds its key. */
  readonly arcKeyFile: string;
  identityHeader: string;
}

/** Answers, and completes the record of the request in the log. */
export type Protocol = (state: IdentityServiceState, request: Incoming, note: Partial<RequestRecord>) => Reply;

/** Whether a header is the one expected. */
export function sameText(given: string | undefined, expected: string): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** How one protocol spells the names of an identity. */
export interface SelectorNames {
  readonly clientId: string;
  readonly objectId?: readonly string[];
  readonly resourceId?: string;
}

/** A name that a protocol does not know is ignored, as its host ignores it. */
export function readSelector(
  parameters: URLSearchParams,
  names: SelectorNames,
): { readonly selector: Selector; readonly given: number } {
  const first = (keys: readonly string[]): string | undefined =>
    keys.map((key) => parameters.get(key)).find((value) => value) ?? undefined;
  const selector = {
    clientId: first([names.clientId]),
    objectId: first(names.objectId ?? []),
    resourceId: first(names.resourceId === undefined ? [] : [names.resourceId]),
  };
  return { selector, given: Object.values(selector).filter((value) => value !== undefined).length };
}

/** What a protocol says in its own way, unless the test wants another form of expiry. */
export interface TokenReplyStyle {
  readonly form: 'epoch-string' | 'epoch-number' | 'date';
  /** Also state the life in seconds, as text. */
  readonly withLife: boolean;
  readonly members: Readonly<Record<string, string>>;
}

export function tokenReply(
  { clock, tokens }: { clock: ServerClock; tokens: { settings: TokenSettings } },
  token: Token,
  style: TokenReplyStyle,
): Reply {
  const { expiryForm } = tokens.settings;
  const lifeSeconds = token.expiresAtSeconds - toSeconds(clock.nowMs());
  const asUsual = expiryForm === 'protocol';
  return jsonReply(200, {
    access_token: token.text,
    ...(asUsual && style.withLife ? { expires_in: String(lifeSeconds) } : {}),
    ...expiryMembers(asUsual ? style.form : expiryForm, token.expiresAtSeconds, lifeSeconds),
    resource: token.resource,
    token_type: 'Bearer',
    ...style.members,
  });
}
