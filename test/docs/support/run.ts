import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../../scripts/embedded-sources.mjs';

export interface Folder {
  path(name: string): string;
  write(name: string, text: string): void;
  /** Node with these arguments and this standard input, in the folder. Everything that it prints, in order of the streams. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): Promise<Ended>;
  remove(): void;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 30_000;

/** A reader's app: an empty folder, with the built package and what the snippets import. */
export function createFolder(): Folder {
  if (!existsSync(path.join(root, 'dist/index.cjs'))) throw new Error('There is no dist/: npm run build');
  const dir = mkdtempSync(path.join(tmpdir(), 'vaultstrap-docs-'));
  mkdirSync(path.join(dir, 'node_modules'));
  const link = (name: string, to: string) => symlinkSync(to, path.join(dir, 'node_modules', name), 'junction');
  link('vaultstrap', root);
  for (const name of ['@azure', 'express']) link(name, path.join(root, 'node_modules', name));
  const { PATH, SystemRoot } = process.env;
  return {
    path: (name) => path.join(dir, name),
    write: (name, text) => writeFileSync(path.join(dir, name), text),
    node(args, env = {}, input = '') {
      const given = Object.entries({ PATH, SystemRoot, ...env }).filter(([, value]) => value !== undefined);
      const child = spawn(process.execPath, args, { cwd: dir, env: Object.fromEntries(given), timeout: LIMIT_MS });
      // Most end without having read it.
      child.stdin.on('error', () => {}).end(input);
      return ended(child);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
