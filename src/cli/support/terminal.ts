import { styleText } from 'node:util';
import { liveEnvironment } from '../../settings/environment.js';
import { visible } from '../../support/visible.js';
import { EXIT, isUsageError } from './exit.js';

/** A stream that people may be looking at. */
export type Stream = NodeJS.WriteStream;

type Style = Parameters<typeof styleText>[0];

/** Colours where the stream is a terminal, or `FORCE_COLOR` says so; never with `NO_COLOR`. */
export function paint(stream: Stream, style: Style, text: string): string {
  return styleText(style, text, { stream });
}

/** `1 file`, `2 files`. */
export function many(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Whether `paint` paints there. */
export function hasColor(stream: Stream): boolean {
  return paint(stream, 'red', '') !== '';
}

/** One line on stderr that says what went wrong and what to do next. */
export function complain(message: string, hint?: string): void {
  const head = paint(process.stderr, 'red', 'vaultstrap error:');
  console.error(`${head} ${printable(`${message}${hint ? ` Hint: ${hint}` : ''}`)}`);
}

/** One line on stderr that is good to know; none where only errors are wanted. */
export function note(message: string): void {
  if (!/^\s*(silent|error)\s*$/i.test(liveEnvironment()['VAULTSTRAP_LOG'] ?? '')) tell(message);
}

/** One line on stderr that says what was done. */
export function tell(message: string): void {
  console.error(`${paint(process.stderr, 'dim', 'vaultstrap:')} ${printable(message)}`);
}

/** What holds names of settings or files, or lines of them: shown, lines and tabs apart, without steering the terminal. */
export function printable(text: string): string {
  return text.replace(/[^\n\t]+/g, visible);
}

/** The end of a command that failed: a mistake in its call, or a file that is not ours to use, is told without a stack. */
export function explain(error: unknown): void {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (isUsageError(error)) complain(error.message, error.hint);
  else if (syscall === 'uv_cwd') complain('the folder that this runs in is gone.', 'Change to one that exists.');
  else if (code && syscall && path) complain(`${path} cannot be used (${syscall}: ${code}).`);
  else throw error;
  process.exitCode = EXIT.usage;
}
