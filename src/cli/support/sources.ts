import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { liveEnvironment } from '../../settings/environment.js';
import { isOnPlatform } from '../../support/platform.js';
import { isThere } from './files.js';
import { addText } from './repeated.js';

/** Where settings come from besides the environment. */
export interface SourceOptions {
  readonly envFile?: readonly string[];
  /** A file, `false` for none, or by default `local.settings.json` beside `host.json`. */
  readonly settings?: string | false;
}

const DEFAULT_FILE = 'local.settings.json';

/** The same options for every command that resolves settings. */
export function addSourceOptions(command: Command): Command {
  return command
    .option('-e, --env-file <file>', 'settings in dotenv syntax; may be repeated', addText)
    .option(
      '--settings <file>',
      `a ${DEFAULT_FILE}, or the list of app settings that az prints; by default the former, beside host.json`,
    )
    .option('--no-settings', `leave ${DEFAULT_FILE} alone`);
}

export const SOURCES_HELP = `
The environment wins, then --env-file (of several the last), then
${DEFAULT_FILE}. What steers identities and the way to vaults counts from
the environment only.`;

/**
 * Reads the files, if there are any, and puts their settings below those of the environment.
 *
 * @returns what the command gets on top: settings that must not count here.
 * @throws UsageError for a file that is missing or malformed.
 */
export async function loadSources(options: SourceOptions): Promise<ReadonlyMap<string, string>> {
  const settings = options.settings ?? (hasDefaultFile() && DEFAULT_FILE);
  if (settings === false && !options.envFile) return new Map();
  // Parsers, for those who have such files.
  const { loadFiles } = await import('./load-files.js');
  return loadFiles(options.envFile ?? [], settings, options.settings === undefined);
}

/** On the platform the host does not read it either. */
function hasDefaultFile(): boolean {
  return existsSync('host.json') && isThere(DEFAULT_FILE) && !isOnPlatform(liveEnvironment());
}
