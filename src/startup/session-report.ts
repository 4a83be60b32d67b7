import { isDegraded, settingReport } from '../report/report.js';
import type { Report } from '../report/types.js';
import type { ComposedSetting } from '../rotation/compose.js';
import type { SettingNote } from '../rotation/rotator.js';
import { liveEnvironment } from '../settings/environment.js';
import { relaxationsIn } from '../support/config.js';
import { printIdentity } from '../support/identity-selector.js';
import type { Session } from './session.js';

/** How a session stands that has succeeded, without values. */
export function reportSession(
  { client, config, plan, startedAtMs }: Session,
  composed: readonly ComposedSetting[],
  noteOf: (setting: string) => SettingNote,
  nowMs: number,
  more: Pick<Report, 'generation' | 'durationMs' | 'lastRefreshAt' | 'nextRefreshAt'>,
): Report {
  const source = client.source();
  const givenBy = client.givenBy();
  const relaxed = relaxationsIn(liveEnvironment());
  return {
    status: composed.some((setting) => isDegraded(setting, noteOf(setting.planned.setting))) ? 'degraded' : 'ready',
    ...more,
    ...(source.ok && {
      identity: {
        source: source.value.name,
        ...(config.identity.kind !== 'system' && { id: printIdentity(config.identity) }),
        ...(givenBy.length > 0 && { credential: givenBy.join(', ') }),
      },
    }),
    startedAt: new Date(startedAtMs).toISOString(),
    requests: client.requests,
    ...(relaxed.length > 0 && { relaxations: relaxed }),
    settings: composed.map((setting) => settingReport(setting, noteOf(setting.planned.setting), plan.reads, nowMs)),
  };
}
