// The identities assigned to the emulated host, and what each may do.
import type { GrantRule, IdentitySettings } from '../protocol.js';
import type { SecretAction } from '../types.js';

export interface Identity extends Omit<IdentitySettings, 'rules'> {
  rules: readonly GrantRule[];
}

/** Which identity a token request asked for; no member: the system-assigned one. */
export interface Selector {
  readonly clientId?: string | undefined;
  readonly objectId?: string | undefined;
  readonly resourceId?: string | undefined;
}

export interface IdentityStore {
  readonly system: Identity | undefined;
  readonly userAssigned: readonly Identity[];
  /** A user-assigned identity; the three ways to name one are not interchangeable. */
  select(selector: Selector): Identity | undefined;
  byClientId(clientId: string): Identity | undefined;
  reset(): void;
}

const same = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

export function createIdentityStore(settings: readonly IdentitySettings[]): IdentityStore {
  const all: Identity[] = settings.map((one) => ({ ...one }));
  const userAssigned = all.filter((one) => one.kind === 'user-assigned');
  return {
    system: all.find((one) => one.kind === 'system'),
    userAssigned,
    select: ({ clientId, objectId, resourceId }) =>
      userAssigned.find(
        (one) =>
          (clientId !== undefined && same(one.clientId, clientId)) ||
          (objectId !== undefined && same(one.objectId, objectId)) ||
          (resourceId !== undefined && same(one.resourceId, resourceId)),
      ),
    byClientId: (clientId) => all.find((one) => same(one.clientId, clientId)),
    reset: () => {
      for (const [index, one] of all.entries()) one.rules = settings[index]?.rules ?? [];
    },
  };
}

/** How the log and messages call an identity. */
export const identityLabel = (identity: Identity): string =>
  identity.kind === 'system' ? 'system' : identity.clientId;

/** The last rule that speaks about this decides; without one the answer is no. */
export function mayAct(
  rules: readonly GrantRule[],
  action: SecretAction,
  vault: string,
  secret: string | undefined,
): boolean {
  const rule = rules.findLast(
    (one) =>
      (one.vault === '*' || one.vault === vault) &&
      (one.secret === undefined || one.secret === secret) &&
      one.actions.includes(action),
  );
  return rule?.allow ?? false;
}
