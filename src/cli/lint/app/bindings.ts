import type { Source } from '../finding.js';
import type { BindingUse } from '../settings/host.js';
import { type AstNode, isNode, literal } from './ast.js';
import { constantsIn } from './scopes.js';

/** What stands behind names, since bindings are told once for several functions. */
export interface Constants {
  /** The expression itself, or what a constant, or a member of one, holds. */
  follow(node: unknown): AstNode | undefined;
  /** Of an object, and what is spread into it: values by name, of several of one name the last. */
  membersOf(object: AstNode | undefined): ReadonlyMap<string, AstNode>;
}

/** More steps than that nobody takes, and what refers to itself has an end. */
const MOST_STEPS = 20;
/** For a file: what is spread a thousand times would take a thousand times as long. */
const MOST_LOOKS = 100_000;

/** Follows a file's `const NAME = ...` without running it. */
export function constantsOf(body: readonly AstNode[]): Constants {
  /** Of the file, once something asks: most have nothing to follow. */
  let held: ((name: AstNode) => unknown) | undefined;
  /** Each object once, however often it is spread. */
  const known = new Map<AstNode, Map<string, AstNode>>();
  let looks = 0;

  function follow(node: unknown, steps: number): AstNode | undefined {
    if (!isNode(node) || steps === 0 || ++looks > MOST_LOOKS) return undefined;
    if (node.type === 'Identifier') {
      held ??= constantsIn(body);
      return follow(held(node), steps - 1);
    }
    if (/^TS(As|Satisfies)Expression$/.test(node.type)) return follow(node['expression'], steps - 1);
    if (node.type !== 'MemberExpression' || node['computed']) return node;
    const members = membersOf(follow(node['object'], steps - 1), steps - 1);
    return follow(members.get(String((node['property'] as AstNode)['name'])), steps - 1);
  }

  function membersOf(object: AstNode | undefined, steps: number): ReadonlyMap<string, AstNode> {
    const before = object && known.get(object);
    if (before) return before;
    const members = new Map<string, AstNode>();
    if (object?.type !== 'ObjectExpression') return members;
    known.set(object, members);
    for (const property of object['properties'] as readonly AstNode[]) {
      const key = property['key'] as AstNode | undefined;
      if (property.type === 'SpreadElement') {
        for (const [name, value] of membersOf(follow(property['argument'], steps), steps - 1)) {
          if (++looks > MOST_LOOKS) break;
          members.set(name, value);
        }
      } else if (key && isNode(property['value'])) {
        members.set(String(key['name'] ?? key['value']), property['value']);
      }
    }
    return members;
  }

  return {
    follow: (node) => follow(node, MOST_STEPS),
    membersOf: (object) => membersOf(object, MOST_STEPS),
  };
}

/** `app.storageQueue('x', { connection: 'ORDERS', queueName: '%QUEUE%' })`, `input.sql({ ... })` and their kin. */
export function bindingsOf(node: AstNode, source: Source, { follow, membersOf }: Constants): readonly BindingUse[] {
  if (node.type !== 'CallExpression') return [];
  const callee = node['callee'] as AstNode;
  const object = callee['object'] as AstNode | undefined;
  const isRotation = callee['name'] === 'registerRotation';
  if (!isRotation && !/^(app|input|output|trigger)$/.test(String(object?.['name']))) return [];
  const binding = isRotation ? 'timer' : String((callee['property'] as AstNode | undefined)?.['name']).toLowerCase();
  return (node['arguments'] as readonly AstNode[]).flatMap((argument) =>
    [...membersOf(follow(argument))].flatMap(([name, value]) => {
      const text = literal(follow(value));
      if (text === undefined) return [];
      return usesOf(name, text, { binding, source, span: { start: value.start, end: value.end } });
    }),
  );
}

/** What one member of a binding says, in code or in function.json. */
export function usesOf(
  key: string,
  text: string,
  where: Pick<BindingUse, 'binding' | 'source' | 'span'>,
): readonly BindingUse[] {
  if (/^(connection|connectionStringSetting)$/i.test(key)) return [{ setting: text, isConnection: true, ...where }];
  return [...text.matchAll(/%([^%\s]+)%/g)].map(([, setting = '']) => ({ setting, isConnection: false, ...where }));
}
