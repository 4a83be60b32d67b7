import { bootstrap, close, isVaultstrapError, report } from '../index.js';
import { readEnvironment } from '../settings/environment.js';
import { type Command, runChild } from './run/child.js';
import { EXIT } from './support/exit.js';
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
  const forCommand = await loadSources(options);
  try {
    await bootstrap();
    await close();
  } catch (error) {
    complain(isVaultstrapError(error) ? error.message : 'the settings could not be resolved.');
    return EXIT.failedBefore;
  }
  const { relaxations } = report();
  if (relaxations) note(`in force: ${relaxations.join(', ')}.`);
  const env = { ...readEnvironment(), ...Object.fromEntries(forCommand) };
  return runChild(options.mask ? await masked({ command, args, env }) : { command, args, env });
}

/** Its output is a pipe then: a program that looks for a terminal would leave its colours out. */
async function masked({ env, ...command }: Command): Promise<Command> {
  const [{ concealedTexts }, { patternsOf }, { passMasked }] = await Promise.all([
    import('./run/concealed.js'),
    import('./run/mask.js'),
    import('./run/masked-output.js'),
  ]);
  const patterns = patternsOf(concealedTexts(report(), env));
  const isDecided = ['FORCE_COLOR', 'NO_COLOR', 'NODE_DISABLE_COLORS'].some((name) => env[name] !== undefined);
  const depth = process.stdout.isTTY && !isDecided ? process.stdout.getColorDepth() : 1;
  return {
    ...command,
    env: { ...env, ...(depth > 1 && { FORCE_COLOR: depth >= 24 ? '3' : depth >= 8 ? '2' : '1' }) },
    output: (child) => passMasked(child, patterns),
  };
}
