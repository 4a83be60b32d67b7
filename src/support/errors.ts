import type { Code, Failure, SafeCause, Status } from './failure.js';
import { groupBy } from './group-by.js';
import { VaultstrapError } from './vaultstrap-error.js';
import { visible } from './visible.js';

export { isVaultstrapError, VaultstrapError } from './vaultstrap-error.js';

/** One failing setting of an error, without any value. */
export interface SettingFailure {
  readonly setting: string;
  readonly status: Status;
  readonly code: Code;
  readonly details: string;
  readonly hint: string;
  readonly cause?: SafeCause;
}

/** Thrown when settings could not be resolved; lists all of them at once. */
export class BootstrapError extends VaultstrapError {
  readonly failures: readonly SettingFailure[];

  constructor(failures: readonly SettingFailure[]) {
    const first = failures[0];
    super(
      failures.length === 1 && first ? first.code : 'ERR_BOOTSTRAP',
      renderFailures(failures),
      first?.hint ?? '',
      failures.length === 1 ? first?.cause : undefined,
    );
    this.failures = failures;
    Object.defineProperty(this, 'failures', { enumerable: false });
  }

  override toJSON(): object {
    return { ...super.toJSON(), failures: this.failures };
  }
}

// On the prototype, as built-in errors have it.
Object.defineProperty(BootstrapError.prototype, 'name', {
  value: 'BootstrapError',
  configurable: true,
  writable: true,
});

export function settingFailure(setting: string, failure: Failure): SettingFailure {
  const { status, code, details, hint, cause } = failure;
  return { setting, status, code, details, hint, ...(cause && { cause }) };
}

/** The first line says it all when one setting failed. */
function renderFailures(failures: readonly SettingFailure[]): string {
  const text = failureLines(failures).join('\n  ');
  return failures.length === 1 ? text : `${failures.length} settings could not be resolved.\n  ${text}`;
}

/** One line of prose for all settings that failed alike: a sign-in that is missing is one piece of news, not fifty. */
export function failureLines(failures: readonly SettingFailure[]): readonly string[] {
  const alike = groupBy(failures, (failure) => `${textOfFailure(failure)} Hint: ${failure.hint}`);
  return [...alike].map(([text, those]) => visible(`${namesOf(those)}: ${text}`));
}

/** In a line that has to be read; `failures` has them all. */
const MOST_NAMES = 50;

function namesOf(failures: readonly SettingFailure[]): string {
  const shown = failures.slice(0, MOST_NAMES).map(({ setting }) => setting);
  const more = failures.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What happened, without the remedy. */
export function textOfFailure({ status, code, details }: Pick<Failure, 'status' | 'code' | 'details'>): string {
  return `${status} (${code}): ${details}`;
}
