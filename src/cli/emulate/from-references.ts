import { statSync } from 'node:fs';
import type { Environment } from '../../settings/environment.js';
import { readConfig } from '../../support/config.js';
import { isVaultstrapError } from '../../support/errors.js';
import type { EmulatorOptions } from '../../testing/index.js';
import { parseDotenv } from '../support/dotenv.js';
import { isUsageError, UsageError } from '../support/exit.js';
import { isJsonName, isThere, readTextFile } from '../support/files.js';
import { parseLocalSettings } from '../support/local-settings.js';
import { note } from '../support/terminal.js';
import {
  beyondVaults,
  identitiesFor,
  mentionsIn,
  type Placeholder,
  placeholdersFor,
  type Source,
} from './placeholders.js';

/** Without a name they are looked for; the last is where Next.js and Vite have what is not committed. */
const DEFAULT_FILES = ['local.settings.json', '.env', '.env.local'];

/** What there is without a seed: everything that a file, or one of these, and the environment refer to. */
export function fromReferences(
  file: string | undefined,
  env: Environment,
): EmulatorOptions & { placeholders: readonly Placeholder[] } {
  const files = file === undefined ? DEFAULT_FILES.filter((name) => isThere(name) && !isPipe(name)) : [file];
  const sources = [
    ...files.map((name) => sourceOf(name, file === undefined)),
    { from: 'the environment', settings: env },
  ];
  try {
    const { vaultSuffix, identity } = readConfig(env);
    const mentions = mentionsIn(sources, vaultSuffix);
    for (const setting of beyondVaults(mentions)) {
      note(`${setting} refers to a host whose name no vault has; no secret is made for it.`);
    }
    return {
      placeholders: placeholdersFor(mentions),
      identities: { userAssigned: identitiesFor(mentions, identity) },
      unknownVaults: 'create',
    };
  } catch (error) {
    throw isVaultstrapError(error) ? new UsageError(error.message) : error;
  }
}

/** Password managers put a pipe there, which whoever reads it has to wait for, and empties. */
function isPipe(file: string): boolean {
  try {
    if (!statSync(file).isFIFO()) return false;
  } catch {
    return false;
  }
  note(`${file} is a pipe. It is left out; --from-settings ${file} reads it.`);
  return true;
}

function sourceOf(file: string, isOptional: boolean): Source {
  try {
    const read = isJsonName(file) ? parseLocalSettings : parseDotenv;
    return { from: file, settings: Object.fromEntries(read(readTextFile(file), file)) };
  } catch (error) {
    if (!isOptional || !isUsageError(error)) throw error;
    note(`${error.message} It is left out.`);
    return { from: file, settings: {} };
  }
}
