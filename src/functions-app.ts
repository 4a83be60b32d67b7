import { app } from '@azure/functions';
import { bootstrap, refresh, VaultstrapError } from './index.js';
import { existingEngine } from './startup/slot.js';

export interface RotationOptions {
  /**
   * An invocation waits for a refresh when the values are older than this many seconds, 1 to 86,400.
   * Default: no invocation ever waits; the clock of the process keeps values fresh.
   */
  readonly maxAgeSeconds?: number;
}

/**
 * Hooks for a Function App: `appStart` joins the bootstrap (alone it is too late for values that are read while
 * modules load: import 'vaultstrap/register' first), `preInvocation` writes again what a second reload of the
 * worker wiped and, with `maxAgeSeconds`, waits for values that are too old.
 *
 * @throws VaultstrapError `ERR_INVALID_OPTION`.
 */
export function registerRotation({ maxAgeSeconds }: RotationOptions = {}): void {
  if (
    maxAgeSeconds !== undefined &&
    !(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 1 && maxAgeSeconds <= 86_400)
  ) {
    throw new VaultstrapError(
      'ERR_INVALID_OPTION',
      'option maxAgeSeconds is malformed.',
      'Expected: a whole number from 1 to 86,400.',
    );
  }
  const maxAgeMs = maxAgeSeconds === undefined ? Number.POSITIVE_INFINITY : maxAgeSeconds * 1000;
  app.hook.appStart(async () => {
    await bootstrap();
  });
  app.hook.preInvocation(() => {
    const engine = existingEngine();
    engine?.repair();
    // No promise while fresh: an invocation then pays for two comparisons.
    return (engine?.ageMs() ?? 0) > maxAgeMs ? refresh().then(() => {}) : undefined;
  });
}
