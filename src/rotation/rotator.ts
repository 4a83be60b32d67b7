import { type Environment, hasVariable, liveEnvironment, readEnvironment } from '../settings/environment.js';
import { isProvenance, PROVENANCE } from '../settings/names.js';
import type { Plan } from '../settings/plan.js';
import { printProvenance } from '../settings/provenance.js';
import { publish } from '../support/channels.js';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { type Failure, succeed } from '../support/failure.js';
import type { Log } from '../support/log.js';
import type { ReadResults, VaultClient } from '../vault/client.js';
import { writeVariables } from './apply.js';
import { textOf } from './changes.js';
import { createComplaints } from './complaints.js';
import { type ComposedSetting, filesOf } from './compose.js';
import { createExpiryWatch } from './expiry.js';
import { createSecretFiles, type SecretFiles } from './files.js';
import { acceptResults, groupsBehind, groupsOf, type HeldSecrets, holdFirst, readAgainInMs } from './held.js';
import { createLedger } from './ledger.js';
import { createListeners } from './listeners.js';
import { createRefreshQueue, type RefreshScope } from './queue.js';
import { recompose, resolvedAtOf } from './recompose.js';
import { ageMs, settledDelayMs } from './schedule.js';
import { createTicker, type Ticker } from './ticker.js';
import type { RefreshResult, RotatedSetting, RotationListener } from './types.js';

/** What is being kept fresh. */
export interface RotationInput {
  readonly plan: Plan;
  readonly config: Config;
  readonly client: Pick<VaultClient, 'readAll' | 'rest'>;
}

/** What is known of a setting beyond its composition. */
export interface SettingNote {
  /** Why the newest value could not be had; the one in use is kept. */
  readonly failure?: Failure;
  readonly overridden?: true;
  /** It failed, and its raw text was left in place (`onError: 'keep'`). */
  readonly keepsRaw?: true;
  readonly resolvedAtMs?: number;
}

export interface RefreshOptions {
  /**
   * The setting whose value an app has just been refused with: only what it is made of is read, and changes are
   * applied at once, settled or not.
   */
  readonly urgentFor?: string;
}

/** Holds the last good values of this process, applies them, and keeps them fresh. */
export interface Rotator {
  /** The environment for a start to plan with: with references again where this process holds what they refer to. */
  environmentToPlan(): Environment;
  /** The secrets that are in hand and kept fresh. */
  known(): ReadResults;
  /** Takes the raw references out of the environment until their values are there. */
  takeOut(plan: Plan): void;
  /**
   * First values: applied at once. Failing settings are removed (or kept raw, if so configured). Only a start
   * that succeeded counts as a generation and is refreshed.
   */
  begin(input: RotationInput, composed: readonly ComposedSetting[], results: ReadResults, succeeded: boolean): void;
  /** Writes the files of a composition before its values are applied. */
  readonly withFiles: SecretFiles['place'];
  startClock(): void;
  refresh(options?: RefreshOptions): Promise<RefreshResult>;
  /** Synchronous; one look at the environment when all is well. */
  repair(): void;
  /** Whether this text in this variable is what we last wrote there. */
  hasWritten(name: string, value: string | undefined): boolean;
  onRotated(listener: RotationListener, setting?: string): () => void;
  readonly generation: number;
  readonly composed: readonly ComposedSetting[];
  noteOf(setting: string): SettingNote;
  /** Since the last complete read; `undefined` before the first. */
  ageMs(): number | undefined;
  lastRefreshAtMs(): number | undefined;
  nextRefreshAtMs(): number | undefined;
  /** Stops the clock. */
  stop(): void;
  /** Puts the environment back as it was, and forgets everything. */
  reset(): void;
}

/** A refresh tries again for this long, then applies what it has; what hangs is waited for a while longer. */
const RETRY_MS = 2000;
const LIMIT_MS = 15_000;

