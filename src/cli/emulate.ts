import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Environment, readEnvironment } from '../settings/environment.js';
import { readConfig } from '../support/config.js';
import { isVaultstrapError } from '../support/errors.js';
import { safeCause } from '../support/failure.js';
import { type Emulator, type EmulatorOptions, type IdentityHost, startEmulator } from '../testing/index.js';
import { runChild } from './emulate/child.js';
import { type Page, servePage } from './emulate/page.js';
import { identitiesFor, type Placeholder, placeholdersFor, type Source } from './emulate/placeholders.js';
import { settingsPrinter } from './emulate/print-settings.js';
import { readSeed, type Seed } from './emulate/seed.js';
import { readSettingsFile } from './import/settings-file.js';
import { EXIT, UsageError } from './support/exit.js';

export interface EmulateOptions {
  readonly port?: string;
  readonly seed?: string;
  readonly fromSettings?: string;
  readonly host: string;
  readonly format: string;
  readonly caFile?: string;
  readonly page: boolean;
}

/** Of another identity than the emulated one; `VAULTSTRAP_VAULT_*` are overwritten anyway. */
const OTHER_HOSTS = [
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'IDENTITY_SERVER_THUMBPRINT',
  'IDENTITY_API_VERSION',
  'IMDS_ENDPOINT',
  'MSI_ENDPOINT',
  'MSI_SECRET',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'VAULTSTRAP_VAULT_ENDPOINT',
  'VAULTSTRAP_VAULT_CA',
];

/** Serves until Ctrl-C, or while a command runs, whose status it gives. */
export async function emulate(command: readonly string[], options: EmulateOptions): Promise<number> {
  const print = settingsPrinter(options.format);
  const port = portOf(options.port);
  const env = withoutOtherHosts(readEnvironment());
  const seed = options.seed === undefined ? undefined : readSeed(options.seed);
  const { placeholders, ...defaults } = fromReferences(options, env);
  const azure = await start({ ...defaults, ...seed?.options, ...(port !== undefined && { port }) }, options.seed);
  let page: Page | undefined;
  try {
    const made = await fill(azure, placeholders, seed, options.seed);
    const settings = settingsOf(azure, options);
    page = options.page ? await servePage(azure, port === undefined ? 0 : port + 2) : undefined;
    await announce(azure, made, page);
    if (command.length > 0) return await runChild(command, { ...env, ...settings });
    process.stdout.write(print(settings));
    console.error('vaultstrap: Ctrl-C ends it.');
    await untilInterrupted();
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

function withoutOtherHosts(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OTHER_HOSTS.includes(name.toUpperCase())));
}

/** What there is without a seed: everything that is referred to. */
function fromReferences(
  { seed, fromSettings }: EmulateOptions,
  env: Environment,
): EmulatorOptions & { placeholders: readonly Placeholder[] } {
  if (seed !== undefined && fromSettings === undefined) return { placeholders: [] };
  const files =
    fromSettings === undefined ? ['local.settings.json', '.env'].filter((file) => existsSync(file)) : [fromSettings];
  const sources = [
    ...files.map((file) => sourceOf(file, fromSettings === undefined)),
    { from: 'the environment', settings: env },
  ];
  try {
    const { vaultSuffix, identity } = readConfig(env);
    return {
      placeholders: placeholdersFor(sources, vaultSuffix),
      identities: { userAssigned: identitiesFor(sources, vaultSuffix, identity) },
      unknownVaults: 'create',
    };
  } catch (error) {
    throw isVaultstrapError(error) ? new UsageError(error.message) : error;
  }
}

function sourceOf(file: string, isOptional: boolean): Source {
  try {
    return {
      from: file,
      settings: Object.fromEntries(readSettingsFile(file).entries.map(({ name, value }) => [name, value])),
    };
  } catch (error) {
    if (!isOptional || !(error instanceof UsageError)) throw error;
    console.error(`vaultstrap: ${error.message} It is left out.`);
    return { from: file, settings: {} };
  }
}

async function start(options: EmulatorOptions, seed: string | undefined): Promise<Emulator> {
  try {
    return await startEmulator(options);
  } catch (error) {
    throw asUsageError(error, seed);
  }
}

/** The emulator's own errors name the place and quote no value. */
function asUsageError(error: unknown, file: string | undefined): unknown {
  const isOurs = error instanceof Error && (error instanceof TypeError || error.name === 'EmulatorError');
  return isOurs ? new UsageError(`${file === undefined ? '' : `${file}: `}${error.message}.`) : error;
}

/** Makes what the seed does not have. */
async function fill(
  azure: Emulator,
  placeholders: readonly Placeholder[],
  seed: Seed | undefined,
  file: string | undefined,
): Promise<readonly Placeholder[]> {
  try {
    for (const fault of seed?.faults ?? []) await azure.faults.add(fault);
    const made: Placeholder[] = [];
    for (const placeholder of placeholders) {
      const { vault, secret, value, versions, newest } = placeholder;
      const known = (await azure.vaults()).map((name) => name.toLowerCase());
      if (known.includes(vault) && (await azure.vault(vault).secrets()).some((name) => name.toLowerCase() === secret))
        continue;
      for (const version of versions) await azure.vault(vault).set(secret, { value, version });
      if (newest) await azure.vault(vault).set(secret, value);
      made.push(placeholder);
    }
    return made;
  } catch (error) {
    throw asUsageError(error, file);
  }
}

function settingsOf(azure: Emulator, { host, caFile }: EmulateOptions): Record<string, string> {
  try {
    const settings = azure.envFor(host as IdentityHost);
    return caFile === undefined
      ? settings
      : { ...settings, VAULTSTRAP_VAULT_CA: writeCertificate(caFile, azure.caCertificate) };
  } catch (error) {
    throw asUsageError(error, undefined);
  }
}

/** Public, like every certificate; its key is in no file. */
function writeCertificate(file: string, certificate: string): string {
  if (existsSync(file) && !readFileSync(file, 'utf8').startsWith('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`${file} exists and is no certificate; it was left as it is.`);
  }
  try {
    writeFileSync(file, certificate);
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${safeCause(error).code}).`);
  }
  return path.resolve(file);
}

async function announce(azure: Emulator, made: readonly Placeholder[], page: Page | undefined): Promise<void> {
  const names = await azure.vaults();
  const counts = await Promise.all(names.map(async (name) => (await azure.vault(name).secrets()).length));
  const secrets = counts.reduce((sum, count) => sum + count, 0);
  const lines = [
    `an emulated Azure with ${count(names.length, 'vault')} and ${count(secrets, 'secret')}.`,
    ...made.map(({ vault, secret, value, from }) => `  ${vault}/${secret} = ${value}  (made up, for ${from})`),
    `vaults ${azure.vaultEndpoint}, identity ${azure.identityEndpoint}${page ? `, page ${page.url}` : ''}`,
  ];
  for (const line of lines) console.error(`vaultstrap: ${line}`);
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

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
