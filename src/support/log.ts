import { visible } from './visible.js';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Log {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/**
 * One line per message on stderr, with the word by which the Functions host
 * classifies console lines: `error` or `warn` somewhere in the line
 * (azure-functions-host, `WorkerProcess.ParseErrorMessageAndLog`).
 */
export function createLog(level: LogLevel): Log {
  const limit = LOG_LEVELS.indexOf(level);
  const writer = (word: Exclude<LogLevel, 'silent'>) => (message: string) => {
    if (LOG_LEVELS.indexOf(word) > limit) return;
    const line = `vaultstrap ${word}: ${visible(message.replace(/\s*[\r\n]+\s*/g, ' '))}`;
    // biome-ignore lint/suspicious/noConsole: the one place that prints; during start only the console reaches a Function App's log
    console.error(line);
  };
  return {
    error: writer('error'),
    warn: writer('warn'),
    info: writer('info'),
    debug: writer('debug'),
  };
}
