import type { Plan } from '../settings/plan.js';
import { publish } from '../support/channels.js';
import type { Clock } from '../support/clock.js';
import type { Log } from '../support/log.js';
import { momentOf } from '../support/moment.js';
import type { ReadResults } from '../vault/client.js';
import { createComplaints } from './complaints.js';
import { type composeSettings, filesOf } from './compose.js';
import type { SecretFiles } from './files.js';
import { groupsBehind, groupsOf } from './groups.js';
import { acceptResults } from './held.js';
import type { RefreshScope } from './queue.js';
import { recompose } from './recompose.js';
import type { PathOf } from './secret-file.js';
import type { RotationInput, Standing } from './standing.js';
import type { RefreshResult, RotatedSetting } from './types.js';

export interface RefresherContext {
  readonly clock: Clock;
  readonly log: () => Log;
  /** Makes known what has changed: to whoever listens. */
  readonly tell: (changed: readonly RotatedSetting[]) => void;
  /** The start has loaded it, and it is large: what is loaded later gets it from there. */
  readonly composeSettings: typeof composeSettings;
  /** How the files of a plan are written; `undefined` when it has none. */
  readonly filesFor: (plan: Plan) => SecretFiles['place'] | undefined;
  /** A group had not settled: it has to be read again after this long. */
  readonly onUnsettled: (waitMs: number, settleMs: number) => void;
}

/** A refresh tries again for this long, then applies what it has; what hangs is waited for a while longer. */
const RETRY_MS = 2000;
const LIMIT_MS = 15_000;

/** Reads again what this process holds, and applies what changed. */
export type Refresher = (scope: RefreshScope) => Promise<RefreshResult>;

export function createRefresher(
  standing: Standing,
  { clock, log, tell, composeSettings, filesFor, onUnsettled }: RefresherContext,
): Refresher {
  const complaints = createComplaints(clock, log);

  async function refreshOnce(scope: RefreshScope, began = momentOf(clock)): Promise<RefreshResult> {
    const { input } = standing;
    const nothing = { generation: standing.generation, changed: [], failed: [] };
    if (!input) return nothing;
    const { plan, config, client } = input;
    const groups = scope === 'all' ? groupsOf(plan) : groupsBehind(plan, scope);
    // Pinned versions never change: read once.
    const reads = groups
      .flat()
      .flatMap((key) => plan.reads.get(key) ?? [])
      .filter(({ key, version }) => version === undefined || !standing.held.get(key)?.good);
    const isTick = scope === 'all';
    const { settleMs } = config;
    // Else another start, or a reset, came meanwhile: these answers are to a question that nobody asks any more.
    const isStill = () => standing.input?.plan === plan;
    const used = new Set(
      standing.composed.flatMap(({ planned, outcome }) => (outcome.kind === 'failed' ? [] : planned.reads)),
    );
    const changed: RotatedSetting[] = [];
    let againAtMs = 0;
    let waiting = groups;
    /** Takes over the groups that were read as a whole; a vault that hangs holds up nobody else. */
    const take = (results: ReadResults): RefreshResult => {
      const isRead = (group: readonly string[]) => !group.some((key) => asked.has(key) && !results.has(key));
      const taken = waiting.filter(isRead);
      waiting = waiting.filter((group) => !isRead(group));
      const { held, readAgainInMs } = acceptResults(standing.held, results, taken, {
        now: momentOf(clock),
        settleMs,
        isTick,
        used,
      });
      standing.held = held;
      if (readAgainInMs !== undefined) againAtMs = Math.max(againAtMs, clock.monotonic() + readAgainInMs);
      const result = applyHeld(input);
      changed.push(...result.changed);
      return { ...result, changed };
    };
    const asked = new Set(reads.map(({ key }) => key));
    const results = await client.readAll(reads, {
      deadlineMs: began.monotonicMs + LIMIT_MS,
      retryUntilMs: began.monotonicMs + RETRY_MS,
      failFast: false,
      isRefresh: true,
      onSome: (some) => {
        try {
          if (isStill()) take(some);
        } catch {
          // An environment that cannot be written, say. Nobody waits here; somebody waits for the end.
        }
      },
    });
    client.rest();
    // The other start went on with what was held before: what the caller asked for has not been done. Within the same
    // limit: starts that fail in an outage may come again and again.
    if (!isStill()) return clock.monotonic() - began.monotonicMs < LIMIT_MS ? refreshOnce(scope, began) : nothing;

    const result = take(results);
    // Not sooner: a tick that comes while this refresh goes on would join it, and read nothing.
    if (againAtMs > 0) onUnsettled(Math.max(0, againAtMs - clock.monotonic()), settleMs);
    standing.warnOfExpiry(plan);
    // A refusal is an answer, too: nothing fresher can be had. And an answer may be as old as the question: a process may
    // have stood still in between.
    if (isTick && [...results.values()].every((read) => read.ok || read.failure.retry === 'never'))
      standing.lastRead = began;
    const durationMs = Math.round(clock.monotonic() - began.monotonicMs);
    publish('refresh', { ...result, startedAtMs: began.wallMs, durationMs });
    return result;
  }

  /** Composes all settings from what is held, and applies what differs, in one synchronous step. */
  function applyHeld({ plan, config, began }: RotationInput): RefreshResult {
    const { notes } = standing;
    const changed: RotatedSetting[] = [];
    const failed: string[] = [];
    const compose = (pathOf?: PathOf) =>
      recompose(plan, standing.held, standing.composed, config.onRevoked, (of, lookup) =>
        composeSettings(of, lookup, pathOf),
      );
    const place = filesFor(plan);
    const all = place ? place(compose, (settings) => filesOf(settings.map(({ now }) => now))) : compose();
    const latest = new Map(all.map(({ now }) => [now.planned.setting, now]));
    // What a later start has failed to give stays as that left it: removed, or raw.
    standing.composed = standing.composed.map((setting) => latest.get(setting.planned.setting) ?? setting);
    for (const { now, stays, failure, change } of all) {
      const { planned, outcome } = now;
      const { setting } = planned;
      if (failure) {
        failed.push(setting);
        complaints.note(now, failure, began.monotonicMs);
      } else {
        complaints.settle(setting);
      }
      if (change) changed.push(change);
      const { keepsRaw, ...before } = notes.get(setting) ?? {};
      const resolvedAtMs = (stays ? undefined : standing.resolvedAtOf(planned)) ?? before.resolvedAtMs;
      notes.set(setting, {
        ...(failure && { failure }),
        ...(keepsRaw && outcome.kind === 'failed' && { keepsRaw }),
        ...(resolvedAtMs !== undefined && { resolvedAtMs }),
      });
    }
    complaints.flush();
    const overridden = standing.apply();
    // What somebody else has written over did not change for anybody: who reads a setting reads the variable of its name.
    const seen = changed.filter(({ setting }) => !overridden.has(setting));
    if (seen.length > 0) {
      standing.generation++;
      tell(seen);
    }
    return { generation: standing.generation, changed: seen, failed };
  }

  return refreshOnce;
}
