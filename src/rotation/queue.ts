import type { Clock } from '../support/clock.js';
import type { RefreshResult } from './types.js';

/** What one refresh reads: everything, or what the named settings are made of. */
export type RefreshScope = 'all' | ReadonlySet<string>;

export interface RefreshQueue {
  /** Reads everything; calls share the one that is under way or waiting. */
  all(): Promise<RefreshResult>;
  /**
   * For a caller whose value has just been refused. Never joins a refresh that has begun: that may bring the same
   * old value. All that wait for the next one share it.
   */
  urgent(setting: string): Promise<RefreshResult>;
}

/** After an urgent refresh that changed nothing: a key that is refused for good must not become a storm of reads. */
const URGENT_PAUSE_MS = 1000;

/** One refresh at a time, in order. */
export function createRefreshQueue(run: (scope: RefreshScope) => Promise<RefreshResult>, clock: Clock): RefreshQueue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let complete: Promise<RefreshResult> | undefined;
  let nextUrgent: { settings: Set<string>; result: Promise<RefreshResult> } | undefined;
  let quietUntilMs = Number.NEGATIVE_INFINITY;

  function enqueue(task: () => Promise<RefreshResult>): Promise<RefreshResult> {
    // At once when nothing is before it: what a caller asks for now should be of now.
    const result = (waiting++ === 0 ? task() : last.then(task, task)).finally(() => {
      waiting--;
    });
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

  return {
    all() {
      complete ??= enqueue(() => run('all')).finally(() => {
        complete = undefined;
      });
      return complete;
    },
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
