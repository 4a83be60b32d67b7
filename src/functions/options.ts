import { readVariable } from '../settings/environment.js';
import { VaultstrapError } from '../support/errors.js';
import { isObject } from '../support/json.js';
import { isSchedule } from '../support/ncrontab.js';
import { checkObject, malformed } from '../support/options.js';

/** The timer function, beyond its schedule. */
export interface TimerTriggerOptions {
  /** Also run whenever an instance begins to listen. Default: the host's, which is false. */
  readonly runOnStartup?: boolean;
  /** Remember in storage when it last ran, and make up for a missed run. Default: the host's, which is true. */
  readonly useMonitor?: boolean;
}

/** Options of `registerRotation`. Functions are added only on request. */
export interface RotationOptions {
  /**
   * An invocation waits for a refresh when the values are older than this many seconds, 1 to 86,400.
   * Default: no invocation ever waits; the clock of the process keeps values fresh.
   */
  readonly maxAgeSeconds?: number | undefined;
  /** Adds `rotateSecrets`, which refreshes on a schedule; it wakes an app that scales to zero. */
  readonly timer?: boolean | TimerTriggerOptions | undefined;
  /**
   * When `rotateSecrets` runs: NCRONTAB of 5 or 6 fields, a time span, or the name of a setting between `%`.
   * Default: `%VAULTSTRAP_SCHEDULE%` if that setting exists, else every five minutes.
   */
  readonly schedule?: string | undefined;
  /** Adds `secretChanged`, for events of Key Vault from Event Grid; the app needs an extension bundle. */
  readonly events?: boolean | undefined;
  /** Adds `secretsStatus`: `GET vaultstrap/status`, behind a function key. */
  readonly status?: boolean | undefined;
}

const EVERY_FIVE_MINUTES = '0 */5 * * * *';

/**
 * The schedule of the timer function. A `%SETTING%` that does not exist would break the indexing of the
 * whole app in the host, so it is named only where it does.
 */
export function rotationSchedule(option?: string): string {
  return option ?? (readVariable('VAULTSTRAP_SCHEDULE') ? '%VAULTSTRAP_SCHEDULE%' : EVERY_FIVE_MINUTES);
}

const isFlag = (value: unknown) => typeof value === 'boolean';
const isAge = (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 86_400;
const FLAG = 'true or false';
const SCHEDULE = 'NCRONTAB of 5 or 6 fields, a time span hh:mm:ss';

const OPTIONS: Readonly<Record<keyof RotationOptions, readonly [(value: unknown) => boolean, expected: string]>> = {
  maxAgeSeconds: [isAge, 'a whole number from 1 to 86,400'],
  timer: [isTimer, 'true, false, or { runOnStartup, useMonitor }, each true or false'],
  schedule: [isScheduleOption, `${SCHEDULE}, or %SETTING%`],
  events: [isFlag, FLAG],
  status: [isFlag, FLAG],
};

/**
 * Checks what the types cannot: callers may be JavaScript, and values may come from anywhere.
 *
 * @throws VaultstrapError `ERR_INVALID_OPTION`, naming the option and what was expected; `ERR_INVALID_SETTING` for a
 * `VAULTSTRAP_SCHEDULE` that the timer would take.
 */
export function checkRotationOptions(given: unknown): RotationOptions {
  const options = checkObject('the argument of registerRotation', given as RotationOptions, 'required');
  for (const [name, value] of Object.entries(options)) {
    const option = `option ${name} of registerRotation`;
    if (!Object.hasOwn(OPTIONS, name))
      throw malformed(option, `one of ${Object.keys(OPTIONS).join(', ')}`, 'does not exist');
    const [isValid, expected] = OPTIONS[name as keyof RotationOptions];
    if (value !== undefined && !isValid(value)) throw malformed(option, expected);
  }
  const { timer, schedule } = options;
  if (schedule !== undefined && !timer)
    throw malformed('option schedule of registerRotation', 'timer: true beside it', 'has no timer');
  const setting = timer && schedule === undefined ? readVariable('VAULTSTRAP_SCHEDULE') : undefined;
  // The host would tell its own log, and run the app without the timer.
  if (setting && !isSchedule(setting.trim()))
    throw new VaultstrapError('ERR_INVALID_SETTING', 'VAULTSTRAP_SCHEDULE is no schedule.', `Expected: ${SCHEDULE}.`);
  return options;
}

function isTimer(value: unknown): boolean {
  if (isFlag(value)) return true;
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([name, flag]) => (name === 'runOnStartup' || name === 'useMonitor') && (flag === undefined || isFlag(flag)),
    )
  );
}

/** As far as it can be told without the host: it must have the shape of one of the three forms. */
function isScheduleOption(value: unknown): boolean {
  return typeof value === 'string' && (/^%[^%\s]+%$/.test(value) || isSchedule(value));
}
