import type { ComposedSetting } from '../rotation/compose.js';
import type { SettingFailure } from '../support/errors.js';
import type { Log } from '../support/log.js';

/** What a start that succeeded has to say: a warning for each setting that could not be had, the rest on request. */
export function tellOfStart(log: Log, composed: readonly ComposedSetting[], durationMs: number): void {
  for (const { planned, outcome } of composed) {
    const failure =
      outcome.kind === 'failed' ? outcome.failure : outcome.kind === 'current' ? outcome.because : undefined;
    if (!failure) {
      log.debug(
        `${planned.setting}: ${outcome.kind === 'unset' ? 'left unset, its secret does not exist' : 'in place'}.`,
      );
      continue;
    }
    const what = outcome.kind === 'failed' ? 'is not resolved' : 'keeps the value it was started with';
    log.warn(`${planned.setting} ${what} (${failure.code}): ${failure.details} Hint: ${failure.hint}`);
  }
  log.info(`settings: ${composed.length}, resolved in ${durationMs} ms.`);
}

/** One line each: the Functions host makes one log entry of every line. */
export function tellOfFailures(log: Log, failures: readonly SettingFailure[]): void {
  for (const { setting, status, code, details, hint } of failures) {
    log.error(`${setting}: ${status} (${code}): ${details} Hint: ${hint}`);
  }
}
