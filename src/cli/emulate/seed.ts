import { getNodeValue } from 'jsonc-parser';
import { isObject } from '../../support/json.js';
import type { EmulatorOptions, Fault } from '../../testing/index.js';
import { parseDotenv } from '../support/dotenv.js';
import { UsageError } from '../support/exit.js';
import { isJsonName, lineAt, readTextFile } from '../support/files.js';
import { readJsonTree } from '../support/json-tree.js';

/** What `startEmulator` takes, but the port; and faults that are there from the start. */
export interface Seed {
  readonly options: EmulatorOptions;
  readonly faults: readonly Fault[];
}

const MEMBERS = [
  'vaults',
  'vaultOptions',
  'unknownVaults',
  'identities',
  'tokens',
  'latency',
  'msiEndpoint',
  'hostNames',
  'faults',
];

/** JSON with comments in the shape of `EmulatorOptions`, or .env lines `vault/secret=value`. */
export function readSeed(file: string): Seed {
  const text = readTextFile(file);
  return isJsonName(file) ? fromJson(text, file) : { options: fromEnv(text, file), faults: [] };
}

function fromJson(text: string, file: string): Seed {
  const { root, mistake } = readJsonTree(text);
  if (mistake) throw new UsageError(`${file}, line ${lineAt(text, mistake.at)}: ${mistake.what}.`);
  const seed: unknown = root && getNodeValue(root);
  if (!isObject(seed)) throw new UsageError(`${file} holds no object.`, `It may have ${MEMBERS.join(', ')}.`);
  const strange = Object.keys(seed).find((name) => !MEMBERS.includes(name) && name !== '$schema');
  if (strange !== undefined) {
    throw new UsageError(`${file}: "${strange.slice(0, 80)}" is not known.`, `It may have ${MEMBERS.join(', ')}.`);
  }
  const { $schema: _editors, faults = [], ...options } = seed;
  if (!Array.isArray(faults)) throw new UsageError(`${file}: "faults" must be an array.`);
  // Everything else is checked where the emulator checks what any caller gives it.
  return { options: withDates(options, file), faults };
}

/** JSON has no dates: those of secrets are texts in it. */
function withDates(options: Record<string, unknown>, file: string): EmulatorOptions {
  const { vaults } = options;
  if (!isObject(vaults)) return options;
  for (const [vault, secrets] of Object.entries(vaults)) {
    if (!isObject(secrets)) continue;
    for (const [name, secret] of Object.entries(secrets)) {
      if (!isObject(secret)) continue;
      for (const member of ['notBefore', 'expiresOn']) {
        const date = secret[member];
        if (date === undefined) continue;
        const parsed = new Date(typeof date === 'string' ? date : Number.NaN);
        if (Number.isNaN(parsed.getTime())) {
          throw new UsageError(`${file}: "vaults.${vault}.${name}.${member}" must be a date, such as "2027-06-30".`);
        }
        secret[member] = parsed;
      }
    }
  }
  return options;
}

function fromEnv(text: string, file: string): EmulatorOptions {
  const vaults: Record<string, Record<string, string>> = {};
  for (const [place, value] of parseDotenv(text, file)) {
    const [vault = '', secret = '', ...more] = place.split('/');
    if (secret === '' || more.length > 0) {
      throw new UsageError(
        `${file}: a line names no vault and secret.`,
        'Write vault/secret=value. To make what a .env file refers to: --from-settings.',
      );
    }
    vaults[vault] = { ...vaults[vault], [secret]: value };
  }
  return { vaults };
}
