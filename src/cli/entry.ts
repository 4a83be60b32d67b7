#!/usr/bin/env node
import { runCommand } from './run.js';
import { explain } from './support/terminal.js';

const [name, separator, command, ...args] = process.argv.slice(2);

// It stands before an app's start, and has nothing to parse: the parser would take a third of our time.
if (name === 'run' && separator === '--' && command !== undefined) {
  runCommand(command, args, {}).then((status) => {
    process.exitCode = status;
  }, explain);
} else {
  void import('./main.js');
}
