import { type ChildProcess, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import spawn from 'cross-spawn';
import type { Environment } from '../../settings/environment.js';
import { EXIT, UsageError } from './exit.js';
import { notStarted } from './not-started.js';
import { heededSignals, isInForeground, mustForward } from './signals.js';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** Takes the command's output, and tells whether all of it is written. Default: the streams are ours. */
  readonly output?: (child: ChildProcess) => Promise<boolean>;
}

/**
 * Runs a command to its end. Signals reach it once, it decides what they mean, and its status is returned (128 + n when
 * signal n ended it).
 */
export async function runChild({ command, args, env, output }: Command): Promise<number> {
  if (command === '') throw new UsageError('the command is empty.');
  let child: ChildProcess | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (mustForward(signal, process.platform, isInForeground)) child?.kill(signal);
  };
  // Before the command exists: from its first moment on, a signal must find us waiting.
  for (const signal of heededSignals(process.platform)) process.on(signal, onSignal);
  const piped = output ? 'pipe' : 'inherit';
  // cross-spawn knows Windows' shims (npm.cmd, func.cmd) and how to quote for them.
  let started: ChildProcess;
  try {
    started = spawn(command, [...args], { stdio: ['inherit', piped, piped], env });
  } catch (error) {
    // Node tells of most refusals by an event, and throws the others (E2BIG, ENOTDIR, ENAMETOOLONG).
    const status = notStarted(command, error);
    if (status === undefined) throw error;
    return status;
  }
  child = started;
  const written = output?.(started);
  const endTree = () => endTreeOf(started);
  process.once('exit', endTree);
  const status = await new Promise<number>((resolve) => {
    started.once('error', (error) => {
      const status = notStarted(command, error);
      if (status !== undefined) resolve(status);
    });
    started.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  const isWhole = (await written) ?? true;
  process.removeListener('exit', endTree);
  return status === EXIT.done && !isWhole ? EXIT.unresolved : status;
}

/** We are ending and it is not, which takes a fault of ours: it must not outlive us unseen. */
function endTreeOf({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  // A shim is a shell with the program below it, and Windows ends one process at a time.
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
  else process.kill(pid, 'SIGTERM');
}
