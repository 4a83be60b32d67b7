import { Command } from 'commander';
import { addCheck } from './commands/check.js';
import { addDoctor } from './commands/doctor.js';
import { addEmulate } from './commands/emulate.js';
import { addImport } from './commands/import.js';
import { addInit } from './commands/init.js';
import { addLint } from './commands/lint.js';
import { addRun } from './commands/run.js';
import { addSet } from './commands/set.js';
import { EXIT } from './support/exit.js';
import { explain } from './support/terminal.js';

declare const VAULTSTRAP_VERSION: string;

// Commands are described here and loaded when they are called: `run` stands before an app's start.
const program = new Command('vaultstrap')
  .description('Key Vault references in settings become values, through the managed identity.')
  .version(VAULTSTRAP_VERSION)
  .enablePositionalOptions()
  .showHelpAfterError('Run vaultstrap --help to see how.')
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
  });

for (const add of [addRun, addCheck, addLint, addDoctor, addInit, addEmulate, addSet, addImport]) add(program);

program.parseAsync().catch(explain);
