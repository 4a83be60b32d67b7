import { parse } from '../../parser.js';
import type { Source } from '../finding.js';

/** A node of whichever kind: what parsers return is data here. */
export interface AstNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

export function parseCode(source: Source): AstNode | undefined {
  const isTypeScript = /\.[cm]?tsx?$/.test(source.file);
  const jsx = /x$/.test(source.file) || !isTypeScript ? (['jsx'] as const) : [];
  const attempt = (sourceType: 'module' | 'script') => {
    try {
      return parse(source.text, {
        sourceType,
        errorRecovery: true,
        allowReturnOutsideFunction: true,
        plugins: [
          ...(isTypeScript ? (['typescript', 'decorators-legacy'] as const) : (['decorators-legacy'] as const)),
          ...jsx,
        ],
      });
    } catch {
      return undefined;
    }
  };
  const file = attempt('module') ?? attempt('script');
  return file && (file.program as unknown as AstNode);
}

/** Visits nodes in the order of the text; goes into a node when told to. */
export function walk(value: unknown, visit: (node: AstNode) => boolean): void {
  const stack: unknown[] = [value];
  while (stack.length > 0) {
    const item = stack.pop();
    if (Array.isArray(item)) {
      for (let at = item.length - 1; at >= 0; at--) stack.push(item[at]);
    } else if (isNode(item) && visit(item)) {
      const members = Object.entries(item).filter(
        ([key, member]) => !/Comments$|^(loc|extra|errors)$/.test(key) && typeof member === 'object',
      );
      for (let at = members.length - 1; at >= 0; at--) stack.push(members[at]?.[1]);
    }
  }
}

export function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && typeof (value as AstNode).type === 'string';
}

/** The text of a literal without anything computed in it. */
export function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'StringLiteral') return String(node['value']);
  const [only, ...more] = node.type === 'TemplateLiteral' ? (node['quasis'] as readonly AstNode[]) : [];
  return only && more.length === 0 ? String((only['value'] as { cooked?: unknown }).cooked) : undefined;
}
