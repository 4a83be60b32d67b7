import { execFile, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Failure } from '../../src/support/failure.js';
import type { Question } from './fixtures/talk.js';

export interface Outcome {
  readonly ok: boolean;
  readonly failure?: Failure;
  readonly source: string;
  readonly requests: number;
  readonly probed?: number;
}

export interface Answer {
  readonly result:
    | { readonly ok: true; readonly value?: string; readonly expiresOnMs?: number }
    | { readonly ok: false; readonly failure: Failure };
  readonly requests: number;
  readonly different: number;
  readonly givenBy: readonly string[];
}

/** A process that lives on between its questions. */
export interface Talk {
  ask(question?: Question): Promise<Answer>;
  /** What it has written; a failure of a test shows it. */
  output(): string;
  end(): Promise<void>;
}

export interface Child {
  /** Only these variables, and a path to run on. */
  ask(env: Record<string, string>, question?: object): Promise<Outcome>;
  /** The same, for several questions. */
  talk(env: Record<string, string>): Talk;
  remove(): void;
}

/** The programs of fixtures/, bundled to files that plain node runs. */
export async function createChild(): Promise<Child> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-identity-'));
  const [file, talker] = [path.join(folder, 'ask-token.mjs'), path.join(folder, 'talk.mjs')];
  await build({
    entryPoints: ['ask-token', 'talk'].map((name) => path.join(import.meta.dirname, `fixtures/${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
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
    talk: (env) => talk(talker, env),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function talk(file: string, env: Record<string, string>): Talk {
  const child = fork(file, [], { env: { PATH: '', ...env }, stdio: 'pipe', execArgv: [] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += String(data)));
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', ({ id, ...answer }: Answer & { id: number }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let lastId = 0;
  return {
    ask: (question = {}) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, resolve);
        void ended.then(() => reject(new Error(`the process ended: ${output}`)));
        child.send({ id, ...question });
      }),
    output: () => output,
    end: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
