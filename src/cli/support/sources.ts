import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { writeVariables } from '../../rotation/apply.js';
import { readEnvironment } from '../../settings/environment.js';
import { isOnPlatform } from '../../support/vault-names.js';
import { parseDotenv } from './dotenv.js';
import { readTextFile } from './files.js';
import { isWorthAWord, type Layer, type Merged, mergeLayers } from './merge.js';
import { note } from './terminal.js';

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
    .option('--env-file <file>', 'settings in dotenv syntax; may be repeated', (file: string, files: string[] = []) => [
      ...files,
      file,
    ])
    .option('--settings <file>', `a ${DEFAULT_FILE}; by default the one beside host.json`)
    .option('--no-settings', `leave ${DEFAULT_FILE} alone`);
}

export const SOURCES_HELP = `
Order: the environment wins, then the last --env-file, ..., the first --env-file, then ${DEFAULT_FILE}.
Settings that steer identities and the way to vaults count from the environment only.`;

/**
 * Reads the files and puts their settings below those of the environment.
 *
 * @returns what the command gets on top: settings that must not count here.
 * @throws UsageError for a file that is missing or malformed.
 */
export async function loadSources(options: SourceOptions): Promise<ReadonlyMap<string, string>> {
  const env = readEnvironment();
  const { settings = hasDefaultFile() && !isOnPlatform(env) && DEFAULT_FILE, envFile = [] } = options;
  const layers: Layer[] = envFile
    .map((file) => ({ file, values: parseDotenv(readTextFile(file), file), fillsEmpty: false }))
    .reverse();
  if (settings !== false) {
    // Its parser is loaded for those who have such a file.
    const { parseLocalSettings } = await import('./local-settings.js');
    layers.push({ file: settings, values: parseLocalSettings(readTextFile(settings), settings), fillsEmpty: true });
  }
  if (layers.length === 0) return new Map();

  const merged = mergeLayers(env, layers, process.platform);
  writeVariables(merged.forAll);
  const isDefault = options.settings === undefined;
  for (const [{ file, values }, count] of merged.given) {
    if (!isDefault || file !== DEFAULT_FILE) continue;
    const rest = values.size > count ? ` of its ${values.size}` : '';
    note(`settings from ${file}: ${count}${rest}. The environment wins; --no-settings leaves the file alone.`);
  }
  for (const remark of remarksOn(merged)) note(remark);
  return merged.forCommand;
}

function remarksOn({ forCommand, forNobody, withReference }: Merged): readonly string[] {
  const remarks: string[] = [];
  const steering = [...forCommand.keys()].filter(isWorthAWord);
  if (steering.length + forNobody.length > 0) {
    const fates = [
      steering.length > 0 ? `the command alone gets ${steering.join(', ')}` : '',
      forNobody.length > 0 ? `nobody gets ${forNobody.join(', ')}` : '',
    ].filter((fate) => fate !== '');
    remarks.push(`how secrets are read is for the environment to say, not for a file: ${fates.join('; ')}.`);
  }
  if (withReference.length > 0) {
    remarks.push(`left out, since a reference is never resolved there: ${withReference.join(', ')}.`);
  }
  return remarks;
}

function hasDefaultFile(): boolean {
  return existsSync('host.json') && existsSync(DEFAULT_FILE);
}
