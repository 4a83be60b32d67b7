import { type AstNode, isNode, walk } from './ast.js';

/** A part of the file with names of its own. */
interface Scope {
  readonly start: number;
  readonly end: number;
  /** Which `var` fills. */
  readonly isFunction: boolean;
  readonly outer?: Scope;
  /** With the values of constants. */
  readonly names: Map<string, unknown>;
}

const DECLARATION = /^(Variable|Function|Class|TSEnum)Declaration$/;
/** Whose own name is known inside. */
const NAMED = /^(Function|Class)Expression$/;
/** What a `var` does not leave. */
const FUNCTION = /Function|Method$|^(StaticBlock|TSModuleBlock)$/;
const BLOCK = /^(BlockStatement|For(In|Of)?Statement|SwitchStatement|CatchClause|ClassExpression)$/;

/** What a name holds at the place where it stands, as far as a file tells without being run: a constant's value. */
export function constantsIn(body: readonly AstNode[]): (identifier: AstNode) => unknown {
  const file: Scope = { start: -1, end: Number.POSITIVE_INFINITY, isFunction: true, names: new Map() };
  const places = new Map<AstNode, Scope>();
  let current = file;
  walk(body, (node) => {
    const { type, start, end } = node;
    while (current.outer && !(current.start <= start && end <= current.end)) current = current.outer;
    if (type === 'Identifier') places.set(node, current);
    if (DECLARATION.test(type)) declare(node, current);
    const isFunction = FUNCTION.test(type);
    if (isFunction || BLOCK.test(type)) {
      current = { start, end, isFunction, outer: current, names: new Map() };
      const own = NAMED.test(type) && node['id'];
      for (const name of namesIn([own, node['params'], node['param']])) current.names.set(name, undefined);
    }
    return true;
  });
  return (identifier) => {
    const name = String(identifier['name']);
    let scope = places.get(identifier);
    while (scope && !scope.names.has(name)) scope = scope.outer;
    return scope?.names.get(name);
  };
}

function declare({ kind, id, declarations }: AstNode, scope: Scope): void {
  let filled = scope;
  while (kind === 'var' && !filled.isFunction && filled.outer) filled = filled.outer;
  for (const name of namesIn(id)) filled.names.set(name, undefined);
  for (const { id, init } of (declarations ?? []) as readonly AstNode[]) {
    const isWhole = kind === 'const' && (id as AstNode).type === 'Identifier';
    for (const name of namesIn(id)) filled.names.set(name, isWhole ? init : undefined);
  }
}

/** `{ a, b: [c = 1], ...d }`: a, c and d, in no order. Whatever is nested deep enough would overflow a recursion. */
function namesIn(pattern: unknown): readonly string[] {
  const names: string[] = [];
  const parts = [pattern];
  while (parts.length > 0) {
    const part = parts.pop();
    if (Array.isArray(part)) for (const one of part) parts.push(one);
    else if (isNode(part)) {
      const { left, argument, value, parameter, properties, elements } = part;
      if (part.type === 'Identifier') names.push(String(part['name']));
      else parts.push(left ?? argument ?? value ?? parameter ?? properties ?? elements);
    }
  }
  return names;
}
