import type { Code, Failure, SafeCause, Status } from './failure.js';

const BRAND = Symbol.for('vaultstrap/error');

/** One failing setting of an error, without any value. */
export interface SettingFailure {
  readonly setting: string;
  readonly status: Status;
  readonly code: Code;
  readonly details: string;
  readonly hint: string;
  readonly cause?: SafeCause;
}

/**
 * Every error that vaultstrap throws. Recognise it by `code`, or with
 * `isVaultstrapError`: `instanceof` fails when two copies of the package are loaded.
 */
export class VaultstrapError extends Error {
  readonly code: Code;
  /** The remedy, in one or two sentences. */
  readonly hint: string;

  constructor(code: Code, message: string, hint: string, cause?: SafeCause) {
    super(message, cause && Object.keys(cause).length > 0 ? { cause } : undefined);
    this.code = code;
    this.hint = hint;
    // Out of what Node prints of an uncaught error: the message says it already.
    Object.defineProperties(this, { hint: { enumerable: false }, [BRAND]: { value: true } });
  }

  /** For loggers that write JSON. */
  toJSON(): object {
    const { name, code, message, hint } = this;
    return { name, code, message, hint };
  }
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

// On the prototypes, as built-in errors have it: an own property would be printed beside the message.
Object.defineProperty(VaultstrapError.prototype, 'name', {
  value: 'VaultstrapError',
  configurable: true,
  writable: true,
});
Object.defineProperty(BootstrapError.prototype, 'name', {
  value: 'BootstrapError',
  configurable: true,
  writable: true,
});

/** Whether an error comes from vaultstrap, from whichever copy of it. */
export function isVaultstrapError(error: unknown): error is VaultstrapError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

export function settingFailure(setting: string, failure: Failure): SettingFailure {
  const { status, code, details, hint, cause } = failure;
  return { setting, status, code, details, hint, ...(cause && { cause }) };
}

/** One line of prose per failing setting; the first line says it all when there is one. */
function renderFailures(failures: readonly SettingFailure[]): string {
  const lines = failures.map(renderFailure);
  return lines.length === 1 ? lines.join() : `${lines.length} settings could not be resolved.\n  ${lines.join('\n  ')}`;
}

export function renderFailure(failure: SettingFailure): string {
  return `${failure.setting}: ${textOfFailure(failure)} Hint: ${failure.hint}`;
}

/** What happened, without the remedy. */
export function textOfFailure({ status, code, details }: Pick<Failure, 'status' | 'code' | 'details'>): string {
  return `${status} (${code}): ${details}`;
}
