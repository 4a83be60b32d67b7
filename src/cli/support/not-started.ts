import { existsSync } from 'node:fs';
import { complain } from './terminal.js';

/** Exit statuses of shells and of env(1): not executable, not found. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Says why a command was not started. @returns our exit status; `undefined` when the error tells of something else. */
export function notStarted(command: string, error: unknown): number | undefined {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (!syscall?.startsWith('spawn')) return undefined;
  if (code === 'ENOENT') {
    complain(...notFound(command));
    return NOT_FOUND;
  }
  complain(`${command} could not be started (${code}).`, HINTS[code]);
  return NOT_EXECUTABLE;
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Is it a file, and executable (chmod +x)? Or start a script by its interpreter: node script.js.',
  E2BIG:
    'Its arguments and environment are more than the system takes, or one of them is (128 KB on Linux). Hand over large values in files: File=true.',
};

function notFound(command: string): [message: string, hint: string] {
  const isPath = /[/\\]/.test(command);
  if (isPath && existsSync(command)) {
    return [
      `${command} could not be started: the interpreter that its first line names was not found.`,
      'Install it, or correct the line; a carriage return at its end (CRLF) counts as part of the name.',
    ];
  }
  const message = `${command} was not found.`;
  if (/\s/.test(command)) return [message, 'Give the command and its arguments one by one, not in one pair of quotes.'];
  return [
    message,
    isPath
      ? 'A path is taken from the folder that vaultstrap runs in.'
      : 'Is it spelt right, installed, and in PATH? What packages put into node_modules/.bin is found by npx vaultstrap.',
  ];
}
