import type { ComposedSetting } from '../rotation/compose.js';
import type { SettingNote } from '../rotation/standing.js';
import type { PlannedSetting, SecretRead } from '../settings/plan.js';
import { failsStart, isInFile, isReference } from '../settings/scan.js';
import { LAST_DATE_MS } from '../support/clock.js';
import type { Failure, Status } from '../support/failure.js';
import type { SettingReport } from './types.js';

/** Reports one setting as it stands. */
export function settingReport(
  { planned, outcome, secrets }: ComposedSetting,
  note: SettingNote,
  reads: ReadonlyMap<string, SecretRead>,
  nowMs: number,
): SettingReport {
  const read = reads.get(planned.reads[0] ?? '');
  const failure = note.failure ?? failureIn(outcome);
  const hasValue = outcome.kind === 'value' || (outcome.kind === 'current' && outcome.value !== undefined);
  const inheritsDefault = isAbsentDefault(planned, outcome);
  const kept = failure !== undefined && hasValue && !(outcome.kind === 'value' && outcome.usedDefault && !note.failure);
  const resolvedAtMs = note.resolvedAtMs ?? planned.currentSinceMs;
  const expiresOnMs = Math.min(...secrets.map((s) => s.expiresOnMs ?? Number.POSITIVE_INFINITY));
  const notBeforeMs = Math.max(...secrets.map((s) => s.notBeforeMs ?? Number.NEGATIVE_INFINITY));
  const revoked = outcome.kind === 'unset' && note.failure !== undefined;
  const version = secrets[0]?.version ?? planned.currentVersion;
  return {
    setting: planned.setting,
    status: statusOf(planned, outcome, failure, inheritsDefault),
    ...(failure && { code: failure.code }),
    ...(read && { vault: read.vault, secret: read.secret }),
    ...(version && { version }),
    pinned: planned.reads.length > 0 && planned.reads.every((key) => reads.get(key)?.version !== undefined),
    origin: planned.isTemplate && planned.reads.length === 0 ? 'template' : planned.origin,
    ...(resolvedAtMs !== undefined && {
      resolvedAt: new Date(resolvedAtMs).toISOString(),
      ageSeconds: Math.max(0, Math.round((nowMs - resolvedAtMs) / 1000)),
    }),
    // A date that JavaScript does not know is no reason to fail.
    ...(Math.abs(expiresOnMs) <= LAST_DATE_MS && { expiresOn: new Date(expiresOnMs).toISOString() }),
    ...(notBeforeMs > nowMs && notBeforeMs <= LAST_DATE_MS && { notBefore: new Date(notBeforeMs).toISOString() }),
    ...(kept && { kept: true as const }),
    ...((inheritsDefault || (outcome.kind === 'value' && outcome.usedDefault)) && { usedDefault: true as const }),
    ...(planned.segments.some(isInFile) && { file: true as const }),
    // A protected setting is never written, and keeps what it has.
    ...(!hasValue && !note.keepsRaw && planned.names.length > 0 && { unset: true as const }),
    ...(isOptional(planned) && { optional: true as const }),
    ...(note.overridden && { overridden: true as const }),
    ...(failure &&
      (kept || revoked) &&
      failsStart(planned, failure) &&
      // The platform resolves it again, with an identity of its own choice.
      planned.origin !== 'platform' && { wouldFailAtStart: true as const }),
    ...(failure && { details: failure.details, hint: failure.hint }),
  };
}

function isOptional({ segments }: PlannedSetting): boolean {
  return segments.some((segment) => isReference(segment) && segment.optional === true);
}

/** Whether a parent has taken the default: its record names no version, which every secret has. */
function isAbsentDefault(planned: PlannedSetting, outcome: ComposedSetting['outcome']): boolean {
  const { origin, segments, currentVersion } = planned;
  const [only] = segments;
  const hasDefault = segments.length === 1 && typeof only === 'object' && only.default !== undefined;
  return origin === 'inherited' && outcome.kind === 'current' && hasDefault && currentVersion === undefined;
}

function failureIn(outcome: ComposedSetting['outcome']): Failure | undefined {
  return outcome.kind === 'failed' ? outcome.failure : outcome.because;
}

/** What the platform resolved and we cannot read again is in order: the platform's word for it is `Initialized`. */
function statusOf(
  planned: PlannedSetting,
  outcome: ComposedSetting['outcome'],
  failure: Failure | undefined,
  inheritsDefault: boolean,
): Status {
  // A parent has found nothing there, a moment ago.
  const isUnset = outcome.kind === 'current' && outcome.value === undefined && isOptional(planned);
  if (!failure) return isUnset || inheritsDefault ? 'SecretNotFound' : 'Resolved';
  return planned.origin === 'platform' && outcome.kind === 'current' ? 'Initialized' : failure.status;
}

/** How a start that succeeded stands as a whole. */
export function statusOfAll(
  composed: readonly ComposedSetting[],
  noteOf: (setting: string) => SettingNote,
): 'ready' | 'degraded' {
  return composed.some((setting) => isDegraded(setting, noteOf(setting.planned.setting))) ? 'degraded' : 'ready';
}

/** Whether a setting works with less than it should: failed, or living on an older value. */
function isDegraded({ planned, outcome }: ComposedSetting, note: SettingNote): boolean {
  if (planned.origin === 'platform' && outcome.kind === 'current') return false;
  return (
    outcome.kind === 'failed' ||
    note.failure !== undefined ||
    (outcome.kind === 'current' && outcome.because !== undefined)
  );
}
