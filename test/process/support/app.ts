import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inject } from 'vitest';
import { root } from '../../../scripts/embedded-sources.mjs';
import type { Emulator, EmulatorOptions } from '../../../src/testing/index.js';
import { until } from '../../helpers/until.js';
import { leaksIn, plant } from './canary.js';

const packed = inject('packed');

/** The Node under test; the tests themselves run on their own. */
export const NODE = process.env['VAULTSTRAP_TEST_NODE'] ?? process.execPath;

/** What `--permission` takes for the network, and takes from it: nothing up to Node 24, and with a warning as yet. */
export const ALLOW_NET: readonly string[] = JSON.parse(
  execFileSync(NODE, ['-p', 'JSON.stringify(process.allowedNodeEnvironmentFlags.has("--allow-net"))'], {
    encoding: 'utf8',
  }),
)
  ? ['--allow-net', '--disable-warning=ExperimentalWarning']
  : [];

export type Env = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env?: Env;
  /** The program; Node by default. */
  readonly command?: string;
  readonly cwd?: string;
  /** What is written to its stdin, which then ends; `null` leaves it open. Default: nothing. */
  readonly input?: string | null;
  /** Killed after this long, which is a failure of the test. Default 20,000. */
  readonly limitMs?: number;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the start of the process to the end of its output. */
  readonly ms: number;
  /** What the process, its children and threads gave to `probe()`: not output, so that values may be in it. */
  readonly probes: readonly unknown[];
}

export interface RunningChild {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Resolves as soon as the text stands in its output; rejects when it ends without. */
  saw(text: string): Promise<void>;
}

/** An empty app with the packed package in its `node_modules`. */
export interface App {
  readonly dir: string;
  path(...segments: string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  start(args: readonly string[], options?: RunOptions): RunningChild;
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
}

const PROBE = `'use strict';
// Appends to a file: standard output and error are searched for secrets.
const { appendFileSync } = require('node:fs');
module.exports = (data) => appendFileSync(process.env.PROBE_FILE, JSON.stringify(data ?? null) + '\\n');
// The variables named, null for one that is missing.
module.exports.env = (...names) => module.exports(Object.fromEntries(names.map((n) => [n, process.env[n] ?? null])));
`;

/** `sdk`: with the optional dependencies, as npm would install them by default. */
export function createApp({ sdk = false }: { sdk?: boolean } = {}): App {
  const dir = mkdtempSync(path.join(packed.folder, 'app-'));
  const at = (...segments: string[]) => path.join(dir, ...segments);
  installCopy(dir);
  if (sdk) symlinkSync(path.join(root, 'node_modules/@azure'), at('node_modules/@azure'), 'junction');
  const app: App = {
    dir,
    path: at,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(path.dirname(at(name)), { recursive: true });
        writeFileSync(at(name), text);
      }
    },
    start: (args, options) => start(dir, args, options),
    run: (args, options) => start(dir, args, options).outcome,
  };
  app.write({ 'package.json': '{"name":"app","private":true}', 'probe.cjs': PROBE });
  return app;
}

/** Puts the packed package into a folder's `node_modules`. */
export function installCopy(dir: string): void {
  cpSync(packed.package, path.join(dir, 'node_modules/vaultstrap'), { recursive: true });
}

/** The embedded Azure, out of the packed package as well. */
export function startAzure(options: EmulatorOptions): Promise<Emulator> {
  const kit = createRequire(path.join(packed.package, 'package.json'))(
    path.join(packed.package, 'dist/testing.cjs'),
  ) as typeof import('../../../src/testing/index.js');
  return kit.startEmulator(options);
}

/** What every process gets; nothing of the environment that the tests run in. */
function baseEnv(probeFile: string): Env {
  const { PATH, SystemRoot, TEMP, TMPDIR } = process.env;
  return { PATH, SystemRoot, TEMP, TMPDIR, PROBE_FILE: probeFile };
}

function start(cwd: string, args: readonly string[], options: RunOptions = {}): RunningChild {
  const probeFile = path.join(packed.folder, `probe-${randomUUID()}`);
  const env = { ...baseEnv(probeFile), ...options.env };
  for (const name of ['IDENTITY_HEADER', 'MSI_SECRET']) if (env[name]) plant(env[name]);
  const startedMs = performance.now();
  const child = spawn(options.command ?? NODE, [...args], {
    cwd: options.cwd ?? cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: 'pipe',
    // A group of its own: what it leaves behind can be ended with it, by its id.
    detached: process.platform !== 'win32',
  });
  child.stdin.on('error', () => {});
  if (options.input !== null) child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const limitMs = options.limitMs ?? 20_000;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endGroup(child);
    }, limitMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      endGroup(child);
      const ms = performance.now() - startedMs;
      const leaks = leaksIn(`${stdout}\n${stderr}`);
      if (leaks.length > 0) return reject(new Error(`secrets in the output: ${leaks}\n${stdout}\n${stderr}`));
      if (late) return reject(new Error(`not ended after ${limitMs} ms:\n${stdout}\n${stderr}`));
      const probes = existsSync(probeFile)
        ? readFileSync(probeFile, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as unknown)
        : [];
      rmSync(probeFile, { force: true });
      resolve({ code, signal, stdout, stderr, ms, probes });
    });
  });
  outcome.catch(() => {});
  const saw = async (text: string) => {
    let ended = false;
    const end = () => {
      ended = true;
    };
    outcome.then(end, end);
    await until(() => ended || `${stdout}${stderr}`.includes(text));
    if (!`${stdout}${stderr}`.includes(text)) throw new Error(`ended without ${text}:\n${stdout}\n${stderr}`);
  };
  return { child, outcome, saw };
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Requests that the embedded Azure has had: to the identity endpoint, to vaults, refused. */
export async function requestsOf(azure: Emulator): Promise<{ token: number; vault: number; unauthorized: number }> {
  const log = await azure.requests();
  return {
    token: log.filter(({ target }) => target === 'identity').length,
    vault: log.filter(({ target }) => target === 'vault').length,
    unauthorized: log.filter(({ target, status }) => target === 'vault' && status === 401).length,
  };
}
