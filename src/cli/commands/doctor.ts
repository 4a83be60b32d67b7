import { type Command, InvalidArgumentError } from 'commander';
import type { DoctorOptions } from '../doctor.js';
import { addSourceOptions, SOURCES_HELP } from '../support/sources.js';

export function addDoctor(program: Command): void {
  addSourceOptions(
    program
      .command('doctor')
      .summary('Tell what is wrong on the way to each secret, with the remedy')
      .description(
        'Go the whole way to every secret and tell what is wrong on it, with the remedy; no value is shown.',
      ),
  )
    .option('--json', 'the findings as JSON')
    .option('--timeout <seconds>', 'give up after this long', seconds, 20)
    .option('--no-list', "do not try whether the vaults' secrets may be listed")
    .addHelpText(
      'after',
      `${SOURCES_HELP}

It only reads: a token per identity, each secret once, and the name of one
secret per vault (a SecretList in the audit log), to see whether rights go
further than they need to.

Exit status: 0 nothing is bad; 1 something is; 2 a mistake in the call or in a
file.

Examples:
  vaultstrap doctor
  vaultstrap doctor --env-file .env
  vaultstrap doctor --json --timeout 5`,
    )
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('../doctor.js');
      await doctor(options);
    });
}

function seconds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 600) return number;
  throw new InvalidArgumentError('A whole number from 1 to 600 is expected.');
}
