import type { Span } from '../support/files.js';
import type { RuleId, Severity } from './rules.js';

export type { Span } from '../support/files.js';

/** A file's text, and how it is called in what we print. */
export interface Source {
  /** Relative to where we were called, with `/`. */
  readonly file: string;
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly file: string;
  /** From 1, in UTF-16 code units; the end is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** Names and positions; never a value. */
  readonly message: string;
  readonly hint: string;
}

export function finding(
  source: Source,
  { start, end }: Span,
  [rule, severity]: readonly [RuleId, Severity],
  message: string,
  hint: string,
): Finding {
  const from = positionOf(source, start);
  const to = positionOf(source, Math.max(start, end));
  return {
    rule,
    severity,
    file: source.file,
    line: from.line,
    column: from.column,
    endLine: to.line,
    endColumn: to.column,
    message,
    hint,
  };
}

/** Of each text once: a file of many findings would be read from its beginning for each. */
const lineStarts = new WeakMap<Source, readonly number[]>();

function positionOf(source: Source, offset: number): { line: number; column: number } {
  let starts = lineStarts.get(source);
  if (!starts) {
    starts = [0, ...Array.from(source.text.matchAll(/\n/g), ({ index }) => index + 1)];
    lineStarts.set(source, starts);
  }
  // The last line that begins at or before it.
  let [line, end] = [0, starts.length];
  while (end - line > 1) {
    const middle = (line + end) >> 1;
    if ((starts[middle] ?? 0) <= offset) line = middle;
    else end = middle;
  }
  return { line: line + 1, column: Math.min(offset, source.text.length) - (starts[line] ?? 0) + 1 };
}

/** By file, then by place; the same thing is said once. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings
    .filter((one) => {
      const key = JSON.stringify([one.rule, one.file, one.line, one.column, one.message]);
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
}
