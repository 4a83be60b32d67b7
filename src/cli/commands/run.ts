import type { Command } from 'commander';
import { runCommand } from '../run.js';

export function addRun(program: Command): void {
  program
    .command('run')
    .description('Start a command whose environment holds values in the place of references.')
    .argument('<command...>', 'the command and its arguments, behind --')
    .passThroughOptions()
    .addHelpText('after', '\nExamples:\n  vaultstrap run -- node server.js\n  vaultstrap run -- npm start')
    .action(async ([command = '', ...args]: string[]) => {
      process.exitCode = await runCommand(command, args);
    });
}
