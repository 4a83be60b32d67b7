import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Failure } from '../../src/support/failure.js';

export interface Outcome {
  readonly ok: boolean;
  readonly failure?: Failure;
  readonly source: string;
  readonly requests: number;
  readonly probed?: number;
}

export interface Child {
  /** Only these variables, and a path to run on. */
  ask(env: Record<string, string>, question?: object): Promise<Outcome>;
  remove(): void;
}

/** The program of fixtures/ask-token.ts, bundled to a file that plain node runs. */
export async function createChild(): Promise<Child> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-identity-'));
  const file = path.join(folder, 'ask-token.mjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'fixtures/ask-token.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'error',
  });
  return {
    ask: (env, question = {}) =>
      new Promise((resolve, reject) => {
        const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 25_000 };
        execFile(process.execPath, [file, JSON.stringify(question)], options, (error, stdout) => {
          if (error) reject(error);
          else resolve(JSON.parse(stdout) as Outcome);
        });
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
