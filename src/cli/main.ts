#!/usr/bin/env node
import { Command } from 'commander';
import { runCommand } from './run.js';

declare const VAULTSTRAP_VERSION: string;

/** Exit statuses of the command line: 0 done, 1 something is unresolved, 2 usage; `run` has the child's. */
const USAGE = 2;

const program = new Command('vaultstrap')
  .description('Key Vault references in settings become values, through the managed identity.')
  .version(VAULTSTRAP_VERSION)
  .enablePositionalOptions()
  .showHelpAfterError('Run vaultstrap --help to see how.')
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : USAGE);
  });

program
  .command('run')
  .description('Start a command whose environment holds values in the place of references.')
  .argument('<command...>', 'the command and its arguments, behind --')
  .passThroughOptions()
  .addHelpText('after', '\nExamples:\n  vaultstrap run -- node server.js\n  vaultstrap run -- npm start\n')
  .action(async ([command = '', ...args]: string[]) => {
    process.exitCode = await runCommand(command, args);
  });

void program.parseAsync();
