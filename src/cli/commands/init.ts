import type { Command } from 'commander';
import type { InitOptions } from '../init.js';

const HELP = `
Adds the import that resolves settings, the dependency, and a sample of a
reference; in a Function App also what keeps values fresh. Shows the difference
and asks; without a terminal nothing is written unless --yes says so.

Exit status: 0 done, or nothing to do; 1 something is left to do by hand, with
the line to paste, or nobody could be asked; 2 a mistake in the call.

Examples:
  vaultstrap init --dry-run
  vaultstrap init --yes
  vaultstrap init --timer --status`;

export function addInit(program: Command): void {
  program
    .command('init')
    .summary('Add vaultstrap to the Functions or web app of this folder')
    .description('Add vaultstrap to the Functions or web app of this folder.')
    .option('-y, --yes', 'write without asking')
    .option('--dry-run', 'show what would be written')
    .option('--timer', 'Functions: a timer that refreshes, and wakes an app that scales to zero')
    .option('--events', "Functions: a trigger for Key Vault's events")
    .option('--status', 'Functions: a status page behind a function key')
    .addHelpText('after', HELP)
    .action(async (options: Omit<InitOptions, 'version'>) => {
      const { init } = await import('../init.js');
      process.exitCode = await init({ ...options, version: program.version() ?? '' });
    });
}
