import type { Command } from 'commander';
import type { EmulateOptions } from '../emulate.js';

const HELP = `
Without --seed, every secret that local.settings.json, .env, .env.local and the
environment refer to exists, with a value made up of its name:
emulated-{vault}-{secret}.
Everything is on 127.0.0.1, in memory, and gone at the end. Behind -- a command
runs with the settings of the emulated host; without one they are printed, to
paste.

Exit status: the command's own, as with run; 125 the emulator could not be
started (without a command: 1); 2 a mistake in the call or in a file.

Examples:
  vaultstrap emulate -- npm run dev
  vaultstrap emulate -- func start
  vaultstrap emulate --seed vaults.jsonc --format env > emulator.env
  vaultstrap emulate --ca-file ca.pem -- python app.py`;

export function addEmulate(program: Command): void {
  program
    .command('emulate')
    .summary('Vaults and an identity on this machine, without Azure')
    .description('Vaults and an identity endpoint on this machine, for any language, without Azure.')
    .argument('[command...]', 'a command that uses them, and its arguments, after --')
    .option('--port <number>', 'port of the vaults (https); identity gets the next one, the page the one after')
    .option('--seed <file>', 'what there is: JSON with comments, or lines of vault/secret=value')
    .option('--from-settings <file>', 'make what this local.settings.json or .env file refers to')
    .option(
      '--host <kind>',
      'the kind of host to be, such as app-service-2019, container-apps, imds',
      'app-service-2019',
    )
    .option('--format <form>', 'of the settings: sh, powershell, env or json', 'sh')
    .option('--ca-file <file>', 'write the certificate to trust to a file, for other languages')
    .option('--no-page', 'no page to look at and to rotate secrets on')
    .passThroughOptions()
    .addHelpText('after', HELP)
    .action(async (command: string[], options: EmulateOptions) => {
      const { emulate } = await import('../emulate.js');
      process.exitCode = await emulate(command, options);
    });
}
