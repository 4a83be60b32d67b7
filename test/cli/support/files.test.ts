import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lineAt, readTextFile } from '../../../src/cli/support/files.js';

const dir = mkdtempSync(path.join(tmpdir(), 'vaultstrap-files-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(bytes: string | Uint8Array): string {
  const at = path.join(dir, 'file');
  writeFileSync(at, bytes);
  return at;
}

test.each([
  ['UTF-8', Buffer.from('A=ä'), 'A=ä'],
  ['UTF-8 with a byte order mark', Buffer.from('\ufeffA=ä'), 'A=ä'],
  ['UTF-16, as PowerShell writes it', Buffer.from('\ufeffA=ä', 'utf16le'), 'A=ä'],
  ['nothing', Buffer.alloc(0), ''],
])('%s', (_what, bytes, text) => {
  expect(readTextFile(file(bytes))).toBe(text);
});

test.each([
  ['another encoding', () => file(Buffer.from('A=ä', 'latin1')), 'is not text in UTF-8.'],
  ['binary', () => file(Buffer.from('A=\0')), 'is not text: it holds NUL bytes.'],
  ['a missing file', () => path.join(dir, 'missing'), 'does not exist.'],
  ['a path through a file', () => path.join(file(''), 'x'), 'does not exist.'],
  [
    'a folder',
    () => {
      mkdirSync(path.join(dir, 'folder'));
      return path.join(dir, 'folder');
    },
    'is a folder.',
  ],
  [
    'a link to nothing',
    () => {
      symlinkSync(path.join(dir, 'missing'), path.join(dir, 'link'));
      return path.join(dir, 'link');
    },
    'is a link that leads nowhere.',
  ],
  [
    'a huge file',
    () => {
      truncateSync(file(''), 11 * 1024 * 1024);
      return path.join(dir, 'file');
    },
    'is larger than 10 MB: no file of settings is.',
  ],
])('%s is refused by name', (_what, make, problem) => {
  const at = make();

  expect(() => readTextFile(at)).toThrow(expect.objectContaining({ name: 'UsageError', message: `${at} ${problem}` }));
});

test('an empty name is told as one', () => {
  expect(() => readTextFile('')).toThrow('the name of a file is empty.');
});

test.skipIf(process.platform === 'win32')('a device without end is refused, not read', () => {
  expect(() => readTextFile('/dev/zero')).toThrow('/dev/zero is larger than 10 MB');
});

test('more than one piece', () => {
  const text = 'A=ä\n'.repeat(50_000);

  expect(readTextFile(file(text))).toBe(text);
});

test.each([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 3],
  [99, 3],
])('position %i stands in line %i', (position, line) => {
  expect(lineAt('a\n\nb', position)).toBe(line);
});
