import { liveEnvironment, readEnvironment, variableNames } from '../settings/environment.js';
import { bareName, isProtected, isRecord } from '../settings/names.js';
import { readProvenance } from '../settings/provenance.js';
import { hasMarker } from '../settings/scan.js';
import { createLog, LOG_LEVELS } from '../support/log.js';
import { setTimeout } from '../support/timers.js';
import { listed } from '../support/words.js';
import { isLeftAlone } from './left-alone.js';
import { mustStart } from './quick-look.js';
import { existingEngine } from './slot.js';

/** One line about references that came into the environment behind the start: nobody resolves them. */
export function tellOfLate(): void {
  const late = unknownReferences();
  if (late.length === 0) return;
  const { warn } = existingEngine() ?? createLog('warn');
  warn(
    `${listed(late, 3)}: set after vaultstrap/register had run, so the reference stays text. What loads .env belongs above it; npx vaultstrap lint shows where.`,
  );
}

let hasLooked = false;
/** Many an app listens while its modules load, and starts behind that. */
const SOON_MS = 10_000;

/** One line to who imports the library alone, and takes that for a start. */
export function tellOfUnstarted(asked: string): void {
  const env = liveEnvironment();
  if (hasLooked || existingEngine()?.options()) return;
  // Once: an app without references may ask often.
  hasLooked = true;
  if (!mustStart(env)) return;
  const raw = unknownReferences();
  const names = raw.length > 0 ? raw : [...readProvenance(readEnvironment()).keys()];
  if (names.length === 0) return;
  const [by, where] = raw.length > 0 ? ['nothing', ''] : ['only another process or thread', ' in this one'];
  // No start has read it.
  const level = LOG_LEVELS.find((one) => one === env['VAULTSTRAP_LOG']?.trim().toLowerCase());
  createLog(level ?? 'warn').warn(
    `${listed(names, 3)}: ${by} has resolved the reference, and ${asked} what a start${where} has resolved. Import 'vaultstrap/register' in the app's first line, or await bootstrap().`,
  );
}

/** The same, unless a start comes. */
export function tellOfUnstartedSoon(asked: string): void {
  if (existingEngine()?.options()) return;
  const tell = () => {
    try {
      tellOfUnstarted(asked);
    } catch {
      // Tests may have put something else in the place of `process.env` or the console meanwhile: nobody waits here.
    }
  };
  setTimeout(tell, SOON_MS).unref();
}

/** What a start knows of is on its way, or has failed, and was told. */
function unknownReferences(): readonly string[] {
  const env = liveEnvironment();
  const engine = existingEngine();
  const planned = [...(engine?.references() ?? []), ...(engine?.report().settings ?? [])];
  const known = new Set(planned.map(({ setting }) => setting));
  return variableNames(env).filter((name) => {
    const isOurs = hasMarker(env[name]) && !isRecord(name) && !isProtected(name);
    return isOurs && !known.has(name) && !known.has(bareName(name)) && !isLeftAlone(name, engine);
  });
}
