import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import { UsageError } from './exit.js';

/** Settings are text written by hand: anything larger was named by mistake. */
const MAX_BYTES = 10 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const SAVE = 'Save it as UTF-8.';

const TROUBLES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
};

/** Part of a text, in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Why a text is not what its file should hold, and where; quotes no value. */
export interface Mistake {
  readonly at: number;
  readonly what: string;
  readonly hint?: string;
}

/**
 * A file of settings that the user named, as text: UTF-8, or UTF-16 as PowerShell writes it.
 *
 * @throws UsageError that names the file and quotes nothing of it.
 */
export function readTextFile(file: string, name: string = file): string {
  const bytes = readBytes(file, name);
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return decode(bytes, name, isWide ? 'utf-16le' : 'utf-8', false);
}

/** The same of a file that will be written again: UTF-8 only, and with its byte order mark if it has one. */
export function readExactText(file: string, name: string = file): string {
  return decode(readBytes(file, name), name, 'utf-8', true);
}

function decode(bytes: Buffer, file: string, encoding: string, ignoreBOM: boolean): string {
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true, ignoreBOM }).decode(bytes);
  } catch {
    throw new UsageError(`${file} is not text in UTF-8.`, SAVE);
  }
  if (text.includes('\0')) throw new UsageError(`${file} is not text: it holds NUL bytes.`, SAVE);
  return text;
}

function readBytes(file: string, name: string): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const chunks: Buffer[] = [];
    // By pieces: a pipe has no size, and a device no end.
    for (let size = 0, length = -1; length !== 0; size += length) {
      if (size > MAX_BYTES) throw new UsageError(`${name} is larger than 10 MB: no file of settings is.`);
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      length = readSync(fd, chunk);
      chunks.push(chunk.subarray(0, length));
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (file === '') throw emptyName();
    if (code === 'ENOENT' && isThere(file)) throw new UsageError(`${name} is a link that leads nowhere.`);
    throw new UsageError(`${name} ${TROUBLES[code] ?? `cannot be read (${code})`}.`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Whether something has that name, be it a link that leads nowhere or something that we may not look at. */
export function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

export function emptyName(): UsageError {
  return new UsageError('the name of a file is empty.', 'Is the variable that it comes from set?');
}

/** `.json` and `.jsonc` are read as local.settings.json, everything else as .env. */
export function isJsonName(file: string): boolean {
  return /\.jsonc?$/i.test(file);
}

/** The line, from 1, in which a position of a text stands. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
