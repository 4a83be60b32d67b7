import { parseEnv } from 'node:util';
import { UsageError } from './exit.js';
import { lineAt, type Mistake, type Span } from './files.js';

/** An assignment of a file in dotenv syntax, and where it stands. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly nameAt: Span;
  /** Of the value with its quotes. */
  readonly at: Span;
  readonly quote: string;
  readonly hasExport: boolean;
}

const NOTHING = /[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n?|\n|$)/y;
const NAME = /([^\S\r\n]*(export[^\S\r\n]+)?)([^\s=#'"`]+)[^\S\r\n]*=[^\S\r\n]*/y;
const LINE = /([^\r\n]*)(?:\r\n?|\n|$)/y;

/**
 * The assignments of a file, up to the first mistake. Node's own parser says what a value is, and expands nothing; it
 * gets one assignment at a time, because it skips what it does not understand, cuts a value at its second quote, and
 * takes the line behind `A= ` for A's value, all without a word (Node 24.21). Here those are mistakes, or empty values.
 */
export function readDotenv(text: string): { readonly assignments: readonly Assignment[]; readonly mistake?: Mistake } {
  const assignments: Assignment[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    if (take(NOTHING)) continue;
    const start = at;
    const broken = (what: string, hint: string) => ({ assignments, mistake: { at: start, what, hint } });
    const head = take(NAME);
    if (!head) return broken('this is no setting', 'Write NAME=value, or # before a comment.');
    const [, indent = '', exported, name = ''] = head;
    const valueStart = at;
    let valueEnd: number;
    let quote = text.slice(at, at + 1);
    if (quote !== '' && '"\'`'.includes(quote)) {
      const close = text.indexOf(quote, at + 1);
      if (close < 0) return broken(`a ${quote} is not closed`, 'Close it, or use another kind of quote.');
      at = close + 1;
      valueEnd = at;
      if (!take(NOTHING)) {
        return broken(
          `there is something after the closing ${quote}`,
          'A value that holds one kind of quote stands in another: ", \' or `.',
        );
      }
    } else {
      quote = '';
      const [written = ''] = (take(LINE)?.[1] ?? '').split('#', 1);
      valueEnd = valueStart + written.trimEnd().length;
    }
    const nameStart = start + indent.length;
    const [value = ''] = Object.values(parseAsNode(text.slice(start, at).replace(/\r\n?/g, '\n')));
    assignments.push({
      name,
      value,
      nameAt: { start: nameStart, end: nameStart + name.length },
      at: { start: valueStart, end: valueEnd },
      quote,
      hasExport: exported !== undefined,
    });
  }
  return { assignments };
}

/** @throws UsageError that names file and line, and quotes nothing. */
export function parseDotenv(text: string, file: string): ReadonlyMap<string, string> {
  const { assignments, mistake } = readDotenv(text);
  if (mistake) throw new UsageError(`${file}, line ${lineAt(text, mistake.at)}: ${mistake.what}.`, mistake.hint);
  return new Map(assignments.map(({ name, value }) => [name, value]));
}

/** As `node --env-file` reads it. Node 22.13 makes variables of what stands in the last line, unless the line is ended. */
export function parseAsNode(text: string): Readonly<Record<string, string>> {
  return parseEnv(`${text}\n`) as Record<string, string>;
}
