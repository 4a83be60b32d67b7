import { hasVariable } from '../settings/environment.js';
import type { Log } from '../support/log.js';
import type { Standing } from './standing.js';

/**
 * Says once of a name that nothing here has it. A plain value is no mistake (one's own machine), and before a start
 * nothing is known yet.
 */
export function createNameCheck(standing: Standing, log: () => Log): (setting: string) => void {
  const told = new Set<string>();
  return (setting) => {
    if (!standing.input || told.has(setting) || hasVariable(setting)) return;
    if (standing.composed.some(({ planned }) => planned.setting === setting)) return;
    told.add(setting);
    log().warn(`onRotated listens to ${setting}, and there is no such setting so far.`);
  };
}
