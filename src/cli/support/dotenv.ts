import { parseEnv } from 'node:util';
import { UsageError } from './exit.js';
import { lineAt } from './files.js';

const NOTHING = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
const NAME = /[^\S\n]*(?:export[^\S\n]+)?([^\s=#'"`]+)[^\S\n]*=[^\S\n]*/y;
const LINE = /[^\n]*(?:\n|$)/y;

/**
 * A file in dotenv syntax. Node's own parser says what a value is, and expands nothing; it gets one assignment at a time,
 * because it skips what it does not understand, cuts a value at its second quote, and takes the line behind `A= ` for
 * A's value, all without a word (Node 24.21). Here those are mistakes, or empty values.
 *
 * @throws UsageError that names file and line, and quotes nothing.
 */
export function parseDotenv(source: string, file: string): ReadonlyMap<string, string> {
  const text = source.replace(/\r\n?/g, '\n');
  const settings = new Map<string, string>();
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match ? (match[1] ?? '') : undefined;
  };
  while (at < text.length) {
    if (take(NOTHING) !== undefined) continue;
    const start = at;
    const mistake = (what: string, hint: string) =>
      new UsageError(`${file}, line ${lineAt(text, start)}: ${what}.`, hint);
    const name = take(NAME);
    if (name === undefined) throw mistake('this is no setting', 'Write NAME=value, or # before a comment.');
    const quote = text.slice(at, at + 1);
    if (quote !== '' && '"\'`'.includes(quote)) {
      const close = text.indexOf(quote, at + 1);
      if (close < 0) throw mistake(`a ${quote} is not closed`, 'Close it, or use another kind of quote.');
      at = close + 1;
      if (take(NOTHING) === undefined) {
        throw mistake(
          `there is something behind the closing ${quote}`,
          'A value that holds one kind of quote stands in another: ", \' or `.',
        );
      }
    } else {
      take(LINE);
    }
    settings.set(name, parseEnv(text.slice(start, at))[name] ?? '');
  }
  return settings;
}
