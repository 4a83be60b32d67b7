import type { Plan, PlannedSetting } from '../settings/plan.js';
import { expandTemplate, type TemplatePart } from '../settings/template.js';
import { type Failure, fail, type Result, succeed } from '../support/failure.js';
import { Secret } from '../support/secret.js';
import type { SecretValue } from '../vault/reader.js';
import { checkValue, referenceText } from './value.js';

/** What becomes of one setting. */
export type SettingOutcome =
  | { readonly kind: 'value'; readonly value: Secret; readonly usedDefault?: true; readonly because?: Failure }
  /** An optional secret that does not exist. */
  | { readonly kind: 'unset'; readonly because: Failure }
  /** The value that the environment already holds is good enough, or the best there is (`because`). */
  | { readonly kind: 'current'; readonly value: string | undefined; readonly because?: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface ComposedSetting {
  readonly planned: PlannedSetting;
  readonly outcome: SettingOutcome;
  /** The secrets behind it, for versions and expiry. */
  readonly secrets: readonly SecretValue[];
}

/** What a read gave; `undefined` when it was not asked for. */
export type Lookup = (readKey: string) => Result<SecretValue> | undefined;

/**
 * Puts the values together, in the plan's order: a template comes behind what it mentions.
 * Pure; everything that can be wrong with a value ends as that setting's failure.
 */
export function composeSettings(plan: Plan, lookup: Lookup): readonly ComposedSetting[] {
  const done = new Map<string, ComposedSetting>();
  for (const planned of plan.settings) {
    const composed = composeOne(planned, plan, lookup, done);
    for (const name of planned.names) done.set(name, composed);
    // A protected setting has no name to write, and is reported all the same.
    done.set(planned.setting, composed);
  }
  return [...new Set(done.values())];
}

function composeOne(
  planned: PlannedSetting,
  plan: Plan,
  lookup: Lookup,
  done: ReadonlyMap<string, ComposedSetting>,
): ComposedSetting {
  const give = (outcome: SettingOutcome, secrets: readonly SecretValue[] = []) => ({ planned, outcome, secrets });
  if (planned.failure) return give({ kind: 'failed', failure: planned.failure });

  const asked = planned.reads.map((key) => lookup(key));
  const stays = !planned.readAtStart && asked.every((result) => result === undefined) && !anyChanged(planned, done);
  if (stays) return give({ kind: 'current', value: planned.current });

  const secrets = asked.flatMap((result) => (result?.ok ? [result.value] : []));
  const outcome = composeValue(planned, plan, lookup, done);
  return give(orCurrent(planned, outcome), secrets);
}

/** A template whose members got new values is put together again, though nothing of its own was read. */
function anyChanged(planned: PlannedSetting, done: ReadonlyMap<string, ComposedSetting>): boolean {
  return planned.isTemplate && planned.mentions.some((name) => done.get(name)?.outcome.kind === 'value');
}

/**
 * An inherited value outlives a failure that may pass; a fact (gone, forbidden) is not papered over. What the platform
 * resolved with an identity of its own choice outlives any failure of ours.
 */
function orCurrent(planned: PlannedSetting, outcome: SettingOutcome): SettingOutcome {
  if (outcome.kind !== 'failed') return outcome;
  const keeps = planned.origin === 'platform' || (planned.origin === 'inherited' && outcome.failure.retry !== 'never');
  return keeps ? { kind: 'current', value: planned.current, because: outcome.failure } : outcome;
}

function composeValue(
  planned: PlannedSetting,
  plan: Plan,
  lookup: Lookup,
  done: ReadonlyMap<string, ComposedSetting>,
): SettingOutcome {
  const parts: TemplatePart[] = [];
  let reads = 0;
  let absent: Failure | undefined;
  for (const segment of planned.segments) {
    if (typeof segment === 'string') {
      parts.push(segment);
      continue;
    }
    const result = lookup(planned.reads[reads++] ?? '') ?? fail(NOT_READ);
    if (!result.ok) {
      if (!result.failure.absent) return { kind: 'failed', failure: result.failure };
      if (segment.optional) return { kind: 'unset', because: result.failure };
      if (segment.default === undefined) return { kind: 'failed', failure: result.failure };
      absent = result.failure;
      parts.push({ value: segment.default });
      continue;
    }
    const text = referenceText(result.value.value.reveal(), segment);
    if (!text.ok) return { kind: 'failed', failure: text.failure };
    parts.push({ value: text.value });
  }

  const text = planned.isTemplate
    ? expand(parts, plan, done)
    : succeed(parts.map((part) => (typeof part === 'string' ? part : part.value)).join(''));
  if (!text.ok) return { kind: 'failed', failure: text.failure };
  const failure = checkValue(text.value);
  if (failure) return { kind: 'failed', failure };
  return {
    kind: 'value',
    value: new Secret(text.value),
    ...(absent && { usedDefault: true, because: absent }),
  };
}

function expand(
  parts: readonly TemplatePart[],
  plan: Plan,
  done: ReadonlyMap<string, ComposedSetting>,
): Result<string> {
  let failed: { setting: string; failure: Failure } | undefined;
  const text = expandTemplate(parts, (name) => {
    const member = done.get(name);
    if (!member) return Object.hasOwn(plan.env, name) ? plan.env[name] : undefined;
    const { outcome } = member;
    switch (outcome.kind) {
      case 'value':
        return outcome.value.reveal();
      case 'current':
        return outcome.value;
      case 'unset':
        return undefined;
      case 'failed':
        failed ??= { setting: member.planned.setting, failure: outcome.failure };
        return undefined;
    }
  });
  return failed ? fail(memberFailure(failed.setting, failed.failure)) : succeed(text);
}

function memberFailure(setting: string, { status, retry }: Failure): Failure {
  return {
    status,
    code: 'ERR_TEMPLATE_MEMBER',
    details: `it mentions ${setting}, which failed.`,
    hint: `Mend ${setting}.`,
    retry,
  };
}

const NOT_READ: Failure = {
  status: 'OtherReasons',
  code: 'ERR_INTERNAL',
  details: 'the secret was not read.',
  hint: 'This is a mistake in vaultstrap; please report it.',
  retry: 'never',
};
