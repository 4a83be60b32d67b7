import type { Command } from 'commander';
import type { LintOptions } from '../lint.js';
import { addNames } from '../support/repeated.js';

const HELP = `
Without files: the settings, templates and app of this folder. Nothing is
executed, and nothing leaves the machine. In GitHub Actions and Azure Pipelines
the findings become annotations by themselves.

Exit status: 0 no error; 1 an error, or too many warnings; 2 a mistake in the
call, or a file that it names and that cannot be read.

Examples:
  vaultstrap lint
  vaultstrap lint infra/main.bicep local.settings.json
  vaultstrap lint --max-warnings 0 --ignore-rule pinned-version
  vaultstrap lint --format sarif > vaultstrap.sarif`;

export function addLint(program: Command): void {
  program
    .command('lint')
    .summary('Find mistakes in references, settings and startup; no network')
    .description('Find what is wrong with references, settings and startup before it runs; no network.')
    .argument('[files...]', 'settings, templates, code, or folders')
    .option('--format <name>', 'text, json, github, azure or sarif')
    .option('--json', 'the same as --format json')
    .option('--max-warnings <n>', 'exit 1 when there are more')
    .option('--ignore-rule <id>', 'leave a rule out; may be repeated', addNames)
    .addHelpText('after', HELP)
    .action(async (files: string[], options: Omit<LintOptions, 'version'>) => {
      const { lint } = await import('../lint.js');
      process.exitCode = await lint(files, { ...options, version: program.version() ?? '' });
    });
}
