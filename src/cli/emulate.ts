import { readEnvironment } from '../settings/environment.js';
import { type Emulator, EmulatorError, type EmulatorOptions, startEmulator } from '../testing/index.js';
import { fromReferences } from './emulate/from-references.js';
import { hostSettings, withoutOtherHosts } from './emulate/host-settings.js';
import { type Page, servePage } from './emulate/page.js';
import type { Placeholder } from './emulate/placeholders.js';
import { settingsPrinter } from './emulate/print-settings.js';
import { readSeed, type Seed } from './emulate/seed.js';
import { runChild } from './support/child.js';
import { EXIT, FailedError, UsageError } from './support/exit.js';
import { complain, many, note } from './support/terminal.js';

export interface EmulateOptions {
  readonly port?: string;
  readonly seed?: string;
  readonly fromSettings?: string;
  readonly host: string;
  readonly format: string;
  readonly caFile?: string;
  readonly page: boolean;
}

/** Serves until Ctrl-C, or while a command runs, whose status it gives. */
export async function emulate(command: readonly string[], options: EmulateOptions): Promise<number> {
  try {
    return await serve(command, options);
  } catch (error) {
    if (!(error instanceof FailedError)) throw error;
    complain(error.message, error.hint);
    // As `run` says it: what a command would have done is not known.
    return command.length > 0 ? EXIT.failedBefore : EXIT.unresolved;
  }
}

async function serve([name, ...args]: readonly string[], options: EmulateOptions): Promise<number> {
  const { seed: file, fromSettings, host, caFile } = options;
  const print = settingsPrinter(options.format);
  // Its thread needs a folder to start in: better told here than by the thread.
  process.cwd();
  const port = portOf(options.port);
  const env = withoutOtherHosts(readEnvironment());
  const seed = file === undefined ? undefined : readSeed(file);
  const isSeedAll = seed !== undefined && fromSettings === undefined;
  const { placeholders = [], ...defaults } = isSeedAll ? {} : fromReferences(fromSettings, env);
  const given: EmulatorOptions = { ...defaults, ...seed?.options, ...(port !== undefined && { port }) };
  const azure = await told(file, () => startEmulator(given));
  let page: Page | undefined;
  try {
    const made = await told(file, () => fill(azure, placeholders, seed));
    const settings = await told('--host', async () => hostSettings(azure, host, caFile));
    page = options.page ? await servePage(azure, port === undefined ? 0 : port + 2) : undefined;
    await announce(azure, made, isSeedAll, page);
    if (name !== undefined) return await runChild({ command: name, args, env: { ...env, ...settings } });
    process.stdout.write(print(settings));
    // Listened for before it is said: who reads the line may be faster.
    const interrupted = untilInterrupted();
    note('Ctrl-C ends it.');
    await interrupted;
    return EXIT.done;
  } finally {
    await page?.close();
    await azure.close();
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_533) return port;
  throw new UsageError('--port is not a port.', 'A number from 1 to 65533; the next two are used, too.');
}

/** The emulator's own errors name the place and quote no value: most are mistakes of who called it, in a file or an option. */
async function told<T>(where: string | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof EmulatorError)) throw error;
    if (error instanceof EmulatorError && error.code === 'ERR_EMULATOR_START') {
      throw new FailedError(`${error.message}.`, 'Choose another --port, or none.');
    }
    throw new UsageError(`${where === undefined ? '' : `${where}: `}${error.message}.`);
  }
}

/** Makes what the seed does not have. */
async function fill(
  azure: Emulator,
  placeholders: readonly Placeholder[],
  seed: Seed | undefined,
): Promise<readonly Placeholder[]> {
  for (const fault of seed?.faults ?? []) await azure.faults.add(fault);
  const made: Placeholder[] = [];
  for (const placeholder of placeholders) {
    const { vault, secret, value, pem, versions, newest } = placeholder;
    const properties = { value, ...(pem && { pem }) };
    const known = (await azure.vaults()).map((name) => name.toLowerCase());
    if (known.includes(vault) && (await azure.vault(vault).secrets()).some((name) => name.toLowerCase() === secret))
      continue;
    for (const version of versions) await azure.vault(vault).set(secret, { ...properties, version });
    if (newest) await azure.vault(vault).set(secret, properties);
    made.push(placeholder);
  }
  return made;
}

/** More would only scroll the rest away. */
const MOST_LINES = 20;

async function announce(
  azure: Emulator,
  made: readonly Placeholder[],
  isSeedAll: boolean,
  page: Page | undefined,
): Promise<void> {
  const names = await azure.vaults();
  const counts = await Promise.all(names.map(async (name) => (await azure.vault(name).secrets()).length));
  const secrets = counts.reduce((sum, count) => sum + count, 0);
  note(`an emulated Azure with ${many(names.length, 'vault')} and ${many(secrets, 'secret')}.`);
  if (secrets === 0 && !isSeedAll) {
    note('nothing refers to a secret: DB_PASSWORD=@KeyVault(VaultName=shop;SecretName=db-password) in .env would.');
  }
  for (const { vault, secret, value, from } of made.slice(0, MOST_LINES)) {
    note(`  ${vault}/${secret} = ${value}  (made up, for ${from})`);
  }
  if (made.length > MOST_LINES) note(`  and ${made.length - MOST_LINES} more, made up likewise.`);
  note(`vaults ${azure.vaultEndpoint}, identity ${azure.identityEndpoint}${page ? `, page ${page.url}` : ''}`);
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    // Neither the emulator's thread nor a listener for signals keeps a process.
    const awake = setInterval(() => {}, 2 ** 30);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        clearInterval(awake);
        resolve();
      });
    }
  });
}
