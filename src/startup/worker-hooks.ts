import { liveEnvironment } from '../settings/environment.js';
import { functionsCore, inFunctionsWorker } from './functions-host.js';

/** The hooks that every app in the Functions worker gets, whether it asks for rotation or not. */
export interface WorkerHooks {
  /** Does nothing in any other process. */
  attach(): void;
  release(): void;
}

/** Preloaded, we are there before the worker is, by what the other preloads take. */
const LOOK_EVERY_MS = 10;
const LOOKS = 6000;

/**
 * @param repair writes again what a reload of the worker wiped, before each invocation
 * @param close at the worker's end
 */
export function createWorkerHooks(repair: () => void, close: () => Promise<void>): WorkerHooks {
  let held: readonly { dispose(): void }[] = [];
  let next: NodeJS.Timeout | undefined;

  function release(): void {
    clearTimeout(next);
    for (const hook of held) hook.dispose();
    held = [];
  }

  function look(looks: number): void {
    // Those of a start before may be gone: specialisation forgets all that was registered.
    release();
    const core = functionsCore(liveEnvironment());
    if (core) {
      held = [core.registerHook('preInvocation', repair), core.registerHook('appTerminate', close)];
    } else if (looks < LOOKS) {
      next = setTimeout(look, LOOK_EVERY_MS, looks + 1).unref();
    }
  }

  return {
    attach() {
      if (inFunctionsWorker(liveEnvironment())) look(0);
    },
    release,
  };
}
