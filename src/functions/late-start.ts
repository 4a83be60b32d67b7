import type { Report } from '../report/types.js';
import { listed } from '../support/words.js';

/**
 * What to warn of behind a start that began in the `appStart` hook, behind the app's modules; `undefined`: nothing. What a
 * parent process or the platform had resolved was a value all the time.
 */
export function lateStartWarning({ settings }: Pick<Report, 'settings'>): string | undefined {
  const late = settings.filter(({ origin }) => origin === 'reference' || origin === 'template');
  if (late.length === 0) return undefined;
  const names = listed(
    late.map(({ setting }) => setting),
    12,
  );
  return `registerRotation() began the start, after the app's modules: while those loaded, ${names} held no value yet. Import 'vaultstrap/register' in the file that loads first: npx vaultstrap init.`;
}
