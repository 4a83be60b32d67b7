import { liveEnvironment, variableNames } from '../settings/environment.js';
import { bareName, isProtected, isRecord } from '../settings/names.js';
import { hasMarker } from '../settings/scan.js';
import { createLog } from '../support/log.js';
import { listed } from '../support/words.js';
import { existingEngine } from './slot.js';

/** One line about references that came into the environment behind the start: nobody resolves them. */
export function tellOfLate(): void {
  const env = liveEnvironment();
  const engine = existingEngine();
  // What a start knows of is on its way, or has failed, and was told.
  const planned = [...(engine?.references() ?? []), ...(engine?.report().settings ?? [])];
  const known = new Set(planned.map(({ setting }) => setting));
  const ignored = new Set((env['VAULTSTRAP_IGNORE'] ?? '').split(',').map((name) => name.trim()));
  const late = variableNames(env).filter((name) => {
    const isOurs = hasMarker(env[name]) && !isRecord(name) && !isProtected(name);
    return isOurs && ![name, bareName(name)].some((one) => known.has(one) || ignored.has(one));
  });
  if (late.length === 0) return;
  const { warn } = engine ?? createLog('warn');
  warn(
    `${listed(late, 3)}: set after vaultstrap/register had run, so the reference stays text. What loads .env belongs above it; npx vaultstrap lint shows where.`,
  );
}
