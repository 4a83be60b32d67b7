import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { isUsageError, UsageError } from '../support/exit.js';
import { emptyName, isThere, readTextFile } from '../support/files.js';
import type { Source } from './finding.js';

/** What a file is looked at as. */
export type Kind = 'local' | 'env' | 'bicep' | 'terraform' | 'template' | 'manifest' | 'code';

export interface Found {
  readonly kind: Kind;
  readonly source: Source;
  /** Why it cannot be read; of files that nobody named, so that the others are looked at all the same. */
  readonly mistake?: UsageError;
}

/** Never gone into: not ours, or not written by hand. */
const SKIPPED = /^(node_modules|\.git|\..*|dist|build|out|coverage|bin|obj)$/;
const MAX_FILES = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** By its name; JSON of other names is a template only if its content says so. */
function kindOf(file: string): Kind | 'json' | undefined {
  const name = path.basename(file);
  if (/^local\.settings(\.[\w-]+)*\.json$/i.test(name)) return 'local';
  if (name === 'package.json') return 'manifest';
  if (/^\.env(\.[\w-]+)*$|\.env$/.test(name)) return 'env';
  if (/\.bicep(param)?$/i.test(name)) return 'bicep';
  if (/\.tf(vars)?$/i.test(name)) return 'terraform';
  if (/\.jsonc?$/i.test(name)) return 'json';
  return /(?<!\.d)\.[cm]?[jt]sx?$/.test(name) ? 'code' : undefined;
}

/**
 * The files to look at: those given, what is in the folders given, or in this one. In a folder: its settings and its
 * app; templates also below it.
 */
export function findFiles(given: readonly string[], cwd: string): readonly Found[] {
  const found = new Map<string, Found>();
  const add = (file: string, wasGiven: boolean) => {
    const kind = kindOf(file);
    if (found.has(file)) return;
    if (!kind || (kind === 'code' && !wasGiven)) {
      if (wasGiven) throw new UsageError(`${path.relative(cwd, file)} is of no kind that lint knows.`, KINDS);
      return;
    }
    if (statSync(file).size > MAX_BYTES) {
      if (wasGiven) throw new UsageError(`${path.relative(cwd, file)} is larger than 8 MB.`);
      return;
    }
    const name = nameFrom(cwd, file);
    const { text, mistake } = textOf(file, name);
    if (mistake && wasGiven) throw mistake;
    const source = { file: name, path: file, text };
    // JSON that nobody named, and that is no text, is no template either.
    if (kind !== 'json') found.set(file, { kind, source, ...(mistake && { mistake }) });
    else if (wasGiven || /"\$schema"\s*:\s*"[^"]*deployment(Template|Parameters)\.json/i.test(source.text)) {
      found.set(file, { kind: 'template', source });
    }
  };
  for (const name of given.length > 0 ? given : ['.']) {
    if (name === '') throw emptyName();
    const start = path.resolve(cwd, name);
    const stat = statSync(start, { throwIfNoEntry: false });
    if (!stat) throw new UsageError(`${name} ${isThere(start) ? 'is a link that leads nowhere' : 'does not exist'}.`);
    if (!stat.isDirectory()) add(start, true);
    else for (const file of filesBelow(start)) add(file, false);
  }
  return [...found.values()];
}

const KINDS = 'Give local.settings.json, .env files, Bicep, ARM or Terraform files, package.json, code, or a folder.';

export function nameFrom(cwd: string, file: string): string {
  return path.relative(cwd, file).replaceAll(path.sep, '/') || path.basename(file);
}

function filesBelow(start: string): readonly string[] {
  const files: string[] = [];
  const folders = [start];
  for (let at = 0; at < folders.length && files.length < MAX_FILES; at++) {
    const folder = folders[at] as string;
    for (const entry of entriesOf(folder, folder === start)) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.test(entry.name)) folders.push(full);
      if (!entry.isFile() && !isLinkToFile(entry, full)) continue;
      const kind = kindOf(full);
      const isInfrastructure = kind === 'bicep' || kind === 'terraform' || kind === 'json';
      if (folder === start ? kind !== undefined : isInfrastructure) files.push(full);
    }
  }
  return files.sort();
}

/** Behind a link are settings like others, such as a .env that several apps share; of folders, links may go in circles. */
function isLinkToFile(entry: Dirent, full: string): boolean {
  try {
    return entry.isSymbolicLink() && statSync(full).isFile();
  } catch {
    return false;
  }
}

/** A folder below that cannot be read is no business of ours; the one we were given is. */
function entriesOf(folder: string, wasGiven: boolean): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (wasGiven) throw new UsageError(`${folder} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
    return [];
  }
}

function textOf(file: string, name: string): { readonly text: string; readonly mistake?: UsageError } {
  try {
    return { text: readTextFile(file, name) };
  } catch (error) {
    if (!isUsageError(error)) throw error;
    return { text: '', mistake: error };
  }
}
