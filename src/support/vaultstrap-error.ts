import type { Code, SafeCause } from './failure.js';

const BRAND = Symbol.for('vaultstrap/error');

/**
 * Every error that vaultstrap throws. Recognise it by `code`, or with
 * `isVaultstrapError`: `instanceof` fails when two copies of the package are loaded.
 */
export class VaultstrapError extends Error {
  readonly code: Code;
  /** The remedy, in one or two sentences. */
  readonly hint: string;

  constructor(code: Code, message: string, hint: string, cause?: SafeCause) {
    super(withRemedy(message, hint), cause && Object.keys(cause).length > 0 ? { cause } : undefined);
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

// On the prototype, as built-in errors have it: an own property would be printed beside the message.
Object.defineProperty(VaultstrapError.prototype, 'name', {
  value: 'VaultstrapError',
  configurable: true,
  writable: true,
});

/** Of an uncaught error most print the message and nothing else: consoles, the Functions worker, many loggers. */
function withRemedy(message: string, hint: string): string {
  return message.includes(hint) ? message : `${message} Hint: ${hint}`;
}

/** Whether an error comes from vaultstrap, from whichever copy of it. */
export function isVaultstrapError(error: unknown): error is VaultstrapError {
  return typeof error === 'object' && error !== null && BRAND in error;
}
