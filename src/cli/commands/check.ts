import type { Command } from 'commander';
import type { CheckOptions } from '../check.js';
import { addSourceOptions, SOURCES_HELP } from '../support/sources.js';

export function addCheck(program: Command): void {
  addSourceOptions(
    program
      .command('check')
      .summary('Resolve every reference once, and tell how each fared')
      .description('Resolve every reference once and tell how each fared; no value is shown.')
      .option('--json', 'the report as JSON'),
  )
    .addHelpText(
      'after',
      `${SOURCES_HELP}

Exit status: 0 all is resolved, or there is nothing to resolve; 1 something is
not, or begins no reference and was meant as one; 2 a mistake in the call or in
a file.

Examples:
  vaultstrap check
  vaultstrap check --env-file .env
  vaultstrap check --json`,
    )
    .action(async (options: CheckOptions) => {
      const { check } = await import('../check.js');
      process.exitCode = await check(options);
    });
}
