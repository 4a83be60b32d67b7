import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** Signals that must not end us while the command runs: it decides, we wait for it. */
export function heededSignals(platform: NodeJS.Platform): readonly NodeJS.Signals[] {
  return platform === 'win32'
    ? ['SIGINT', 'SIGBREAK', 'SIGHUP']
    : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
}

/**
 * Ends us at a signal, until there is a command for it, where no default would: the kernel keeps from the first process
 * of a container each signal that it has no handler for (pid_namespaces(7)). What stops the container would be lost, and
 * the command begin after it.
 *
 * @returns to be called when the command takes over.
 */
export function endBySignal(): () => void {
  let isOver = process.pid !== 1;
  for (const signal of isOver ? [] : (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const))
    process.on(signal, () => {
      if (!isOver) process.exit(128 + constants.signals[signal]);
    });
  return () => {
    isOver = true;
  };
}

/**
 * Whether the command has not heard of it. Keys of a terminal (Ctrl-C, Ctrl-\) reach every process of the foreground
 * group, the command too, and many programs give up at once on a second SIGINT. Windows' console tells all its
 * processes likewise; there, a signal that we send would end the command without a word.
 */
export function mustForward(signal: NodeJS.Signals, platform: NodeJS.Platform, isInForeground: () => boolean): boolean {
  if (platform === 'win32') return false;
  return !((signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground());
}

/** Whether this process belongs to the foreground group of a terminal, which its keys interrupt. */
export function isInForeground(): boolean {
  if (process.platform === 'linux') {
    try {
      return readsForeground(readFileSync('/proc/self/stat', 'latin1'));
    } catch {
      // Not mounted.
    }
  }
  return [0, 1, 2].some((fd) => isatty(fd));
}

/** proc_pid_stat(5): the fifth field is our group, the eighth the terminal's foreground group. */
export function readsForeground(stat: string): boolean {
  // The second is a name in parentheses, and may hold anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === foreground;
}
