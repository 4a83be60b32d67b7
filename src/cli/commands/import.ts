import type { Command } from 'commander';
import type { ImportOptions } from '../import.js';
import { addNames } from '../support/repeated.js';

const HELP = `
Without --yes nothing is written: the table shows what would be done, and why.
A setting is replaced in the file only when its secret was written and read
back. Run it again at any time: what is done is not done twice.

Exit status: 0 done, or nothing to do; 1 something was not moved; 2 a mistake
in the call or in the file.

Examples:
  vaultstrap import local.settings.json --vault my-vault
  vaultstrap import local.settings.json --vault my-vault --yes
  vaultstrap import .env --vault my-vault --only DB_PASSWORD --yes`;

export function addImport(program: Command): void {
  program
    .command('import')
    .summary('Move plaintext settings of a file into a vault')
    .description('Move plaintext settings of a file into a vault, and leave references to them.')
    .argument('<file>', 'local.settings.json, a .env file, or the list of app settings that az prints')
    .requiredOption('--vault <name>', 'the vault to move them to')
    .option('-y, --yes', 'do it')
    .option('--all', 'every setting that can be moved, not only what looks like a secret')
    .option('--only <names>', 'these settings, separated by commas', addNames)
    .option('--except <names>', 'not these settings', addNames)
    .option('--prefix <text>', "put before every secret's name")
    .option('--overwrite', 'give an existing secret of another value a new version')
    .option('--identity <id>', 'client id, object:{id}, resource id, or system')
    .option('--json', 'the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, options: ImportOptions) => {
      const { importSettings } = await import('../import.js');
      process.exitCode = await importSettings(file, options);
    });
}
