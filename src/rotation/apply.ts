/** What is to stand in each variable; `undefined`: nothing. */
export type Changes = ReadonlyMap<string, string | undefined>;

/**
 * The only place that writes `process.env`: all of it in one synchronous step, so that no reader
 * sees half a rotation. `undefined` removes a variable (assigning it would write "undefined").
 */
export function writeVariables(changes: Changes): void {
  changes.forEach((value, name) => {
    if (value !== undefined) {
      process.env[name] = value;
      return;
    }
    delete process.env[name];
    // Inherited by an object in its place, where undefined is no text.
    if (typeof process.env[name] === 'string') process.env[name] = value;
  });
}