export function createRotator(clock: Clock, log: () => Log): Rotator {
  const ledger = createLedger();
  const files = createSecretFiles();
  const listeners = createListeners(log);
  const notes = new Map<string, SettingNote>();
  let expiry = createExpiryWatch();
  const complaints = createComplaints(clock, log);
  let input: RotationInput | undefined;
  let composed: readonly ComposedSetting[] = [];
  let held: HeldSecrets = new Map();
  let generation = 0;
  let lastRead: { wallMs: number; monotonicMs: number } | undefined;
  let ticker: Ticker | undefined;
  let queue = createRefreshQueue(refreshOnce, clock);

  const now = () => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });

  function begin(
    next: RotationInput,
    first: readonly ComposedSetting[],
    results: ReadResults,
    succeeded: boolean,
  ): void {
    if (succeeded) input = next;
    composed = first;
    held = new Map([...held, ...holdFirst(results, clock.now())]);
    notes.clear();
    const changes: [string, string | undefined][] = [];
    for (const composedNow of first) {
      const { planned, outcome } = composedNow;
      ledger.note(planned.names, next.plan.env);
      if (outcome.kind === 'value')
        notes.set(planned.setting, { resolvedAtMs: resolvedAtOf(planned, held) ?? clock.now() });
      for (const name of planned.names) {
        const keepsRaw = outcome.kind === 'failed' && next.config.onError === 'keep';
        if (keepsRaw) notes.set(planned.setting, { keepsRaw: true });
        changes.push([name, keepsRaw ? ledger.original(name) : textOf({ planned, outcome, secrets: [] })]);
      }
    }
    noteOverridden(ledger.write(changes, liveEnvironment()));
    writeProvenance();
    if (!succeeded) return;
    lastRead = now();
    generation++;
    warnOfExpiry(next.plan);
  }

  /** What nobody holds stays as it stands: inherited values have their record, the platform's theirs. */
  function environmentToPlan(): Environment {
    const env: Record<string, string | undefined> = ledger.withRemoved(readEnvironment());
    for (const { planned } of composed) {
      const inHand = planned.reads.every((key) => held.get(key)?.good) && planned.origin !== 'platform';
      if (!inHand || planned.failure) continue;
      for (const name of planned.names) {
        if (env[name] === ledger.written(name)) env[name] = planned.pointer;
      }
    }
    return env;
  }

  /** After a start that failed nothing is: no clock has kept it fresh. */
  function known(): ReadResults {
    if (!input) return new Map();
    return new Map([...held].flatMap(([key, { good }]) => (good ? [[key, succeed(good)] as const] : [])));
  }

  function warnOfExpiry(plan: Plan): void {
    for (const line of expiry.warnings(plan, held, clock.now())) log().warn(line);
  }

  function noteOverridden(names: ReadonlySet<string>): void {
    for (const { planned } of composed) {
      const { overridden: _old, ...note } = notes.get(planned.setting) ?? {};
      const overridden = planned.names.some((name) => names.has(name));
      notes.set(planned.setting, { ...note, ...(overridden && { overridden }) });
    }
  }

  /** Tells children, threads and restarts which values are resolved, since when and from what. */
  function writeProvenance(): void {
    const record = printProvenance(
      composed.flatMap(({ planned, outcome, secrets }) => {
        // What the platform resolved stands in the platform's own record.
        if (outcome.kind === 'failed' || (outcome.kind === 'current' && planned.origin === 'platform')) return [];
        const sinceMs = notes.get(planned.setting)?.resolvedAtMs ?? planned.currentSinceMs ?? clock.now();
        const version = secrets[0]?.version ?? planned.currentVersion;
        return planned.names.map((name) => ({
          name,
          value: ledger.written(name),
          pointer: planned.pointer,
          ...(version && { version }),
          resolvedAt: new Date(sinceMs).toISOString(),
        }));
      }),
    );
    const stale = Object.keys(liveEnvironment()).filter((name) => isProvenance(name) && !record.has(name));
    writeVariables([...stale.map((name) => [name, undefined] as const), ...record]);
  }

  async function refreshOnce(scope: RefreshScope): Promise<RefreshResult> {
    const nothing = { generation, changed: [], failed: [] };
    if (!input) return nothing;
    const { plan, config, client } = input;
    const groups = scope === 'all' ? groupsOf(plan) : groupsBehind(plan, scope);
    // Pinned versions never change: read once.
    const reads = groups
      .flat()
      .flatMap((key) => plan.reads.get(key) ?? [])
      .filter(({ key, version }) => version === undefined || !held.get(key)?.good);
    const startMs = clock.monotonic();
    const startedAtMs = clock.now();
    const isTick = scope === 'all';
    const settleMs = isTick ? config.settleMs : 0;
    const changed: RotatedSetting[] = [];
    let waiting = groups;
    /** Takes over the groups that were read as a whole; a vault that hangs holds up nobody else. */
    function take(results: ReadResults, isLast: boolean): RefreshResult {
      const isRead = (group: readonly string[]) => isLast || !group.some((key) => asked.has(key) && !results.has(key));
      const taken = waiting.filter(isRead);
      waiting = waiting.filter((group) => !isRead(group));
      const accepted = acceptResults(held, results, taken, { nowMs: clock.now(), settleMs, isTick });
      held = accepted.held;
      readAgainIn(accepted.readAgainInMs, settleMs);
      const result = applyHeld(plan, config);
      changed.push(...result.changed);
      return { ...result, changed };
    }
    const asked = new Set(reads.map(({ key }) => key));
    const results = await client.readAll(reads, {
      deadlineMs: startMs + LIMIT_MS,
      retryUntilMs: startMs + RETRY_MS,
      failFast: false,
      yieldsToThrottling: true,
      onSome: (some) => void (isStill(plan) && take(some, false)),
    });
    client.rest();
    if (!isStill(plan)) return nothing;

    const result = take(results, true);
    warnOfExpiry(plan);
    // A refusal is an answer, too: nothing fresher can be had.
    if (isTick && [...results.values()].every((read) => read.ok || read.failure.retry === 'never')) lastRead = now();
    publish('refresh', { ...result, startedAtMs, durationMs: Math.round(clock.monotonic() - startMs) });
    return result;
  }

  /** Else another start, or a reset, came meanwhile: these answers are to a question that nobody asks any more. */
  function isStill(plan: Plan): boolean {
    return input?.plan === plan;
  }

  /** Composes all settings from what is held, and applies what differs, in one synchronous step. */
  function applyHeld(plan: Plan, config: Config): RefreshResult {
    const changed: RotatedSetting[] = [];
    const failed: string[] = [];
    const changes: [string, string | undefined][] = [];
    const all = files.place(
      (pathOf) => recompose(plan, held, composed, config.onRevoked, pathOf),
      (settings) => filesOf(settings.map(({ now: setting }) => setting)),
    );
    composed = all.map(({ now: setting }) => setting);
    for (const { now: latest, failure, change } of all) {
      const { planned } = latest;
      const { setting, names } = planned;
      if (failure) {
        failed.push(setting);
        complaints.note(latest, failure);
      } else {
        complaints.settle(setting);
      }
      if (change) changed.push(change);
      const { keepsRaw, ...before } = notes.get(setting) ?? {};
      const resolvedAtMs = resolvedAtOf(planned, held) ?? before.resolvedAtMs;
      notes.set(setting, {
        ...(failure && { failure }),
        ...(keepsRaw && latest.outcome.kind === 'failed' && { keepsRaw }),
        ...(resolvedAtMs !== undefined && { resolvedAtMs }),
      });
      // What failed from the start stays as the start left it: removed, or raw.
      if (latest.outcome.kind !== 'failed') {
        for (const name of names) if (ledger.hasWritten(name)) changes.push([name, textOf(latest)]);
      }
    }
    complaints.flush();
    const overridden = ledger.write(changes, liveEnvironment());
    noteOverridden(overridden);
    writeProvenance();
    // What somebody else has written over did not change for anybody.
    const kept = new Set(
      plan.settings.filter(({ names }) => names.every((name) => overridden.has(name))).map(({ setting }) => setting),
    );
    const seen = changed.filter(({ setting }) => !kept.has(setting));
    if (seen.length > 0) {
      generation++;
      const rotation = { generation, changed: seen };
      listeners.publish(rotation);
      publish('rotated', rotation);
    }
    return { generation, changed: seen, failed };
  }

  function refresh({ urgentFor }: RefreshOptions = {}): Promise<RefreshResult> {
    return urgentFor === undefined ? queue.all() : queue.urgent(urgentFor);
  }

  function startClock(): void {
    if (!input || ticker || input.config.refreshMs === 0) return;
    if ([...input.plan.reads.values()].every(({ version }) => version !== undefined)) return;
    ticker = createTicker(input.config.refreshMs, async () => {
      const before = lastRead;
      await refresh();
      return lastRead !== before;
    });
    ticker.start();
    const againMs = readAgainInMs(held, groupsOf(input.plan), input.config.settleMs);
    readAgainIn(againMs, input.config.settleMs);
  }

  function readAgainIn(waitMs: number | undefined, settleMs: number): void {
    if (waitMs !== undefined) ticker?.sooner(settledDelayMs(waitMs, settleMs, Math.random()));
  }

  function stop(): void {
    ticker?.stop();
    ticker = undefined;
    input?.client.rest();
  }

  return {
    environmentToPlan,
    known,
    takeOut(plan) {
      const names = plan.settings.filter(({ current }) => current === undefined).flatMap((setting) => setting.names);
      ledger.note(names, plan.env);
      ledger.write(
        names.map((name) => [name, undefined]),
        liveEnvironment(),
      );
    },
    begin,
    withFiles: files.place,
    startClock,
    refresh,
    repair() {
      // The record is always there once values are; a refilled environment has none.
      if (generation === 0 || hasVariable(PROVENANCE)) return;
      ledger.repair(liveEnvironment());
      writeProvenance();
    },
    hasWritten: (name, value) => ledger.hasWritten(name) && ledger.written(name) === value,
    onRotated: (listener, setting) => listeners.add(listener, setting),
    get generation() {
      return generation;
    },
    get composed() {
      return composed;
    },
    noteOf: (setting) => notes.get(setting) ?? {},
    ageMs: () => lastRead && ageMs(lastRead, now()),
    lastRefreshAtMs: () => lastRead?.wallMs,
    nextRefreshAtMs: () => ticker?.nextAtMs(),
    stop,
    reset() {
      stop();
      listeners.clear();
      notes.clear();
      complaints.clear();
      expiry = createExpiryWatch();
      const env = readEnvironment();
      ledger.undo(env);
      files.remove();
      writeVariables(
        Object.keys(env)
          .filter(isProvenance)
          .map((name) => [name, undefined]),
      );
      input = undefined;
      composed = [];
      held = new Map();
      generation = 0;
      lastRead = undefined;
      queue = createRefreshQueue(refreshOnce, clock);
    },
  };
}
