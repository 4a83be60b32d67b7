import type { Report } from '../report/types.js';
import { readVariable } from '../settings/environment.js';
import { createLog, type LogLevel } from '../support/log.js';

/**
 * For a start that began in the `appStart` hook, behind the app's modules. What a parent process or the platform
 * had resolved was a value all the time.
 */
export function warnOfLateStart({ settings }: Pick<Report, 'settings'>): void {
  const late = settings.filter(({ origin }) => origin === 'reference' || origin === 'template');
  if (late.length === 0) return;
  // The start has checked it.
  const level = readVariable('VAULTSTRAP_LOG')?.trim().toLowerCase() || 'warn';
  createLog(level as LogLevel).warn(
    `registerRotation() began the start, behind the app's modules: while those loaded, ${late
      .map(({ setting }) => setting)
      .join(', ')} held no value yet. Import 'vaultstrap/register' in the file that loads first: npx vaultstrap init.`,
  );
}
