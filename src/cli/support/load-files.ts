import path from 'node:path';
import { writeVariables } from '../../rotation/apply.js';
import { readEnvironment } from '../../settings/environment.js';
import { parseDotenv } from './dotenv.js';
import { UsageError } from './exit.js';
import { isJsonName, readTextFile } from './files.js';
import { parseLocalSettings } from './local-settings.js';
import { isWorthAWord, type Layer, type Merged, mergeLayers } from './merge.js';
import { shellWord } from './shell-word.js';
import { note } from './terminal.js';

/**
 * Reads files of settings and puts what they say below the environment.
 *
 * @param settings a `local.settings.json`; `isDefault` when nobody named it.
 * @returns what is for the command only.
 * @throws UsageError for a file that is missing or malformed.
 */
export function loadFiles(
  envFiles: readonly string[],
  settings: string | false,
  isDefault: boolean,
): ReadonlyMap<string, string> {
  const layers: Layer[] = envFiles.map((file) => ({ file, values: readEnvFile(file), fillsEmpty: false })).reverse();
  const local = settings !== false && {
    file: settings,
    values: readSettings(settings),
    fillsEmpty: true,
  };
  if (local) layers.push(local);
  const merged = mergeLayers(readEnvironment(), layers, process.platform);
  writeVariables(merged.forAll);
  if (local && (isDefault || local.values.size === 0)) {
    const count = merged.given.get(local) ?? 0;
    const rest = local.values.size > count ? ` of its ${local.values.size}` : '';
    note(`settings from ${local.file}: ${count}${rest}. The environment wins; --no-settings leaves the file alone.`);
  }
  for (const remark of remarksOn(merged)) note(remark);
  return merged.forCommand;
}

/** Each option is easily taken for the other, and the parsers' own words would not tell. */
function readEnvFile(file: string): ReadonlyMap<string, string> {
  if (isJsonName(file))
    throw new UsageError(`${file} is not in dotenv syntax.`, `Read it with --settings ${shellWord(file)}.`);
  return parseDotenv(readTextFile(file), file);
}

function readSettings(file: string): ReadonlyMap<string, string> {
  if (/^\.env|\.env$/.test(path.basename(file)))
    throw new UsageError(`${file} is no local.settings.json.`, `Read it with -e ${shellWord(file)}.`);
  return parseLocalSettings(readTextFile(file), file);
}

function remarksOn({ forCommand, forNobody, withReference }: Merged): readonly string[] {
  const remarks: string[] = [];
  const steering = [...forCommand.keys()].filter(isWorthAWord);
  if (steering.length + forNobody.length > 0) {
    const fates = [
      steering.length > 0 ? `only run's command gets ${steering.join(', ')}` : '',
      forNobody.length > 0 ? `nobody gets ${forNobody.join(', ')}` : '',
    ].filter((fate) => fate !== '');
    remarks.push(`how secrets are read is for the environment to say, not for a file: ${fates.join('; ')}.`);
  }
  if (withReference.length > 0) {
    remarks.push(`left out, since a reference is never resolved there: ${withReference.join(', ')}.`);
  }
  return remarks;
}
