import type { Command } from 'commander';
import { type RunOptions, runCommand } from '../run.js';
import { addSourceOptions, SOURCES_HELP } from '../support/sources.js';

export function addRun(program: Command): void {
  addSourceOptions(
    program
      .command('run')
      .summary('Start a command with values in the place of references')
      .description('Start a command whose environment holds values in the place of references.')
      .argument('<command...>', 'the command and its arguments, after --'),
  )
    .option('--mask', "conceal values of four characters and more in the command's output, as well as can be done")
    .passThroughOptions()
    .addHelpText(
      'after',
      `${SOURCES_HELP}

Exit status: the command's own, 128 + n when signal n ended it; 125 a setting
could not be resolved, and nothing was started; 126 not executable; 127 not
found; 2 a mistake in the call or in a file.

Examples:
  vaultstrap run -- node server.js
  vaultstrap run --env-file .env -- npm start
  vaultstrap run -- func start        reads local.settings.json
  vaultstrap run --mask -- ./deploy.sh`,
    )
    .action(async ([command = '', ...args]: string[], options: RunOptions) => {
      process.exitCode = await runCommand(command, args, options);
    });
}
