import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { safeCause } from '../../support/failure.js';
import { UsageError } from '../support/exit.js';
import { readExactText } from '../support/files.js';
import { type Entry, entriesOf } from './entries.js';

export interface SettingsFile {
  readonly path: string;
  readonly text: string;
  readonly entries: readonly Entry[];
}

const BOM = '\uFEFF';

export function parseSettings(file: string, text: string): SettingsFile {
  const head = text.startsWith(BOM) ? 1 : 0;
  const entries = entriesOf(text.slice(head), file).map((entry) => ({
    ...entry,
    start: entry.start + head,
    end: entry.end + head,
  }));
  return { path: file, text, entries };
}

export function readSettingsFile(file: string): SettingsFile {
  return parseSettings(file, readExactText(file));
}

/** Whether a text reads as the file does, with these values in the place of some. */
export function readsAs(file: SettingsFile, text: string, values: ReadonlyMap<string, string>): boolean {
  const { entries } = parseSettings(file.path, text);
  return (
    entries.length === file.entries.length &&
    entries.every(({ name, value }, index) => {
      const before = file.entries[index];
      return name === before?.name && value === (values.get(name) ?? before.value);
    })
  );
}

/** Before a secret is written: whether the file could be replaced then. */
export function checkReplaceable({ path: file }: SettingsFile): void {
  if (!statSync(file).isFile()) throw new UsageError(`${file} is a pipe or a device, which cannot be replaced.`);
  try {
    accessSync(path.dirname(realpathSync(file)), constants.W_OK);
  } catch (error) {
    throw new UsageError(`${file} cannot be replaced in its folder (${safeCause(error).code}); nothing was done.`);
  }
}

/** Whole or not at all: beside the file, then in its place, with its owner and rights; behind a link, its target. */
export function replaceFile(file: SettingsFile, text: string): { problem: string; hint: string } | undefined {
  if (readExactText(file.path) !== file.text) {
    return {
      problem: `${file.path} was changed meanwhile; it was left as it is.`,
      hint: 'Run this again: what is in the vault is taken up.',
    };
  }
  const target = realpathSync(file.path);
  const beside = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    const { mode, uid, gid } = statSync(target);
    const handle = openSync(beside, 'wx', 0o600);
    try {
      writeFileSync(handle, text);
      const made = fstatSync(handle);
      // Under sudo it would become root's, and unreadable for the app.
      if (made.uid !== uid || made.gid !== gid) fchownSync(handle, uid, gid);
      fchmodSync(handle, mode & 0o777);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(beside, target);
    return undefined;
  } catch (error) {
    rmSync(beside, { force: true });
    return {
      problem: `${file.path} cannot be written (${safeCause(error).code}); it was left as it is.`,
      hint: 'Its secrets are in the vault: run this again when it can be written.',
    };
  }
}
