import type { Resolution } from '../report/types.js';
import { textOf } from '../rotation/changes.js';
import { liveEnvironment } from '../settings/environment.js';
import type { Clock } from '../support/clock.js';
import { isEnabled } from '../support/config.js';
import { type BootstrapOptions, malformed } from '../support/options.js';
import { readForJob } from './job.js';
import { later } from './later.js';
import { concludeSession, openSession } from './session.js';

/** Resolves a record of settings with a session of its own: the process's state and environment stay as they are. */
export async function resolveRecord(
  settings: Readonly<Record<string, string | undefined>>,
  options: BootstrapOptions,
  clock: Clock,
): Promise<Resolution> {
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || typeof value === 'string') continue;
    throw malformed(`the value of ${name} in settings`, 'text, or undefined');
  }
  const untouched = () => ({ values: withValues(Object.entries(settings)), report: later().idleReport() });
  if (!isEnabled(liveEnvironment(), options)) return untouched();
  const session = openSession({ env: settings, realEnv: liveEnvironment, options, clock });
  if (session.plan.settings.length === 0) return untouched();
  const results = await readForJob(session.client, session.job);
  session.client.rest();
  const { composed, error } = concludeSession(session, results);
  if (error) throw error;
  const values = new Map(Object.entries(settings));
  for (const setting of composed) {
    const keepsRaw = setting.outcome.kind === 'failed' && session.config.onError === 'keep';
    for (const name of setting.planned.names) if (!keepsRaw) values.set(name, textOf(setting));
  }
  const resolvedAtMs = clock.now();
  return {
    values: withValues(values),
    report: later().reportSession(session, composed, () => ({ resolvedAtMs }), resolvedAtMs, {
      generation: 1,
      durationMs: Math.round(clock.monotonic() - session.began.monotonicMs),
    }),
  };
}

function withValues(entries: Iterable<[string, string | undefined]>): Record<string, string> {
  return Object.fromEntries([...entries].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
