import type { RefreshResult } from '../rotation/types.js';
import { malformed } from '../support/options.js';
import type { Engine } from './engine.js';
import { tellOfUnstarted } from './late-references.js';
import { existingEngine } from './slot.js';

/** A refresh for a caller who may give up waiting; it goes on all the same. */
export async function askForRefresh(
  signal: AbortSignal | null | undefined,
  engine: () => Engine,
): Promise<RefreshResult> {
  // Nothing has been called before this.
  if (!existingEngine()) tellOfUnstarted();
  if (signal === undefined || signal === null) return engine().refresh();
  // Not by its class: there are others that do.
  if (typeof signal.addEventListener !== 'function') throw malformed('option signal', 'an AbortSignal');
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    engine()
      .refresh()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
