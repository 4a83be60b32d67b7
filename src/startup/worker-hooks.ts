import { liveEnvironment } from '../settings/environment.js';
import { functionsCore, inFunctionsWorker } from './functions-host.js';

/** The hooks that every app in the Functions worker gets, whether it asks for rotation or not. */
export interface WorkerHooks {
  /** Does nothing in any other process. */
  attach(): void;
  release(): void;
}

/**
 * @param repair writes again what a reload of the worker wiped, before each invocation
 * @param close at the worker's end
 */
export function createWorkerHooks(repair: () => void, close: () => Promise<void>): WorkerHooks {
  let held: readonly { dispose(): void }[] = [];

  function release(): void {
    for (const hook of held) hook.dispose();
    held = [];
  }

  function tryToAttach(): boolean {
    const core = functionsCore(liveEnvironment());
    if (!core) return false;
    // Those of a start before may be gone: specialisation forgets all that was registered.
    release();
    held = [core.registerHook('preInvocation', repair), core.registerHook('appTerminate', close)];
    return true;
  }

  return {
    attach() {
      if (!inFunctionsWorker(liveEnvironment()) || tryToAttach()) return;
      // Preloaded: the worker itself comes next.
      setImmediate(tryToAttach).unref();
    },
    release,
  };
}
