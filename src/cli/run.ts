import { bootstrapOnly, close, isVaultstrapError, report } from '../index.js';
import { readEnvironment } from '../settings/environment.js';
import { relaxationsIn } from '../support/relaxations.js';
import { runChild } from './support/child.js';
import { EXIT } from './support/exit.js';
import { endBySignal } from './support/signals.js';
import { loadSources, type SourceOptions } from './support/sources.js';
import { complain, note } from './support/terminal.js';

export interface RunOptions extends SourceOptions {
  /** Conceal values in the command's output. */
  readonly mask?: true;
}

/**
 * Resolves this process's settings, then runs the command with them; values exist in its environment only.
 *
 * @returns its exit status, or one of ours.
 */
export async function runCommand(command: string, args: readonly string[], options: RunOptions): Promise<number> {
  const handOver = endBySignal();
  const forCommand = await loadSources(options);
  let hasStarted: boolean;
  try {
    hasStarted = await bootstrapOnly();
    await close();
  } catch (error) {
    complain(isVaultstrapError(error) ? error.message : 'the settings could not be resolved.');
    return EXIT.failedBefore;
  }
  const env = readEnvironment();
  // The report is code of its own: loaded where it is asked for.
  const relaxations = hasStarted ? relaxationsIn(env) : (report().relaxations ?? []);
  if (!hasStarted) {
    const { hintOfUnread } = await import('./support/unread-files.js');
    const unread = hintOfUnread(options);
    if (unread !== undefined) note(unread);
  }
  if (relaxations.length > 0) note(`in force: ${relaxations.join(', ')}.`);
  for (const [name, value] of forCommand) env[name] = value;
  const whole = { command, args, env };
  const { masked } = options.mask ? await import('./run/masked.js') : {};
  handOver();
  return runChild(masked ? masked(whole, report()) : whole);
}
