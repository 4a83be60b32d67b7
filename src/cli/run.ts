import { constants } from 'node:os';
import spawn from 'cross-spawn';
import { bootstrap, close, isVaultstrapError } from '../index.js';
import { readEnvironment } from '../settings/environment.js';

/** Exit statuses of shells and of env(1): we failed, not executable, not found. */
const FAILED_BEFORE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Resolves this process's settings, then runs the command with them; values exist in its environment only.
 * Signals reach it, its streams are ours, and its status is returned (128 + n when signal n ended it).
 */
export async function runCommand(command: string, args: readonly string[]): Promise<number> {
  try {
    await bootstrap();
    await close();
  } catch (error) {
    console.error(
      `vaultstrap error: ${isVaultstrapError(error) ? error.message : 'the settings could not be resolved.'}`,
    );
    return FAILED_BEFORE;
  }
  // cross-spawn knows Windows' shims (npm.cmd, func.cmd) and how to quote for them.
  const child = spawn(command, [...args], { stdio: 'inherit', env: readEnvironment() });
  // The terminal sends SIGINT to both; a process manager sends SIGTERM to us alone. Either way the child decides.
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  return new Promise((resolve) => {
    child.once('error', ({ code, syscall }: NodeJS.ErrnoException) => {
      if (!syscall?.startsWith('spawn')) return;
      console.error(
        `vaultstrap error: ${command} ${code === 'ENOENT' ? 'was not found' : `could not be started (${code})`}.`,
      );
      resolve(code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
