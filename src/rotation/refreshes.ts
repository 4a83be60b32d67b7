import { readVariable } from '../settings/environment.js';
import { publish } from '../support/channels.js';
import { held } from '../support/held.js';
import { changeOf } from './changes.js';
import type { ComposedSetting } from './compose.js';
import { groupsOf } from './groups.js';
import { readAgainInMs } from './held.js';
import { createListeners } from './listeners.js';
import { createNameCheck } from './name-check.js';
import { createRefreshQueue } from './queue.js';
import { createRefresher, type RefresherContext } from './refresher.js';
import type { Standing } from './standing.js';
import type { RefreshResult, RotatedSetting, RotationListener, Unsubscribe } from './types.js';

/** One refresh after the other, and whoever listens to what they change. */
export interface Refreshes {
  /**
   * @param urgentFor the setting whose value an app has just been refused with: only what it is made of is read, and
   * changes are applied at once, settled or not. Default: everything. The process is the caller's to hold: it may give up.
   */
  refresh(urgentFor?: string): Promise<RefreshResult>;
  /** The one that is under way will do. */
  refreshOrJoin(): Promise<RefreshResult>;
  /** The same, for nobody who waits: the process may end meanwhile. */
  tick(): Promise<RefreshResult>;
  /** Returns the function that removes the listener again. */
  onRotated(listener: RotationListener, setting?: string): Unsubscribe;
  /** A start applies everything at once: `sinceMs` after it, plans a read for when its groups will have settled. */
  lookForUnsettled(sinceMs: number): void;
  /** A later start may read anew what was inherited, or what had been revoked: a rotation, for who had it before. */
  tellOfStart(before: readonly ComposedSetting[]): void;
  /** Forgets all listeners. */
  clear(): void;
}

export function createRefreshes(standing: Standing, context: Omit<RefresherContext, 'tell'>): Refreshes {
  const listeners = createListeners(context.log);
  const checkName = createNameCheck(standing, context.log);
  const refreshOnce = createRefresher(standing, { ...context, tell });
  const queue = createRefreshQueue(async (scope) => {
    const result = await refreshOnce(scope);
    // Who came before the start, and before there was anything to compare with.
    for (const setting of listeners.settings()) checkName(setting);
    return result;
  }, context.clock);

  function tell(changed: readonly RotatedSetting[]): void {
    const rotation = { generation: standing.generation, changed };
    listeners.publish(rotation);
    publish('rotated', rotation);
  }

  return {
    refresh: (urgentFor) => (urgentFor === undefined ? queue.all() : queue.urgent(urgentFor)),
    refreshOrJoin: () => held(queue.allOrJoin()),
    tick: queue.allOrJoin,
    onRotated(listener, setting) {
      if (setting !== undefined) checkName(setting);
      const remove = listeners.add(listener, setting);
      return Object.assign(remove, { [Symbol.dispose]: remove });
    },
    lookForUnsettled(sinceMs) {
      const { input, held } = standing;
      if (!input) return;
      const { settleMs } = input.config;
      const againMs = readAgainInMs(held, groupsOf(input.plan), settleMs);
      if (againMs !== undefined) context.onUnsettled(againMs - sinceMs, settleMs);
    },
    tellOfStart(before) {
      const had = new Map(before.map((setting) => [setting.planned.setting, setting]));
      const reads = standing.input?.plan.reads ?? new Map();
      const changed = standing.composed.flatMap((now) => {
        const { setting } = now.planned;
        const previous = had.get(setting);
        const isNew = !previous || [previous, now].some(({ outcome }) => outcome.kind === 'failed');
        // Nor did it change where somebody else has written while the start was waiting.
        if (isNew || !standing.ledger.hasWritten(setting, readVariable(setting))) return [];
        // Versions are of one secret: of another, in its place, none is older or newer.
        const isSame = previous.planned.reads.join() === now.planned.reads.join();
        return changeOf(isSame ? previous : { ...previous, secrets: [] }, now, reads) ?? [];
      });
      if (changed.length > 0) tell(changed);
    },
    clear: listeners.clear,
  };
}
