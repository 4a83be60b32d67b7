import { statusOfAll } from '../report/report.js';
import type { ComposedSetting } from '../rotation/compose.js';
import type { Rotator } from '../rotation/rotator.js';
import type { Trouble } from '../rotation/trouble.js';
import type { StartMessage } from '../support/channels.js';
import type { BootstrapError } from '../support/errors.js';
import type { Log } from '../support/log.js';
import { later } from './later.js';
import type { Session } from './session.js';
import type { Starts } from './starts.js';

/** What a start that succeeded has to say: a warning for settings that could not be had, the rest on request. */
export function tellOfStart(log: Log, composed: readonly ComposedSetting[], durationMs: number): void {
  const troubles: Trouble[] = [];
  for (const { planned, outcome } of composed) {
    const { setting } = planned;
    const failure =
      outcome.kind === 'failed' ? outcome.failure : outcome.kind === 'current' ? outcome.because : undefined;
    if (failure) troubles.push({ setting, becomes: outcome.kind === 'failed' ? 'unresolved' : 'inherited', failure });
    else log.debug(`${setting}: ${outcome.kind === 'unset' ? 'left unset, its secret does not exist' : 'in place'}.`);
  }
  if (troubles.length > 0) for (const line of later().troubleLines(troubles)) log.warn(line);
  log.info(`settings: ${composed.length}, resolved in ${durationMs} ms.`);
}

/** The same for the channel `vaultstrap:start`. */
export function startMessage(
  { client, began }: Session,
  { durationMs = 0 }: Pick<Starts, 'durationMs'>,
  { composed, noteOf }: Pick<Rotator, 'composed' | 'noteOf'>,
  error: BootstrapError | undefined,
): StartMessage {
  const code = error?.failures[0]?.code;
  return {
    status: error ? 'failed' : statusOfAll(composed, noteOf),
    settings: composed.length,
    requests: client.requests,
    startedAtMs: began.wallMs,
    durationMs,
    ...(code && { code }),
  };
}
