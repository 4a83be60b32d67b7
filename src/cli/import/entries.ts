import { parseEnv } from 'node:util';
import { readDotenv } from '../support/dotenv.js';
import { UsageError } from '../support/exit.js';
import { isJsonName, lineAt, type Mistake, type Span } from '../support/files.js';
import { encryptedFile, readLocalSettings } from '../support/local-settings.js';

/** One setting of a file, and where its value stands. */
export interface Entry extends Span {
  readonly name: string;
  /** `undefined`: not text, or not to be read with certainty. */
  readonly value: string | undefined;
  /** How another value is written in its place. */
  readonly write: (value: string) => string;
}

/** @throws UsageError that names file and line, and quotes nothing. */
export function entriesOf(text: string, file: string): readonly Entry[] {
  return isJsonName(file) ? fromLocalSettings(text, file) : fromDotenv(text, file);
}

function refuse(text: string, file: string, { at, what, hint }: Mistake): UsageError {
  return new UsageError(`${file}, line ${lineAt(text, at)}: ${what}.`, hint);
}

/** The `Values` of local.settings.json: for Node only those are settings. */
function fromLocalSettings(text: string, file: string): readonly Entry[] {
  const { settings, mistake, encryptedAt, hasValues } = readLocalSettings(text);
  if (mistake) throw refuse(text, file, mistake);
  if (encryptedAt) throw encryptedFile(file);
  if (!hasValues) {
    throw new UsageError(`${file} has no "Values".`, 'It is read as the local.settings.json of Azure Functions.');
  }
  return settings
    .filter(({ isConnection }) => !isConnection)
    .map(({ name, value, isText, at }) => ({
      ...at,
      name,
      value: isText ? value : undefined,
      write: (written) => JSON.stringify(written),
    }));
}

/**
 * The settings of a .env file. `node --env-file` takes the file as a whole, and reads some of what we refuse: a place
 * counts only when another value there changes, for Node too, that setting and nothing else.
 */
function fromDotenv(text: string, file: string): readonly Entry[] {
  const { assignments, mistake } = readDotenv(text);
  if (mistake) throw refuse(text, file, mistake);
  const values = parseEnv(text) as Readonly<Record<string, string>>;
  return assignments.map(({ name, value, at, quote, hasExport }) => {
    // With `export` it is a file for shells, to which the parentheses of a reference mean something.
    const mark = quote || (hasExport ? "'" : '');
    const entry = { ...at, name, write: (written: string) => `${mark}${written}${mark}` };
    return { ...entry, value: values[name] === value && isItsPlace(entry, text, values) ? value : undefined };
  });
}

const PROBE = '@KeyVault(VaultName=probe;SecretName=probe)';

function isItsPlace(
  { name, start, end, write }: Omit<Entry, 'value'>,
  text: string,
  values: Readonly<Record<string, string>>,
): boolean {
  const changed = parseEnv(text.slice(0, start) + write(PROBE) + text.slice(end)) as typeof values;
  const names = Object.keys(changed);
  return (
    names.length === Object.keys(values).length &&
    names.every((other) => changed[other] === (other === name ? PROBE : values[other]))
  );
}
