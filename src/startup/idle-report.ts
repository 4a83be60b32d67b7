import type { Report } from '../report/types.js';
import { liveEnvironment } from '../settings/environment.js';
import { relaxationsIn } from '../support/relaxations.js';
import { NO_REQUESTS } from './job.js';
import { mustStart } from './quick-look.js';

/** Of what was not started, has nothing to resolve, or failed before that was known. */
export function idleReport(status: 'idle' | 'failed' = 'idle'): Report {
  const env = liveEnvironment();
  // Of a process that is told to leave us alone nothing is in force.
  const relaxed = mustStart(env) ? relaxationsIn(env) : [];
  return {
    status,
    generation: 0,
    requests: NO_REQUESTS,
    ...(relaxed.length > 0 && { relaxations: relaxed }),
    settings: [],
  };
}
