import type { Command } from 'commander';
import type { SetOptions } from '../set.js';
import { addText } from '../support/repeated.js';

const HELP = `
The value comes from standard input, byte for byte but for one line end behind
it, or from a hidden prompt. The reference to paste goes to standard output,
everything else to standard error.

Exit status: 0 written; 1 not written; 2 a mistake in the call.

Examples:
  vaultstrap set my-vault db-password
  openssl rand -base64 24 | vaultstrap set my-vault db-password
  vaultstrap set my-vault api-key --expires 2031-06-30 --tag owner=payments
  vaultstrap set my-vault tls-key --keep-newline < key.pem`;

export function addSet(program: Command): void {
  program
    .command('set')
    .summary('Write a secret to a vault, and print its reference')
    .description('Write a secret to a vault, and print the reference to it.')
    .argument('<vault>', "the vault's name")
    .argument('<name>', "the secret's name")
    .option('--keep-newline', 'keep the line end after the value')
    .option('--content-type <type>', 'what the value is, for people')
    .option('--expires <date>', 'when it expires: 2027-06-30, or with a time and Z')
    .option('--not-before <date>', 'when it becomes valid')
    .option('--tag <name=value>', 'a tag; may be given several times', addText)
    .option('--identity <id>', 'client id, object:{id}, resource id, or system')
    .option('--json', 'the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async (vault: string, name: string, options: SetOptions) => {
      const { set } = await import('../set.js');
      process.exitCode = await set(vault, name, options);
    });
}
