const HIDDEN = '[secret]';

/**
 * A value that hides itself from string conversion, JSON, `util.inspect` and
 * loggers that walk properties. Only `apply` and the pure composition before it
 * call `reveal()`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  equals(other: Secret): boolean {
    // Not `other.#value`: it may come from another copy of this class.
    return this.#value === other.reveal();
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}
