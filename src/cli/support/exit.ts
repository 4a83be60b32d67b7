/** Exit statuses of the command line. `run` and `emulate` have the command's, or one of their own. */
export const EXIT = {
  done: 0,
  /** Something is unresolved, or lint found an error. */
  unresolved: 1,
  usage: 2,
  /** Of `run` and `emulate`: we failed before the command was started. */
  failedBefore: 125,
} as const;

/** A mistake in how a command was called: printed without a stack, exit 2. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** By name: each command is a file of its own in dist, with a class of its own. */
export function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && error.name === 'UsageError';
}

/** The call is right, and this machine does not let us: printed without a stack. */
export class FailedError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'FailedError';
    this.hint = hint;
  }
}
