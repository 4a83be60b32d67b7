import { liveEnvironment } from '../settings/environment.js';
import { functionsCore, inFunctionsWorker } from './functions-host.js';

/** The hooks that every app in the Functions worker gets, whether it asks for rotation or not. */
export interface WorkerHooks {
  /** Does nothing in any other process. */
  attach(): void;
  release(): void;
}

/** Looks for the worker are twice as far apart each time, up to this. */
const LONGEST_DELAY_MS = 60_000;

/**
 * @param repair writes again what a reload of the worker wiped, before each invocation
 * @param close at the worker's end
 */
export function createWorkerHooks(repair: () => void, close: () => Promise<void>): WorkerHooks {
  let held: readonly { dispose(): void }[] = [];
  let nextLook: NodeJS.Timeout | undefined;

  function release(): void {
    clearTimeout(nextLook);
    for (const hook of held) hook.dispose();
    held = [];
  }

  function attachOrLookAgain(delayMs: number): void {
    // Those of a start before may be gone: specialisation forgets all that was registered.
    release();
    const core = functionsCore(liveEnvironment());
    if (core) {
      held = [core.registerHook('preInvocation', repair), core.registerHook('appTerminate', close)];
    } else if (delayMs < LONGEST_DELAY_MS) {
      // Preloaded: the worker itself comes next, behind whatever else is preloaded.
      nextLook = setTimeout(attachOrLookAgain, delayMs, 2 * delayMs).unref();
    }
  }

  return {
    attach() {
      if (inFunctionsWorker(liveEnvironment())) attachOrLookAgain(1);
    },
    release,
  };
}
