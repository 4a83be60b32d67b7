import type { Clock } from '../support/clock.js';
import type { RefreshResult } from './types.js';

/** What one refresh reads: everything, or what the named settings are made of. */
export type RefreshScope = 'all' | ReadonlySet<string>;

export interface RefreshQueue {
  /**
   * Reads everything, for a caller who may know of something new. Never joins a refresh that has begun: that may have
   * read too early. All that wait for the next one share it.
   */
  all(): Promise<RefreshResult>;
  /** The same for a caller whose value has just been refused, with what that is made of. */
  urgent(setting: string): Promise<RefreshResult>;
  /** Reads everything, unless that is under way: for a caller who knows of nothing new. */
  allOrJoin(): Promise<RefreshResult>;
}

/** After an urgent refresh that changed nothing: a key that is refused for good must not become a storm of reads. */
const URGENT_PAUSE_MS = 1000;

/** One refresh at a time, in order. */
export function createRefreshQueue(run: (scope: RefreshScope) => Promise<RefreshResult>, clock: Clock): RefreshQueue {
  let last: Promise<unknown> = Promise.resolve();
  /** Asked for, and not begun. */
  let nextAll: Promise<RefreshResult> | undefined;
  /** The last that was asked for, until it has ended. */
  let latestAll: Promise<RefreshResult> | undefined;
  let nextUrgent: { settings: Set<string>; result: Promise<RefreshResult> } | undefined;
  let quietUntilMs = Number.NEGATIVE_INFINITY;

  function enqueue(task: () => Promise<RefreshResult>): Promise<RefreshResult> {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  }

  async function runUrgent(settings: ReadonlySet<string>): Promise<RefreshResult> {
    // At least a turn, in which others who were refused together join.
    await clock.sleep(Math.max(0, quietUntilMs - clock.monotonic()));
    nextUrgent = undefined;
    const result = await run(settings);
    if (result.changed.length === 0) quietUntilMs = clock.monotonic() + URGENT_PAUSE_MS;
    return result;
  }

  async function runAll(): Promise<RefreshResult> {
    // A turn, in which others join.
    await clock.sleep(0);
    nextAll = undefined;
    return run('all');
  }

  function all(): Promise<RefreshResult> {
    if (nextAll) return nextAll;
    const mine = enqueue(runAll).finally(() => {
      if (latestAll === mine) latestAll = undefined;
    });
    nextAll = latestAll = mine;
    return mine;
  }

  return {
    all,
    allOrJoin: () => latestAll ?? all(),
    urgent(setting) {
      if (!nextUrgent) {
        const settings = new Set<string>();
        nextUrgent = { settings, result: enqueue(() => runUrgent(settings)) };
      }
      nextUrgent.settings.add(setting);
      return nextUrgent.result;
    },
  };
}
