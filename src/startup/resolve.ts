import type { Resolution } from '../report/types.js';
import { textOf } from '../rotation/changes.js';
import type { SettingNote } from '../rotation/standing.js';
import type { Clock } from '../support/clock.js';
import { malformed } from '../support/options.js';
import { idleReport } from './idle-report.js';
import { readForJob } from './job.js';
import type { concludeSession, Session } from './session.js';
import { reportSession } from './session-report.js';

export interface ResolveContext {
  /** A session of the record's own; `undefined` for a process that is told to leave us alone. */
  readonly open: () => Session | undefined;
  /** The start has loaded it, and it is large: what is loaded later gets it from there. */
  readonly concludeSession: typeof concludeSession;
  readonly clock: Clock;
}

/** Resolves a record of settings: the process's state and environment stay as they are. */
export async function resolveRecord(
  settings: Readonly<Record<string, string | undefined>>,
  { open, concludeSession, clock }: ResolveContext,
): Promise<Resolution> {
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || typeof value === 'string') continue;
    throw malformed(`the value of ${name} in settings`, 'text, or undefined');
  }
  const session = open();
  if (!session || session.plan.settings.length === 0)
    return { values: withValues(Object.entries(settings)), report: idleReport() };
  const results = await readForJob(session.client, session.job);
  session.client.rest();
  const { composed, error } = concludeSession(session, results);
  if (error) throw error;
  const values = new Map(Object.entries(settings));
  const resolvedAtMs = clock.now();
  const notes = new Map<string, SettingNote>();
  for (const setting of composed) {
    const { planned, outcome } = setting;
    const keepsRaw = outcome.kind === 'failed' && session.config.onError === 'keep';
    if (!keepsRaw) for (const name of planned.names) values.set(name, textOf(setting));
    if (outcome.kind === 'value') notes.set(planned.setting, { resolvedAtMs });
    else if (keepsRaw) notes.set(planned.setting, { keepsRaw });
  }
  return {
    values: withValues(values),
    report: reportSession(session, composed, (setting) => notes.get(setting) ?? {}, resolvedAtMs, {
      generation: 1,
      durationMs: Math.round(clock.monotonic() - session.began.monotonicMs),
    }),
  };
}

function withValues(entries: Iterable<[string, string | undefined]>): Record<string, string> {
  return Object.fromEntries([...entries].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
