import { detectSource } from '../identity/source.js';
import { settingReport, statusOfAll } from '../report/report.js';
import type { Report } from '../report/types.js';
import type { ComposedSetting } from '../rotation/compose.js';
import type { Rotator } from '../rotation/rotator.js';
import { liveEnvironment } from '../settings/environment.js';
import { printIdentity } from '../support/identity-selector.js';
import { relaxationsIn } from '../support/relaxations.js';
import type { Session } from './session.js';
import type { Starts } from './starts.js';

/** How a session stands that has succeeded, without values. */
export function reportSession(
  { client, config, plan, began }: Session,
  composed: readonly ComposedSetting[],
  noteOf: Rotator['noteOf'],
  nowMs: number,
  more: Pick<Report, 'generation' | 'durationMs' | 'lastRefreshAt' | 'nextRefreshAt'>,
): Report {
  // Where tokens would come from now.
  const source = detectSource(liveEnvironment());
  const givenBy = client.givenBy();
  const relaxed = relaxationsIn(liveEnvironment());
  return {
    status: statusOfAll(composed, noteOf),
    ...more,
    ...(source.ok && {
      identity: {
        source: source.value.name,
        ...(config.identity.kind !== 'system' && { id: printIdentity(config.identity) }),
        ...(givenBy.length > 0 && { credential: givenBy.join(', ') }),
      },
    }),
    startedAt: new Date(began.wallMs).toISOString(),
    requests: client.requests,
    ...(relaxed.length > 0 && { relaxations: relaxed }),
    settings: composed.map((setting) => settingReport(setting, noteOf(setting.planned.setting), plan.reads, nowMs)),
  };
}

/** How the process stands, between starts and refreshes. */
export function reportProcess(
  session: Session,
  { durationMs }: Pick<Starts, 'durationMs'>,
  rotator: Rotator,
  nowMs: number,
): Report {
  const next = rotator.nextRefreshAtMs();
  const last = rotator.lastRefreshAtMs();
  return reportSession(session, rotator.composed, rotator.noteOf, nowMs, {
    generation: rotator.generation,
    ...(durationMs !== undefined && { durationMs }),
    ...(last !== undefined && { lastRefreshAt: new Date(last).toISOString() }),
    ...(next !== undefined && { nextRefreshAt: new Date(next).toISOString() }),
  });
}
