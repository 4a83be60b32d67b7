import { isObject, parseJson } from '../support/json.js';
import { randomWord } from '../support/random.js';
import type { Environment } from './environment.js';
import { isProvenance, PROVENANCE, PROVENANCE_AT } from './names.js';

/**
 * What `VAULTSTRAP_REFERENCES` says of one setting: enough for a child, a worker thread
 * or a restarted process to know that a value is resolved, since when, and from what.
 */
export interface ProvenanceEntry {
  /** The setting's original text: a reference, text around references, or a template. */
  readonly pointer: string;
  readonly version?: string;
  /** ISO 8601. */
  readonly resolvedAt: string;
  /** 16 bits of a salted hash of the value written: recognises an override, reveals nothing of use. */
  readonly check: string;
  /** True when no variable was written: an optional secret that does not exist. */
  readonly unset?: true;
  /** True when the pointer was expanded: what it mentions may be somebody else's plain text by now. */
  readonly template?: true;
}

interface RecordText {
  readonly v: 1;
  readonly salt: string;
  readonly settings: Record<string, ProvenanceEntry>;
}

/** One variable to be recorded. */
export interface ProvenanceInput {
  readonly name: string;
  /** What was written; `undefined`: nothing. */
  readonly value: string | undefined;
  readonly pointer: string;
  readonly version?: string | undefined;
  /** ISO 8601. */
  readonly resolvedAt: string;
  readonly isTemplate?: boolean;
}

/**
 * FNV-1a, folded to 16 bits. Not a cryptographic hash, on purpose: 16 salted bits reveal 16 bits whatever makes them,
 * and node:crypto would cost every start, and every child, milliseconds.
 */
function checkOf(salt: string, name: string, value: string): string {
  let hash = 0x811c9dc5;
  // In one function: Node's largest compiler takes on what is called 3,000 times, and 4 MB with it.
  for (const text of [salt, name, value]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return ((hash >>> 16) ^ (hash & 0xffff)).toString(16).padStart(4, '0');
}

/** One variable stays far below the 128 KiB at which every later `spawn` fails (E2BIG). */
const MAX_RECORD_CHARACTERS = 30_000;

/**
 * Renders the record: `VAULTSTRAP_REFERENCES`, and `VAULTSTRAP_REFERENCES_1` and so on when there are more
 * entries than one variable should hold. Each is complete in itself.
 */
export function printProvenance(entries: readonly ProvenanceInput[]): ReadonlyMap<string, string> {
  const salt = randomWord();
  // Without entries it is there all the same: that it is missing tells that the environment was refilled.
  const chunks: string[] = [];
  let chunk = '';
  entries.forEach(({ name, value, pointer, version, resolvedAt, isTemplate }) => {
    const entry = {
      pointer,
      version: version || undefined,
      resolvedAt,
      check: value === undefined ? '' : checkOf(salt, name, value),
      unset: value === undefined || undefined,
      template: isTemplate || undefined,
    };
    const text = `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
    if (chunk && chunk.length + text.length >= MAX_RECORD_CHARACTERS) {
      chunks.push(chunk);
      chunk = '';
    }
    chunk += chunk ? `,${text}` : text;
  });
  chunks.push(chunk);
  return new Map(
    chunks.map((settings, index) => [
      index === 0 ? PROVENANCE : `${PROVENANCE}_${index}`,
      `{"v":1,"salt":${JSON.stringify(salt)},"settings":{${settings}}}`,
    ]),
  );
}

/**
 * The time to write as `VAULTSTRAP_REFERENCES_AT` when nothing else has become of a record: what was resolved last was
 * found unchanged since. `undefined` when there is more to say, and the record has to be printed again.
 *
 * Writing all of it after each refresh would cost its size each time, for good: the C library keeps every text that was
 * ever set (measured with glibc: 20 settings, 5 KB for each refresh).
 */
export function laterTime(before: readonly ProvenanceInput[], now: readonly ProvenanceInput[]): string | undefined {
  const [then, at] = [latestOf(before), latestOf(now)];
  const isSame = now.every((entry, i) => {
    const old = before[i];
    return (
      old?.name === entry.name &&
      old.value === entry.value &&
      old.pointer === entry.pointer &&
      old.version === entry.version &&
      (old.resolvedAt === then ? entry.resolvedAt === at : entry.resolvedAt === old.resolvedAt)
    );
  });
  // Earlier: the clock was set back, and the record's own time is one to come.
  return isSame && before.length === now.length && at >= then ? at : undefined;
}

function latestOf(entries: Iterable<Pick<ProvenanceEntry, 'resolvedAt'>>): string {
  let latest = '';
  for (const { resolvedAt } of entries) if (resolvedAt > latest) latest = resolvedAt;
  return latest;
}

export interface InheritedEntry extends ProvenanceEntry {
  readonly resolvedAtMs: number;
}

/**
 * The entries that can be believed: well formed, and the variable still holds the value
 * that was written. Anything else is somebody else's value, and is left out.
 */
export function readProvenance(env: Environment): ReadonlyMap<string, InheritedEntry> {
  const entries = Object.keys(env)
    .filter(isProvenance)
    .flatMap((variable) => entriesOf(env[variable] ?? ''));
  const latest = latestOf(entries.map(({ entry }) => entry));
  const laterMs = Date.parse(env[PROVENANCE_AT] ?? '');
  const believed = new Map<string, InheritedEntry>();
  for (const { name, entry, salt } of entries) {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (!isUntouched(value, name, entry, salt)) continue;
    const atMs = Date.parse(entry.resolvedAt);
    const wasConfirmed = entry.resolvedAt === latest && laterMs > atMs;
    believed.set(name, { ...entry, resolvedAtMs: wasConfirmed ? laterMs : atMs });
  }
  return believed;
}

function isUntouched(value: string | undefined, name: string, entry: ProvenanceEntry, salt: string): boolean {
  if (entry.unset) return value === undefined;
  return value !== undefined && entry.check === checkOf(salt, name, value);
}

/** Those of one variable that are well formed. */
function entriesOf(text: string): { readonly name: string; readonly entry: ProvenanceEntry; readonly salt: string }[] {
  const { settings = {}, salt = '' } = parseRecord(text) ?? {};
  return Object.entries(settings).flatMap(([name, entry]) => (isEntry(entry) ? [{ name, entry, salt }] : []));
}

function parseRecord(text: string): RecordText | undefined {
  const { v, salt, settings } = (parseJson(text) ?? {}) as Partial<RecordText>;
  return v === 1 && typeof salt === 'string' && isObject(settings) ? { v, salt, settings } : undefined;
}

function isEntry(entry: unknown): entry is ProvenanceEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { pointer, resolvedAt, check, version } = entry as Record<string, unknown>;
  return (
    typeof pointer === 'string' &&
    typeof resolvedAt === 'string' &&
    !Number.isNaN(Date.parse(resolvedAt)) &&
    typeof check === 'string' &&
    (version === undefined || typeof version === 'string')
  );
}
