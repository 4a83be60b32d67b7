import { parseAsNode, readDotenv } from '../support/dotenv.js';
import { UsageError } from '../support/exit.js';
import { isJsonName, lineAt, type Mistake, type Span } from '../support/files.js';
import { encryptedFile, readSettingsJson } from '../support/local-settings.js';

/** One setting of a file, and where its value stands. */
export interface Entry extends Span {
  readonly name: string;
  /** `undefined`: not text, or not to be read with certainty. */
  readonly value: string | undefined;
  /** Of `ConnectionStrings`. */
  readonly isConnection?: boolean;
  /** How another value is written in its place. */
  readonly write: (value: string) => string;
}

/** The text with other values in the place of some; everything else stays, byte for byte. */
export function withValues(text: string, entries: readonly Entry[], values: ReadonlyMap<string, string>): string {
  const parts: string[] = [];
  let at = 0;
  for (const { name, start, end, write } of [...entries].sort((a, b) => a.start - b.start)) {
    const value = values.get(name);
    if (value === undefined) continue;
    parts.push(text.slice(at, start), write(value));
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/** @throws UsageError that names file and line, and quotes nothing. */
export function entriesOf(text: string, file: string): readonly Entry[] {
  return isJsonName(file) ? fromLocalSettings(text, file) : fromDotenv(text, file);
}

function refuse(text: string, file: string, { at, what, hint }: Mistake): UsageError {
  return new UsageError(`${file}, line ${lineAt(text, at)}: ${what}.`, hint);
}

/** For Node only the `Values` of local.settings.json are settings; az lists nothing else. */
function fromLocalSettings(text: string, file: string): readonly Entry[] {
  const { settings, mistake, encryptedAt, hasValues } = readSettingsJson(text);
  if (mistake) throw refuse(text, file, mistake);
  if (encryptedAt) throw encryptedFile(file);
  if (!hasValues) {
    throw new UsageError(
      `${file} has no "Values".`,
      'It is read as the local.settings.json of Azure Functions, or as the list that "az webapp config appsettings list" prints.',
    );
  }
  return settings.map(({ name, value, isText, isConnection, at }) => ({
    ...at,
    name,
    value: isText ? value : undefined,
    isConnection,
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
  const values = parseAsNode(text);
  const entries = assignments.map(({ name, value, at, quote, hasExport }) => {
    // With `export` it is a file for shells, to which the parentheses of a reference mean something.
    const mark = quote || (hasExport ? "'" : '');
    return { ...at, name, value, write: (written: string) => `${mark}${written}${mark}` };
  });
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  // To JavaScript's readers `abc#def` is abc and a comment, to Docker, Python's and shells it is whole.
  const isCut = ({ start, end }: Span) => end > start && text[end] === '#';
  const likely = entries.filter(
    (entry) => last.get(entry.name) === entry && values[entry.name] === entry.value && !isCut(entry),
  );
  const certain = new Set(placesAmong(likely, text, values));
  return entries.map((entry) => ({ ...entry, value: certain.has(entry) ? entry.value : undefined }));
}

type Values = Readonly<Record<string, string>>;

/** All are tried at once, and by halves when that fails: a whole file is one more reading, unless some of it is strange. */
function placesAmong(entries: readonly Entry[], text: string, values: Values): readonly Entry[] {
  if (entries.length === 0 || areTheirPlaces(entries, text, values)) return entries;
  if (entries.length === 1) return [];
  const middle = entries.length >> 1;
  return [...placesAmong(entries.slice(0, middle), text, values), ...placesAmong(entries.slice(middle), text, values)];
}

function areTheirPlaces(entries: readonly Entry[], text: string, values: Values): boolean {
  const probes = new Map(
    entries.map(({ name }, index) => [name, `@KeyVault(VaultName=probe;SecretName=probe-${index})`]),
  );
  const changed = parseAsNode(withValues(text, entries, probes));
  const names = Object.keys(changed);
  return (
    names.length === Object.keys(values).length &&
    names.every((name) => changed[name] === (probes.get(name) ?? values[name]))
  );
}
