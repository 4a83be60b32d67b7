import type { Command } from 'commander';

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('Resolve every reference once and tell how each fared; no value is shown.')
    .option('--json', 'the report as JSON')
    .addHelpText('after', '\nExamples:\n  vaultstrap check\n  vaultstrap check --json')
    .action(async (options: { json?: true }) => {
      const { check } = await import('../check.js');
      process.exitCode = await check(options);
    });
}
