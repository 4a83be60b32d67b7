import type { Plan, PlannedSetting } from '../settings/plan.js';
import type { Config } from '../support/config.js';
import { type Failure, fail } from '../support/failure.js';
import { changeOf, textOf } from './changes.js';
import type { ComposedSetting, composeSettings, Lookup } from './compose.js';
import { groupsOf } from './groups.js';
import { type HeldSecrets, isRevoked } from './held.js';
import type { RotatedSetting } from './types.js';

/** A setting after a read: as it stands now, why it could not be had newer, and what is different. */
export interface Recomposed {
  readonly now: ComposedSetting;
  /** It is what it was before: nothing newer could be made. */
  readonly stays?: true;
  readonly failure?: Failure;
  readonly change?: RotatedSetting;
}

/**
 * Composes all settings from what is held. Pure. What cannot be put together any more keeps what it has, or loses
 * it when its secret was refused twice and `onRevoked` says so; templates lose theirs with it.
 */
export function recompose(
  plan: Plan,
  held: HeldSecrets,
  before: readonly ComposedSetting[],
  onRevoked: Config['onRevoked'],
  compose: typeof composeSettings,
): readonly Recomposed[] {
  const revoked = new Map<string, Failure>();
  function revocationOf({ planned, outcome }: ComposedSetting): Failure | undefined {
    if (onRevoked !== 'unset') return undefined;
    // A secret that never was is no revoked one: a default, an optional one, what only the platform may read.
    const had = outcome.kind === 'failed';
    const read = planned.reads
      .map((key) => held.get(key))
      .find((secret) => secret && isRevoked(secret) && (secret.good || had));
    return read?.failure ?? planned.mentions.map((name) => revoked.get(name)).find((failure) => failure !== undefined);
  }

  const known = new Map(before.map((setting) => [setting.planned.setting, setting]));
  // A default, or nothing, stands for what was not there at the start. What a parent or the platform had read was.
  const wasThere = plan.settings.filter(({ origin, currentVersion }) => origin === 'platform' || currentVersion);
  const mayNotGo = new Set(wasThere.flatMap(({ reads }) => reads));
  const gone = new Map<Failure, Failure>();
  const lookup: Lookup = (key) => {
    const { good, failure } = held.get(key) ?? {};
    if (good) return { ok: true, value: good };
    if (!failure?.absent || !mayNotGo.has(key)) return failure && fail(failure);
    const { absent: _unanswered, ...refusal } = failure;
    gone.set(refusal, failure);
    return fail(refusal);
  };
  const latest = compose(plan, lookup);
  const unusable = unusableReads(plan, latest, held, known);
  const heldBack = new Map<string, Failure>();
  return latest.map((setting) => {
    const { planned } = setting;
    const previous = known.get(planned.setting) ?? setting;
    const revocation = revocationOf(setting);
    if (revocation) revoked.set(planned.setting, revocation);
    const waitsFor = [
      ...planned.reads.map((key) => unusable.get(key)),
      ...planned.mentions.map((name) => heldBack.get(name)),
    ].find((failure) => failure !== undefined);
    const waits =
      waitsFor !== undefined &&
      hasValue(setting) &&
      hasValue(previous) &&
      changeOf(previous, setting, plan.reads) !== undefined;
    if (waits) heldBack.set(planned.setting, waitsFor);
    const now = standing(waits ? previous : setting, previous, revocation);
    const failure = failureOf(setting, held) ?? revocation ?? (waits ? waitsFor : undefined);
    const change = changeOf(previous, now, plan.reads);
    return {
      now,
      ...(now !== setting && { stays: true as const }),
      ...(failure && { failure: gone.get(failure) ?? failure }),
      ...(change && { change }),
    };
  });
}

/**
 * Secrets that were read and cannot be made into a setting that has a value, and those of their groups: all settings of
 * these keep theirs, a user's name too when the password beside it, or in the next secret, is missing.
 */
function unusableReads(
  plan: Plan,
  latest: readonly ComposedSetting[],
  held: HeldSecrets,
  known: ReadonlyMap<string, ComposedSetting>,
): ReadonlyMap<string, Failure> {
  const unusable = new Map<string, Failure>();
  for (const { planned, outcome } of latest) {
    const previous = known.get(planned.setting);
    if (outcome.kind !== 'failed' || outcome.failure.code === 'ERR_TEMPLATE_MEMBER') continue;
    const { code } = outcome.failure;
    const isThere = (key: string) => {
      const { good, failure } = held.get(key) ?? {};
      // Or a default stands for it.
      return good !== undefined || (failure?.absent === true && failure.code !== code);
    };
    if (!previous || !hasValue(previous) || !planned.reads.every(isThere)) continue;
    for (const key of planned.reads) unusable.set(key, outcome.failure);
  }
  if (unusable.size === 0) return unusable;
  for (const group of groupsOf(plan)) {
    const failure = group.map((key) => unusable.get(key)).find((one) => one !== undefined);
    if (failure) for (const key of group) unusable.set(key, unusable.get(key) ?? failure);
  }
  return unusable;
}

function hasValue(setting: ComposedSetting): boolean {
  return textOf(setting) !== undefined;
}

function standing(
  latest: ComposedSetting,
  previous: ComposedSetting,
  revocation: Failure | undefined,
): ComposedSetting {
  if (revocation && previous.outcome.kind !== 'failed')
    return { ...previous, outcome: { kind: 'unset', because: revocation } };
  const { kind } = latest.outcome;
  return kind === 'value' || kind === 'unset' ? latest : previous;
}

function failureOf({ planned, outcome }: ComposedSetting, held: HeldSecrets): Failure | undefined {
  if (outcome.kind === 'failed') return outcome.failure;
  if (outcome.kind === 'current') return outcome.because;
  return failureOfReads(planned, held);
}

/** Why a setting that has a value may not have the newest. */
export function failureOfReads({ reads }: PlannedSetting, held: HeldSecrets): Failure | undefined {
  for (const key of reads) {
    const { good, failure } = held.get(key) ?? {};
    // A default or an unset optional answers the absence, as it did at start.
    if (failure && (good || !failure.absent)) return failure;
  }
  return;
}

/**
 * When the youngest of a setting's secrets was read, of those too that it mentions (`known`: the settings before it);
 * `undefined` when none was.
 */
export function resolvedAtOf(
  { reads, mentions }: PlannedSetting,
  held: HeldSecrets,
  known: ReadonlyMap<string, { readonly resolvedAtMs?: number }>,
): number | undefined {
  let latest = Number.NEGATIVE_INFINITY;
  for (const key of reads) latest = Math.max(latest, held.get(key)?.resolvedAtMs ?? latest);
  for (const name of mentions) latest = Math.max(latest, known.get(name)?.resolvedAtMs ?? latest);
  return latest > Number.NEGATIVE_INFINITY ? latest : undefined;
}
