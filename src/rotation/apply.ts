/**
 * The only place that writes `process.env`: all of it in one synchronous step, so that no reader
 * sees half a rotation. `undefined` removes a variable (assigning it would write "undefined").
 */
export function writeVariables(changes: Iterable<readonly [name: string, value: string | undefined]>): void {
  for (const [name, value] of changes) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
