import { type Environment, liveEnvironment, readEnvironment } from '../settings/environment.js';
import type { Plan, PlannedSetting } from '../settings/plan.js';
import type { ProvenanceInput } from '../settings/provenance.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { type Failure, type Result, succeed } from '../support/failure.js';
import type { Log } from '../support/log.js';
import { type Moment, momentOf } from '../support/moment.js';
import type { ReadResults, VaultClient } from '../vault/client.js';
import type { SecretValue } from '../vault/reader.js';
import { textOf } from './changes.js';
import type { ComposedSetting } from './compose.js';
import { createExpiryWatch } from './expiry.js';
import { type HeldSecrets, holdFirst, isRevoked } from './held.js';
import { createLedger, type Ledger } from './ledger.js';
import { failureOfReads, resolvedAtOf } from './recompose.js';
import { createRecord } from './record.js';

/** What is being kept fresh. */
export interface RotationInput {
  readonly plan: Plan;
  readonly config: Config;
  readonly client: Pick<VaultClient, 'readAll' | 'rest'>;
  /** When its start did. */
  readonly began: Moment;
}

/** What is known of a setting beyond its composition. */
export interface SettingNote {
  /** Why the newest value could not be had; the one in use is kept. */
  readonly failure?: Failure | undefined;
  readonly overridden?: true;
  /** It failed, and its raw text was left in place (`onError: 'keep'`). */
  readonly keepsRaw?: true;
  readonly resolvedAtMs?: number;
}

/** How things stand in this process: what is held, what it was made into, and what of that is in the environment. */
export interface Standing {
  /** Of the latest start that succeeded, or of what a later one gave before it failed. */
  input: RotationInput | undefined;
  composed: readonly ComposedSetting[];
  held: HeldSecrets;
  generation: number;
  /** When the last complete read began. */
  lastRead: Moment | undefined;
  readonly notes: Map<string, SettingNote>;
  readonly ledger: Pick<Ledger, 'written' | 'hasWritten'>;
  /** First values: applied at once. */
  begin(input: RotationInput, composed: readonly ComposedSetting[], results: ReadResults, succeeded: boolean): void;
  /** The environment for a start to plan with: with references again where this process holds what they refer to. */
  environmentToPlan(): Environment;
  /** The secrets that are in hand and kept fresh. */
  known(): Map<string, Result<SecretValue>>;
  /** Takes the raw references out of the environment until their values are there. */
  takeOut(plan: Plan): void;
  /** When the youngest of a setting's secrets was read. */
  resolvedAtOf(planned: PlannedSetting): number | undefined;
  /**
   * Writes what has been composed and its record, in one synchronous step. Returns the names that somebody else has
   * written over.
   */
  apply(): ReadonlySet<string>;
  warnOfExpiry(plan: Plan): void;
  /** Writes again what was wiped as a whole. Synchronous; one look at the environment when all is well. */
  repair(): void;
  /** The same where somebody has put the raw references back, or an older value of ours; the record only if it is gone. */
  rewrite(): void;
  /** Puts the environment back as it was, and forgets everything. */
  reset(): void;
}

