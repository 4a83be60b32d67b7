import type { Environment } from '../settings/environment.js';

/** What the Functions worker offers to code in it, as far as we use it (`@azure/functions-core`). */
interface FunctionsCore {
  registerHook(name: 'appStart' | 'preInvocation' | 'appTerminate', callback: () => unknown): { dispose(): void };
}

/** Whether this process is the Functions host's Node worker. Cheap: no module is looked for. */
export function inFunctionsWorker(env: Environment): boolean {
  return (
    Boolean(env['FUNCTIONS_WORKER_RUNTIME']) || process.argv.some((argument) => argument.startsWith('--functions-'))
  );
}

/**
 * The worker's own module. It resolves nowhere else: the worker patches `require`, so that this is
 * the quiet way to tell a worker from a process that merely has its variables.
 */
export function functionsCore(env: Environment): FunctionsCore | undefined {
  if (!inFunctionsWorker(env)) return undefined;
  const { createRequire } = process.getBuiltinModule('node:module');
  const path = process.getBuiltinModule('node:path');
  try {
    return createRequire(path.join(process.cwd(), 'index.js'))('@azure/functions-core') as FunctionsCore;
  } catch {
    return undefined;
  }
}

/**
 * A failed start must reach the host: an entry file that throws before any registration leaves an
 * app with no functions and no error. A throwing `appStart` hook makes the worker's start fail, and
 * the host restart it. The caller rethrows, too, so that no further entry file is loaded. An app that catches that may
 * start again: then nothing is left to throw.
 */
export function failLoudly(core: FunctionsCore, failure: () => Error | undefined): void {
  core.registerHook('appStart', () => {
    const error = failure();
    if (error) throw error;
  });
}
