import { createListeners } from './listeners.js';
import { createRefreshQueue } from './queue.js';
import { createRefresher, type RefresherContext } from './refresher.js';
import type { Standing } from './standing.js';
import type { RefreshResult, RotationListener } from './types.js';

/** One refresh after the other, and whoever listens to what they change. */
export interface Refreshes {
  /**
   * @param urgentFor the setting whose value an app has just been refused with: only what it is made of is read, and
   * changes are applied at once, settled or not. Default: everything.
   */
  refresh(urgentFor?: string): Promise<RefreshResult>;
  /** Returns the function that removes the listener again. */
  onRotated(listener: RotationListener, setting?: string): () => void;
  /** Forgets all listeners. */
  clear(): void;
}

export function createRefreshes(standing: Standing, context: Omit<RefresherContext, 'listeners'>): Refreshes {
  const listeners = createListeners(context.log);
  const queue = createRefreshQueue(createRefresher(standing, { ...context, listeners }), context.clock);
  return {
    refresh: (urgentFor) => (urgentFor === undefined ? queue.all() : queue.urgent(urgentFor)),
    onRotated: listeners.add,
    clear: listeners.clear,
  };
}
