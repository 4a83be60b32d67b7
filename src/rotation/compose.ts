import type { Plan, PlannedSetting } from '../settings/plan.js';
import { isInFile } from '../settings/scan.js';
import { expandTemplate, type TemplatePart } from '../settings/template.js';
import { type Failure, fail, mistake, type Result, succeed } from '../support/failure.js';
import { Secret } from '../support/secret.js';
import type { SecretValue } from '../vault/reader.js';
import { NO_FILES, type PathOf, type SecretFile } from './secret-file.js';
import { checkValue, referenceText } from './value.js';

/** What becomes of one setting. */
export type SettingOutcome =
  | {
      readonly kind: 'value';
      readonly value: Secret;
      /** What has to stand in files before the value does, which mentions their paths. */
      readonly files?: readonly SecretFile[];
      readonly usedDefault?: true;
      readonly because?: Failure;
    }
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
export function composeSettings(plan: Plan, lookup: Lookup, pathOf: PathOf = NO_FILES): readonly ComposedSetting[] {
  const done = new Map<string, ComposedSetting>();
  const sources = { lookup, pathOf };
  return plan.settings.map((planned) => {
    const composed = composeOne(planned, plan, sources, done);
    for (const name of planned.names) done.set(name, composed);
    // A protected setting has no name to write, and may be mentioned all the same.
    done.set(planned.setting, composed);
    return composed;
  });
}

interface Sources {
  readonly lookup: Lookup;
  readonly pathOf: PathOf;
}

/** The files that composed settings need. */
export function filesOf(composed: readonly ComposedSetting[]): readonly SecretFile[] {
  return composed.flatMap(({ outcome }) => (outcome.kind === 'value' && outcome.files) || []);
}

function composeOne(
  planned: PlannedSetting,
  plan: Plan,
  sources: Sources,
  done: ReadonlyMap<string, ComposedSetting>,
): ComposedSetting {
  if (planned.failure) return { planned, outcome: { kind: 'failed', failure: planned.failure }, secrets: [] };

  const asked = planned.reads.map(sources.lookup);
  const stays = !planned.readAtStart && asked.every((result) => result === undefined) && !anyChanged(planned, done);
  if (stays) return { planned, outcome: { kind: 'current', value: planned.current }, secrets: [] };

  const secrets: SecretValue[] = [];
  for (const result of asked) if (result?.ok) secrets.push(result.value);
  const outcome = composeValue(planned, plan, sources, done);
  return { planned, outcome: orCurrent(planned, outcome), secrets };
}

/** A template whose members got new values is put together again, though nothing of its own was read. */
function anyChanged(planned: PlannedSetting, done: ReadonlyMap<string, ComposedSetting>): boolean {
  return planned.isTemplate && planned.mentions.some((name) => done.get(name)?.outcome.kind === 'value');
}

/**
 * An inherited value outlives a failure that may pass; a fact (gone, forbidden) is not papered over. What the platform
 * resolved with an identity of its own choice outlives any failure of ours. The path of a parent's file is no value.
 */
function orCurrent(planned: PlannedSetting, outcome: SettingOutcome): SettingOutcome {
  if (outcome.kind !== 'failed') return outcome;
  const inherits = planned.origin === 'inherited' && !planned.segments.some(isInFile);
  const keeps = planned.origin === 'platform' || (inherits && outcome.failure.retry !== 'never');
  return keeps ? { kind: 'current', value: planned.current, because: outcome.failure } : outcome;
}

function composeValue(
  planned: PlannedSetting,
  plan: Plan,
  { lookup, pathOf }: Sources,
  done: ReadonlyMap<string, ComposedSetting>,
): SettingOutcome {
  const parts: TemplatePart[] = [];
  const files: SecretFile[] = [];
  let reads = 0;
  let absent: Failure | undefined;
  for (const segment of planned.segments) {
    if (typeof segment === 'string') {
      parts.push(segment);
      continue;
    }
    const place = reads++;
    const result = lookup(planned.reads[place] ?? '') ?? fail(NOT_READ);
    let text: Result<string>;
    if (result.ok) {
      text = referenceText(result.value.value.reveal(), segment);
    } else {
      if (!result.failure.absent) return { kind: 'failed', failure: result.failure };
      if (segment.optional) return { kind: 'unset', because: result.failure };
      if (segment.default === undefined) return { kind: 'failed', failure: result.failure };
      absent = result.failure;
      text = succeed(segment.default);
    }
    if (!text.ok) return { kind: 'failed', failure: text.failure };
    if (!segment.file) {
      parts.push({ value: text.value });
      continue;
    }
    const path = pathOf({ setting: planned.setting, place, extension: segment.format ? `.${segment.format}` : '' });
    if (!path.ok) return { kind: 'failed', failure: path.failure };
    files.push({ path: path.value, content: new Secret(text.value) });
    parts.push({ value: path.value });
  }

  const text = planned.isTemplate
    ? expand(parts, plan, done, files)
    : succeed(parts.map((part) => (typeof part === 'string' ? part : part.value)).join(''));
  if (!text.ok) return { kind: 'failed', failure: text.failure };
  const failure = checkValue(text.value);
  if (failure) return { kind: 'failed', failure };
  return {
    kind: 'value',
    value: new Secret(text.value),
    ...(files.length > 0 && { files }),
    ...(absent && { usedDefault: true, because: absent }),
  };
}

function expand(
  parts: readonly TemplatePart[],
  plan: Plan,
  done: ReadonlyMap<string, ComposedSetting>,
  /** Gets those of the members that the text mentions: it changes with them. */
  files: SecretFile[],
): Result<string> {
  let failed: { setting: string; failure: Failure } | undefined;
  const text = expandTemplate(parts, (name) => {
    const member = done.get(name);
    if (!member) return Object.hasOwn(plan.env, name) ? plan.env[name] : undefined;
    const { outcome } = member;
    switch (outcome.kind) {
      case 'value':
        files.push(...(outcome.files ?? []));
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

const NOT_READ = mistake('the secret was not read.');
