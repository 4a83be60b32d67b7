import type { AstNode } from '../lint/app/ast.js';
import { styleOf } from './edit.js';

/**
 * Puts lines before everything that a program loads: after a shebang, the comments that head the file, and
 * directives; before the first statement and what is said about it.
 */
export function insertAtTop(text: string, program: AstNode, lines: readonly string[]): string {
  const directive = (program['directives'] as readonly AstNode[]).at(-1);
  if (directive) return insertBelow(text, directive.end, lines);
  const { newline } = styleOf(text);
  const at = topOf(text);
  const block = lines.map((line) => `${line}${newline}`).join('');
  const before = text.slice(0, at);
  // At most a byte order mark, or a whole line.
  const glue = before.length <= 1 || before.endsWith('\n') ? '' : newline;
  const rest = text.slice(at);
  return `${before}${glue}${block}${setApart(lines, rest, newline)}${rest}`;
}

/** Editors that organize imports sort those of a block by name, ours among them: https://github.com/microsoft/vscode/issues/224376 */
function setApart(lines: readonly string[], rest: string, newline: string): string {
  if (!lines[0]?.startsWith('import')) return '';
  let code = rest;
  for (let comment = COMMENT.exec(code); comment; comment = COMMENT.exec(code)) code = code.slice(comment[0].length);
  return /^[^\S\n]*import\b(?!\s*\()/.test(code) ? newline : '';
}

/** Puts lines below a statement that ends at `end`. */
export function insertBelow(text: string, end: number, lines: readonly string[]): string {
  const { newline } = styleOf(text);
  const [rest = ''] = /^[^\n]*\n?/.exec(text.slice(end)) ?? [];
  // Another statement on the same line comes behind ours.
  const at = /^\s*(\/\/|\/\*.*\*\/\s*$|$)/.test(rest) ? end + rest.length : end;
  const before = text.slice(0, at);
  const glue = before.endsWith('\n') ? '' : newline;
  const behind = text.slice(at).replace(/^[^\S\n]+/, at === end ? '' : '$&');
  return `${before}${glue}${lines.map((line) => `${line}${newline}`).join('')}${setApart(lines, behind, newline)}${behind}`;
}

/** A block, or lines of `//` one after the other. */
const COMMENT = /^[^\S\n]*(?:\/\*[\s\S]*?\*\/[^\S\n]*(?:\n|$)?|(?:\/\/[^\n]*(?:\n|$)[^\S\n]*)+)/;

/** The offset of the line where the first import belongs, in a file without directives. */
function topOf(text: string): number {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  const shebang = /^#![^\n]*\n?/.exec(text.slice(at));
  if (shebang) at += shebang[0].length;
  let top = at;
  // Comments that head the file: licences, what tools read there, whatever a blank line sets apart; and what is above.
  for (;;) {
    const comment = COMMENT.exec(text.slice(at));
    if (!comment) return top;
    const end = at + comment[0].length;
    const blank = /^(?:[^\S\n]*\r?\n)+/.exec(text.slice(end));
    const isHead = /^\s*\/\*!|@license|copyright|SPDX-|^\s*\/\/\/|@ts-(no)?check|eslint-(dis|en)able\s|@jest/i.test(
      comment[0],
    );
    at = end + (blank?.[0].length ?? 0);
    if (blank || isHead) top = at;
  }
}

/** How the file writes texts and ends of statements. */
export function manner(text: string, program: AstNode): { quote: string; end: string } {
  const body = program['body'] as readonly AstNode[];
  const first = body.find(({ type }) => /Import|Variable|Expression/.test(type));
  const written = first ? text.slice(first.start, first.end) : '';
  const quote = /['"]/.exec(written)?.[0] ?? "'";
  // Without a semicolon of somebody's `(async () => {})()` would be a call of what our line gives.
  const goesOn = body.some(({ start }) => /[([`]/.test(text.charAt(start)) && text.charAt(start - 1) !== ';');
  return { quote, end: first && !written.endsWith(';') && !goesOn ? '' : ';' };
}
