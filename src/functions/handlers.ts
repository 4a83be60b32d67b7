import type {
  EventGridHandler,
  HttpRequest,
  HttpResponseInit,
  InvocationContext,
  Timer,
  TimerHandler,
} from '@azure/functions';
import { refresh, report } from '../index.js';
import { contentSecurityPolicy, renderHtml } from '../report/html.js';
import type { SettingReport } from '../report/types.js';
import { type Trouble, troubleLines, WOULD_FAIL } from '../rotation/trouble.js';
import type { RefreshResult } from '../rotation/types.js';
import { existingEngine } from '../startup/slot.js';
import { systemClock } from '../support/clock.js';
import { printJson } from '../support/json.js';
import { visible } from '../support/visible.js';
import { prefersHtml } from './accept.js';
import { parseSecretEvent, type SecretEvent } from './event.js';
import { spaced } from './spaced.js';

type Logger = Pick<InvocationContext, 'log' | 'warn' | 'error'>;

/** Handler of the timer function: refreshes this process, and reports. Every other process has its own clock. */
export const rotateSecrets: TimerHandler = async (_timer: Timer, context: InvocationContext): Promise<void> => {
  tell(await refresh(), context);
};

/** Events come in bursts, one per secret and version; the refresh that follows reads everything. */
const EVENTS_EVERY_MS = 5000;
const refreshAfterEvent = spaced(() => refresh(), EVENTS_EVERY_MS, systemClock);

/** Handler of the Event Grid function. Events of other vaults, and about anything but secrets, are passed over. */
export const secretChanged: EventGridHandler = async (event: unknown, context: InvocationContext): Promise<void> => {
  const parsed = parseSecretEvent(event);
  if (!parsed) {
    context.log('vaultstrap: passed over an event that is not about a secret of a vault.');
    return;
  }
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const ofVault =
    existingEngine()
      ?.references()
      .filter(({ vault }) => same(vault, parsed.vault)) ?? [];
  if (ofVault.length === 0) {
    context.log('vaultstrap: passed over an event of a vault that no setting refers to.');
    return;
  }
  const users = ofVault.filter(({ secret }) => same(secret, parsed.secret)).map(({ setting }) => setting);
  if (users.length > 0) warnOfExpiry(parsed, [...new Set(users)], context);
  tell(await refreshAfterEvent(), context);
};

function warnOfExpiry({ kind, vault, secret, expiresOn }: SecretEvent, users: readonly string[], context: Logger) {
  if (kind === 'new-version') return;
  const when = expiresOn ? ` on ${expiresOn.toISOString()}` : '';
  const what = `secret '${secret}' of vault '${vault}', used by ${visible(users.join(', '))}`;
  if (kind === 'near-expiry') context.warn(`vaultstrap: ${what}, expires${when}: add a new version.`);
  else context.error(`vaultstrap: ${what}, has expired${when}: Key Vault still serves it, whatever it opens may not.`);
}

/** Names, versions and codes; never values. */
function tell({ generation, changed, failed }: RefreshResult, context: Logger): void {
  const names = visible(changed.map(({ setting }) => setting).join(', '));
  context.log(`vaultstrap: generation ${generation}, ${names === '' ? 'nothing changed' : `changed: ${names}`}.`);
  if (failed.length === 0) return;
  const troubled = report().settings.filter(({ setting }) => failed.includes(setting));
  const refused = troubled.filter(({ wouldFailAtStart }) => wouldFailAtStart);
  const passing = troubled.filter(({ wouldFailAtStart }) => !wouldFailAtStart);
  const line = (text: string) => `vaultstrap: ${visible(text)}`;
  for (const text of troubleLines(refused.map(troubleOf), WOULD_FAIL)) context.error(line(text));
  for (const text of troubleLines(passing.map(troubleOf))) context.warn(line(text));
}

function troubleOf({ setting, kept, code = 'ERR_INTERNAL', details = '', hint = '' }: SettingReport): Trouble {
  return { setting, becomes: kept ? 'kept' : 'unresolved', failure: { code, details, hint } };
}

/** Handler of the status function: JSON, or a page for a browser. 503 after a failed start, else 200. */
export async function secretsStatus(request: HttpRequest): Promise<HttpResponseInit> {
  const current = report();
  const html = prefersHtml(request.headers.get('accept'));
  return {
    status: current.status === 'failed' ? 503 : 200,
    headers: {
      'Content-Type': html ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': html ? contentSecurityPolicy() : "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      Vary: 'Accept',
      'X-Content-Type-Options': 'nosniff',
    },
    body: html ? renderHtml(current) : printJson(current),
  };
}
