import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { findFiles } from '../../../src/cli/lint/files.js';
import type { Finding } from '../../../src/cli/lint/finding.js';
import { lintFiles, type Outcome } from '../../../src/cli/lint/lint-files.js';

export type Files = Readonly<Record<string, string>>;

/** Files in a folder of their own. */
export function folderOf(files: Files): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'vaultstrap-lint-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

export async function lint(files: Files, given: readonly string[] = []): Promise<Outcome> {
  const dir = folderOf(files);
  return lintFiles(findFiles(given, dir), dir);
}

/** `rule@line:column`, and the text that the range covers. */
export async function found(files: Files, given: readonly string[] = []): Promise<readonly string[]> {
  const { findings } = await lint(files, given);
  return findings.map((one) => `${one.rule}: ${covered(files[one.file] ?? '', one)}`);
}

function covered(text: string, { line, column, endLine, endColumn }: Finding): string {
  const lines = text.split('\n');
  const offset = (l: number, c: number) => lines.slice(0, l - 1).join('\n').length + (l > 1 ? 1 : 0) + c - 1;
  return text.slice(offset(line, column), offset(endLine, endColumn));
}

export function values(settings: Readonly<Record<string, string>>): Files {
  return { 'local.settings.json': JSON.stringify({ IsEncrypted: false, Values: settings }, undefined, 2) };
}
