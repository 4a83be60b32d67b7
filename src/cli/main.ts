import { Command, CommanderError } from 'commander';
import { checkNodeVersion } from '../startup/node-version.js';
import { isVaultstrapError } from '../support/vaultstrap-error.js';
import { addCheck } from './commands/check.js';
import { addDoctor } from './commands/doctor.js';
import { addEmulate } from './commands/emulate.js';
import { addImport } from './commands/import.js';
import { addInit } from './commands/init.js';
import { addLint } from './commands/lint.js';
import { addRun } from './commands/run.js';
import { addSet } from './commands/set.js';
import { EXIT, UsageError } from './support/exit.js';
import { complain, explain } from './support/terminal.js';

declare const VAULTSTRAP_VERSION: string;

// Commands are described here and loaded when they are called: `run` stands before an app's start.
const program = new Command('vaultstrap')
  .description('Key Vault references in settings become values, through the managed identity.')
  .version(VAULTSTRAP_VERSION)
  .enablePositionalOptions()
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .configureOutput({ outputError: (text) => complain(...told(text)) })
  // Thrown, and not the end of the process: what is written may not have arrived yet.
  .exitOverride()
  .hook('preAction', (_program, command) => {
    refuseOldNode(command);
    refuseExcess(command);
  })
  .addHelpText(
    'after',
    `
Examples:
  vaultstrap init                    puts vaultstrap into an app
  vaultstrap emulate -- npm start    without Azure
  vaultstrap run -- npm start        with your own sign-in (az login)`,
  );

// In the order in which an app meets them.
for (const add of [addInit, addLint, addRun, addCheck, addDoctor, addEmulate, addSet, addImport]) add(program);
// Refused above: commander would quote them.
for (const command of program.commands) command.allowExcessArguments();

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has gone away (`| head`) is no fault.
  if (code === 'EPIPE') return;
  complain(`standard output cannot be written (${code}).`);
  // Whatever the command makes of its own work meanwhile.
  process.once('exit', () => {
    process.exitCode ||= EXIT.unresolved;
  });
});
// Of what cannot be told nobody hears, and the status stays.
process.stderr.on('error', () => {});
program.parseAsync(callOf(process.argv)).catch((error: unknown) => {
  if (!(error instanceof CommanderError)) explain(error);
  // Help, and the version, come by this way, too.
  else if (error.exitCode !== 0) process.exitCode = EXIT.usage;
});

/** Commander answers `help nosuch` and `nosuch --help` with the help of the whole, and no mistake. */
function callOf(argv: readonly string[]): readonly string[] {
  const [first, second] = argv.slice(2);
  const name = first === 'help' ? second : first;
  const mayBe = name === undefined || name.startsWith('-') || commandOf(name);
  return mayBe ? argv : [...argv.slice(0, 2), name];
}

/** Commander's errors in our words. What was typed in the wrong place may be a secret: only names are repeated. */
function told(text: string): [message: string, hint: string] {
  const meant = /\(Did you mean (.*?)\?\)/.exec(text)?.[0].slice(1, -1);
  const command = commandOf(process.argv[2]);
  const flag = /^error: unknown option '(--[\w-]+)=/.exec(text)?.[1];
  if (flag !== undefined && command?.options.some(({ long }) => long === flag)) {
    return [`option '${flag}' takes no value.`, seeHelp(command)];
  }
  const message = text
    .replace(/^error: /, '')
    .replace(/\s*\(Did you mean [\s\S]*$/, '')
    .replace(/^(unknown option ')(--[\w-]+|-\w)?[\s\S]*$/, "$1$2'")
    .replace(/ argument '[\s\S]*' is invalid/, ' argument is invalid')
    .trim();
  return [message.replace(/\.?$/, '.'), [...(meant ? [meant] : []), seeHelp(command)].join(' ')];
}

function commandOf(name: string | undefined): Command | undefined {
  return program.commands.find((one) => one.name() === name);
}

function seeHelp(command: Command | undefined): string {
  return `Run npx vaultstrap ${command ? `${command.name()} ` : ''}--help to see how.`;
}

/** They would end in whatever it does not know. `run` says it itself, once there is something to resolve. */
function refuseOldNode(command: Command): void {
  if (command.name() === 'run') return;
  try {
    checkNodeVersion();
  } catch (error) {
    throw isVaultstrapError(error) ? new UsageError(error.message) : error;
  }
}

function refuseExcess(command: Command): void {
  const { registeredArguments: expected, args } = command;
  if (expected.at(-1)?.variadic || args.length <= expected.length) return;
  const names = expected.map((argument) => `<${argument.name()}>`).join(' ');
  throw new UsageError(
    `${command.name()} takes ${names === '' ? 'options only' : `${names}, and nothing more`}.`,
    command.name() === 'set'
      ? "The value comes from standard input or the prompt: arguments are in the shell's history and in every process list. If that was a secret, make a new one."
      : seeHelp(command),
  );
}
