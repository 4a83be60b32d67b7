import { constants } from 'node:os';
import spawn from 'cross-spawn';
import { complain } from '../support/terminal.js';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Runs a command with this environment, our streams and our signals; gives its status, 128 + n for signal n. */
export async function runChild([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise((resolve) => {
      child.once('error', ({ code, syscall }: NodeJS.ErrnoException) => {
        if (!syscall?.startsWith('spawn')) return;
        complain(`${command} ${code === 'ENOENT' ? 'was not found' : `could not be started (${code})`}.`);
        resolve(code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE);
      });
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}
