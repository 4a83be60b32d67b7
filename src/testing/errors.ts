export type EmulatorErrorCode =
  | 'ERR_EMULATOR_START'
  | 'ERR_EMULATOR_STOPPED'
  | 'ERR_EMULATOR_NOT_FOUND'
  | 'ERR_EMULATOR_STATE';

/**
 * A call that the emulator could not carry out. Malformed arguments are a
 * `TypeError` instead. Neither ever quotes a secret's value.
 */
export class EmulatorError extends Error {
  readonly code: EmulatorErrorCode;

  constructor(code: EmulatorErrorCode, message: string) {
    super(message);
    this.name = 'EmulatorError';
    this.code = code;
  }
}
