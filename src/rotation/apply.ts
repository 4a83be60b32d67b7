/** What is to stand in each variable; `undefined`: nothing. */
export type Changes = ReadonlyMap<string, string | undefined>;

/**
 * The only place that writes `process.env`: all of it in one synchronous step, so that no reader
 * sees half a rotation. `undefined` removes a variable (assigning it would write "undefined").
 */
export function writeVariables(changes: Changes): void {
  changes.forEach((value, name) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  });
}