export function createStanding(clock: Clock, log: () => Log): Standing {
  const ledger = createLedger();
  const notes = new Map<string, SettingNote>();
  const record = createRecord();
  let expiry = createExpiryWatch();

  const standing: Standing = {
    input: undefined,
    composed: [],
    held: new Map(),
    generation: 0,
    lastRead: undefined,
    notes,
    ledger,
    resolvedAtOf: (planned) => resolvedAtOf(planned, standing.held, notes),

    begin(input, composed, results, succeeded) {
      if (succeeded) standing.input = input;
      else if (standing.input) standing.input = withoutFailed(input, composed);
      standing.composed = composed;
      standing.held = holdFirst(results, momentOf(clock), standing.held);
      notes.clear();
      composed.forEach(({ planned, outcome }) => {
        ledger.note(planned.names, input.plan.env);
        if (outcome.kind === 'value') {
          notes.set(planned.setting, {
            resolvedAtMs: standing.resolvedAtOf(planned) ?? clock.now(),
            // Of what is held, and not read anew, the latest read may have failed.
            failure: failureOfReads(planned, standing.held),
          });
        }
        const keepsRaw = outcome.kind === 'failed' && input.config.onError === 'keep' && planned.names.length > 0;
        if (keepsRaw) notes.set(planned.setting, { keepsRaw });
      });
      standing.apply();
      if (!succeeded) return;
      // Of a later start that read only what was new, the read before it counts.
      if (!standing.lastRead || results.size === input.plan.reads.size) standing.lastRead = input.began;
      standing.generation++;
      standing.warnOfExpiry(input.plan);
    },

    /** What nobody holds stays as it stands: inherited values have their record, the platform's theirs. */
    environmentToPlan() {
      const env = readEnvironment();
      ledger.restoreRemoved(env);
      for (const { planned, outcome } of standing.composed) {
        const inHand = planned.reads.every((key) => standing.held.get(key)?.good) && planned.origin !== 'platform';
        // What failed has left no record: an inherited value that was removed is no reference by itself.
        if (!inHand && outcome.kind !== 'failed') continue;
        for (const name of planned.names) {
          const text = env[name];
          const isInherited = text !== undefined && text === planned.current;
          if (isInherited || text === ledger.written(name)) env[name] = planned.pointer;
        }
      }
      return env;
    },

    /** No clock keeps the rest fresh: what a first start read that failed, and what no setting is made of any more. */
    known() {
      const { input, held } = standing;
      const known = new Map<string, Result<SecretValue>>();
      input?.plan.reads.forEach((_, key) => {
        const one = held.get(key);
        const isTaken = one && input.config.onRevoked === 'unset' && isRevoked(one);
        if (one?.good && !isTaken) known.set(key, succeed(one.good));
      });
      return known;
    },

    takeOut(plan) {
      const taken = plan.settings.filter(({ current }) => current === undefined).flatMap((setting) => setting.names);
      const changes = new Map(taken.map((name) => [name, undefined]));
      ledger.note(taken, plan.env);
      ledger.write(changes, liveEnvironment());
      // A new reference in a variable of ours: what that has been before is not written there any more.
      standing.composed = standing.composed.filter(({ planned }) => !planned.names.some((name) => changes.has(name)));
    },

    apply() {
      const overridden = writeComposed();
      record.write(provenance());
      return overridden;
    },

    warnOfExpiry(plan) {
      for (const line of expiry.warnings(plan, standing.held, clock.now())) log().warn(line);
    },

    repair() {
      // The record is always there once values are; a refilled environment has none.
      if (standing.generation > 0 && !record.isThere()) standing.rewrite();
    },

    rewrite() {
      writeComposed();
      if (!record.isThere()) record.write(provenance());
    },

    reset() {
      notes.clear();
      expiry = createExpiryWatch();
      ledger.undo(readEnvironment());
      record.remove();
      standing.input = undefined;
      standing.composed = [];
      standing.held = new Map();
      standing.generation = 0;
      standing.lastRead = undefined;
    },
  };

  function writeComposed(): ReadonlySet<string> {
    const changes = new Map<string, string | undefined>();
    standing.composed.forEach((setting) => {
      const { setting: key, names } = setting.planned;
      const keepsRaw = notes.get(key)?.keepsRaw;
      for (const name of names) changes.set(name, keepsRaw ? ledger.original(name) : textOf(setting));
    });
    const others = ledger.write(changes, liveEnvironment());
    for (const { planned } of standing.composed) {
      const note = notes.get(planned.setting);
      const overridden = planned.names.some((name) => others.has(name));
      if (overridden === (note?.overridden ?? false)) continue;
      // Gone with what was written over it, too.
      const { overridden: _before, ...rest } = note ?? {};
      notes.set(planned.setting, overridden ? { ...rest, overridden } : rest);
    }
    return others;
  }

  function provenance(): readonly ProvenanceInput[] {
    const entries: ProvenanceInput[] = [];
    let latestMs: number | undefined;
    let resolvedAt = '';
    standing.composed.forEach(({ planned, outcome, secrets }) => {
      // What the platform resolved, and nobody has read since, stands in the platform's own record: it has no time.
      const isPlatforms = outcome.kind === 'current' && planned.currentSinceMs === undefined;
      if (outcome.kind === 'failed' || isPlatforms) return;
      const sinceMs = notes.get(planned.setting)?.resolvedAtMs ?? planned.currentSinceMs ?? clock.now();
      const version = secrets[0]?.version ?? planned.currentVersion;
      // Mostly that of the one before: a thousand settings need no text each.
      if (sinceMs !== latestMs) resolvedAt = new Date(sinceMs).toISOString();
      latestMs = sinceMs;
      for (const name of planned.names) {
        const { pointer, isTemplate } = planned;
        entries.push({ name, value: ledger.written(name), pointer, version, resolvedAt, isTemplate });
      }
    });
    return entries;
  }

  return standing;
}

/** What a later start gave before it failed is kept fresh as well; what it has failed to give comes back with the next. */
function withoutFailed(input: RotationInput, composed: readonly ComposedSetting[]): RotationInput {
  const failed = new Set(
    composed.flatMap(({ planned, outcome }) => (outcome.kind === 'failed' ? planned.setting : [])),
  );
  const settings = input.plan.settings.filter(({ setting }) => !failed.has(setting));
  const used = new Set(settings.flatMap((setting) => setting.reads));
  const reads = new Map([...input.plan.reads].filter(([key]) => used.has(key)));
  return { ...input, plan: { ...input.plan, settings, reads } };
}
