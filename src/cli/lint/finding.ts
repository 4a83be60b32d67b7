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
  const from = positionOf(source.text, start);
  const to = positionOf(source.text, Math.max(start, end));
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

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: before.length - lineStart + 1 };
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
