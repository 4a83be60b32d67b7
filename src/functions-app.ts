// vaultstrap/functions: for Function Apps. The only importer of @azure/functions.
import { app } from '@azure/functions';
import { createAgeCheck } from './functions/age-check.js';
import { rotateSecrets, secretChanged, secretsStatus } from './functions/handlers.js';
import { lateStartWarning } from './functions/late-start.js';
import { checkRotationOptions, type RotationOptions, rotationSchedule } from './functions/options.js';
import { bootstrap } from './index.js';
import { existingEngine } from './startup/slot.js';
import { systemClock } from './support/clock.js';

export { rotateSecrets, secretChanged, secretsStatus } from './functions/handlers.js';
export { type RotationOptions, rotationSchedule, type TimerTriggerOptions } from './functions/options.js';

/**
 * Registers hooks for a Function App, and those of the three functions that `options` asks for. Call it while the app
 * starts, below `import 'vaultstrap/register'`: alone it is too late for values that are read while modules load.
 * `appStart` joins the start. `preInvocation` restores what a second reload of the worker wiped and, with
 * `maxAgeSeconds`, waits for a refresh when the values are too old.
 *
 * @throws VaultstrapError `ERR_INVALID_OPTION`; `ERR_INVALID_SETTING` for a `VAULTSTRAP_SCHEDULE` that the timer would take.
 */
export function registerRotation(options: RotationOptions = {}): void {
  const { maxAgeSeconds = Number.POSITIVE_INFINITY, timer, schedule, events, status } = checkLoudly(options);
  app.hook.appStart(async () => {
    const isStarted = existingEngine()?.hasStarted();
    const report = await bootstrap();
    const warning = isStarted ? undefined : lateStartWarning(report);
    if (warning) existingEngine()?.warn(warning);
  });
  app.hook.preInvocation(createAgeCheck(existingEngine, maxAgeSeconds * 1000, systemClock) as () => Promise<void>);
  if (timer) {
    app.timer('rotateSecrets', {
      ...(timer !== true && timer),
      schedule: rotationSchedule(schedule),
      handler: rotateSecrets,
    });
  }
  if (events) app.eventGrid('secretChanged', { handler: secretChanged });
  if (status) {
    app.http('secretsStatus', {
      methods: ['GET'],
      authLevel: 'function',
      route: 'vaultstrap/status',
      handler: secretsStatus,
    });
  }
}

/** An entry file that merely throws leaves an app without functions, and the host without an error. */
function checkLoudly(options: RotationOptions): RotationOptions {
  try {
    return checkRotationOptions(options);
  } catch (error) {
    app.hook.appStart(() => {
      throw error;
    });
    throw error;
  }
}
