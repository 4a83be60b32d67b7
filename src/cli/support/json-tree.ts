import { type Node, type ParseError, type ParseErrorCode, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Mistake, Span } from './files.js';

export interface JsonTree {
  readonly root?: Node;
  readonly mistake?: Mistake & { readonly length: number };
}

/** JSON with comments and trailing commas, as Core Tools has it, with positions; up to the first mistake. */
export function readJsonTree(text: string): JsonTree {
  const errors: ParseError[] = [];
  // A byte order mark is no error for those who read these files.
  let root: Node | undefined;
  try {
    root = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  } catch (error) {
    // The parser goes down with the nesting, and out of stack.
    if (!(error instanceof RangeError)) throw error;
    return { mistake: { at: 0, length: 1, what: 'this is not JSON that anybody wrote: its nesting is too deep' } };
  }
  const [first] = errors;
  if (!first) return root ? { root } : {};
  const { offset, length, error } = first;
  return { mistake: { at: offset, length, what: `this is not JSON: ${inWords(error)}` } };
}

const WORDS: Readonly<Record<string, string>> = {
  CommaExpected: 'a comma is missing before this',
  ColonExpected: 'a colon is missing before this',
  CloseBraceExpected: 'a } is missing',
  CloseBracketExpected: 'a ] is missing',
  PropertyNameExpected: 'a name in double quotes is missing before this',
  ValueExpected: 'a value is missing',
  UnexpectedEndOfString: 'a text is not closed',
  UnexpectedEndOfComment: 'a comment is not closed',
  InvalidSymbol: 'a word that is no value',
  InvalidEscapeCharacter: 'a text has a wrong escape (a backslash is written twice)',
  EndOfFileExpected: 'something follows its end',
};

function inWords(code: ParseErrorCode): string {
  const name = printParseErrorCode(code);
  return WORDS[name] ?? name;
}

export function spanOf({ offset, length }: Node): Span {
  return { start: offset, end: offset + length };
}

/** Names and values of an object, in their order. */
export function membersOf(node: Node | undefined): readonly { name: string; key: Node; value: Node }[] | undefined {
  if (node?.type !== 'object') return undefined;
  return (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
    key && value ? [{ name: String(key.value), key, value }] : [],
  );
}

/** Of several of one name the last counts. */
export function memberOf(node: Node | undefined, name: string): Node | undefined {
  return membersOf(node)?.findLast((member) => member.name === name)?.value;
}
