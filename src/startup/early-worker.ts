import type { Environment } from '../settings/environment.js';
import { PROVENANCE } from '../settings/names.js';
import { hasReferences } from './quick-look.js';
import { afterModule, workerModule } from './siblings.js';
import type { OpenWorker } from './worker.js';

/**
 * The thread boots while the rest of the library is loaded. An environment that was inherited, values and all, may
 * not need one, and gets none in advance.
 */
export function openEarly(env: Environment): OpenWorker | undefined {
  return !env[PROVENANCE] && hasReferences(env) ? workerModule().openWorker(afterModule) : undefined;
}

/** Offers the thread that was started in advance, and sends it home if nothing took it. */
export function lending(early: OpenWorker | undefined, use: (take: () => OpenWorker | undefined) => void): void {
  let idle = early;
  try {
    use(() => {
      const taken = idle;
      idle = undefined;
      return taken;
    });
  } finally {
    idle?.dismiss();
  }
}
