import type { Command } from 'commander';
import type { SetOptions } from '../set.js';
import { UsageError } from '../support/exit.js';

const HELP = `
The value comes from standard input, byte for byte but for one line end behind it, or from a hidden prompt.
The reference to paste goes to standard output, everything else to standard error.

Examples:
  vaultstrap set my-vault db-password
  openssl rand -base64 24 | vaultstrap set my-vault db-password --expires 2027-06-30
  vaultstrap set my-vault tls-key --keep-newline --content-type application/x-pem-file < key.pem`;

export function addSet(program: Command): void {
  program
    .command('set')
    .description('Write a secret to a vault, and print the reference to it.')
    .argument('<vault>', "the vault's name")
    .argument('<name>', "the secret's name")
    .option('--keep-newline', 'keep the line end behind the value')
    .option('--content-type <type>', 'what the value is, for people')
    .option('--expires <date>', 'when it expires: 2027-06-30, or with a time and Z')
    .option('--not-before <date>', 'when it becomes valid')
    .option('--tag <name=value>', 'a tag; may be given several times', (tag, tags: readonly string[] = []) => [
      ...tags,
      tag,
    ])
    .option('--identity <id>', 'client id, object:{id}, resource id, or system')
    .option('--json', 'the outcome as JSON')
    .addHelpText('after', HELP)
    // Refused here: commander would quote what may well be the value.
    .allowExcessArguments()
    .action(async (vault: string, name: string, options: SetOptions, { args }: Command) => {
      if (args.length > 2) {
        throw new UsageError(
          "set takes a vault and a name. A value in the arguments is in the shell's history and in every process list.",
          'Give it on standard input, or at the prompt. If that was a secret, make a new one.',
        );
      }
      const { set } = await import('../set.js');
      process.exitCode = await set(vault, name, options);
    });
}
