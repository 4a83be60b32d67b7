import type { ComposedSetting } from '../../rotation/compose.js';
import type { Plan, SecretRead } from '../../settings/plan.js';
import { textOfFailure } from '../../support/errors.js';
import type { Failure, Result } from '../../support/failure.js';
import { printIdentity } from '../../support/identity-selector.js';
import { isVaultHost } from '../../support/vault-names.js';
import type { ReadResults } from '../../vault/client.js';
import type { SecretValue } from '../../vault/reader.js';
import { bad, type Finding, good, unknown, warning } from './finding.js';
import { grantCommand, policyCommand } from './grant.js';
import type { Principal } from './token.js';

/** What is known from the steps before. */
export interface ReadContext {
  readonly plan: Plan;
  readonly results: ReadResults;
  readonly composed: readonly ComposedSetting[];
  readonly principalOf: (read: SecretRead) => Principal | undefined;
  /** Hosts to which there is no way: said already. */
  readonly unreachable: ReadonlySet<string>;
  readonly nowMs: number;
}

/** One finding per secret, and one per setting whose value cannot be made of them. */
export function examineReads(context: ReadContext): readonly Finding[] {
  const { plan, results, composed } = context;
  const ofSecrets = [...plan.reads.values()].map((read) => examineRead(read, results.get(read.key), context));
  const ofValues = composed.flatMap(({ planned, outcome }): Finding[] => {
    const isOwn = outcome.kind === 'failed' && !planned.failure && planned.reads.every((key) => results.get(key)?.ok);
    // A template fails with what it mentions, which is told itself.
    if (!isOwn || outcome.failure.code === 'ERR_TEMPLATE_MEMBER') return [];
    const { failure } = outcome;
    const more = { about: planned.setting, facts: { code: failure.code } };
    return [bad('secrets', textOfFailure(failure), failure.hint, more)];
  });
  return [...ofSecrets, ...ofValues];
}

function examineRead(read: SecretRead, result: Result<SecretValue> | undefined, context: ReadContext): Finding {
  const users = context.plan.settings.filter(({ reads }) => reads.includes(read.key));
  const settings = users.map(({ setting }) => setting);
  const about = `${read.vault}/${read.secret}`;
  const identity = printIdentity(read.identity);
  const facts = { settings, identity };
  if (!result) return unknown('secrets', 'was not read.', { about, facts });
  if (result.ok) {
    const { version, expiresOnMs = Number.POSITIVE_INFINITY } = result.value;
    const more = { about, facts: { ...facts, version } };
    const text = `read, version ${version}; for ${settings.join(', ')}`;
    return expiresOnMs <= context.nowMs
      ? warning('secrets', `${text}; its expiry date is past`, RENEW(read), more)
      : good('secrets', text, more);
  }
  const { failure } = result;
  const more = { about, facts: { ...facts, code: failure.code } };
  if (failure.absent && read.mayBeAbsent) {
    return good('secrets', 'does not exist, and has a Default or is Optional', more);
  }
  if (/^ERR_(IDENTITY|SDK)_/.test(failure.code)) return unknown('secrets', 'not read: there is no token for it.', more);
  if (context.unreachable.has(read.host)) return unknown('secrets', 'not read: there is no way to its vault.', more);
  const text = textOfFailure(failure);
  const remedy = remedyFor(failure, read, context);
  // Resolved by an identity that is invisible here: the value is there, and stays as it is.
  return users.every(({ origin }) => origin === 'platform')
    ? warning(
        'secrets',
        `${text} The platform has resolved it, but it will not rotate.`,
        `${remedy} Or name the identity that the platform uses in VAULTSTRAP_IDENTITY.`,
        more,
      )
    : bad('secrets', text, remedy, more);
}

function remedyFor(failure: Failure, read: SecretRead, { principalOf }: ReadContext): string {
  if (!isVaultHost(read.host)) return failure.hint;
  if (failure.code === 'ERR_VAULT_RBAC') return grantCommand(read, principalOf(read));
  if (failure.code === 'ERR_VAULT_POLICY') return policyCommand(read, principalOf(read));
  return failure.hint;
}

const RENEW = ({ host, vault, secret }: SecretRead) =>
  `Key Vault serves it all the same. Set a new version${isVaultHost(host) ? `: npx vaultstrap set ${vault} ${secret}` : '.'}`;

/** How far this machine's clock is from a vault's, which states seconds. */
export function examineClock(results: ReadResults, nowMs: number): readonly Finding[] {
  const skews = [...results.values()].flatMap((result) =>
    result.ok && result.value.repliedAtMs !== undefined ? [nowMs - result.value.repliedAtMs] : [],
  );
  // The latest reply is the one that the present is closest to.
  const skewMs = skews.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0];
  if (skewMs === undefined) {
    return results.size > 0 ? [unknown('clock', 'no vault has told its time with a secret.')] : [];
  }
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const facts = { skewSeconds: Math.round(skewMs / 1000) };
  if (seconds < 30) return [good('clock', "right, by a vault's", { facts })];
  const text = `${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the vault's`;
  const remedy =
    "Synchronise this machine's clock (timedatectl set-ntp true, w32tm /resync): tokens seem to end at other times.";
  return [seconds < 300 ? warning('clock', text, remedy, { facts }) : bad('clock', text, remedy, { facts })];
}
