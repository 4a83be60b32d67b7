import type { Source } from '../finding.js';
import type { BindingUse } from '../settings/host.js';
import { type AstNode, literal } from './ast.js';

/** The texts of a file's `const NAME = 'text'`, by which bindings are told once for several functions. */
export function constantsOf(body: readonly AstNode[]): ReadonlyMap<string, string> {
  const declarations = body
    .map((statement) => (statement['declaration'] as AstNode | undefined) ?? statement)
    .filter(({ type, kind }) => type === 'VariableDeclaration' && kind === 'const')
    .flatMap((statement) => statement['declarations'] as readonly AstNode[]);
  return new Map(
    declarations.flatMap(({ id, init }) => {
      const [{ type, name }, text] = [id as AstNode, literal(init)];
      return type !== 'Identifier' || text === undefined ? [] : [[String(name), text] as const];
    }),
  );
}

/** `app.storageQueue('x', { connection: 'ORDERS', queueName: '%QUEUE%' })`, `input.sql({ ... })` and their kin. */
export function bindingsOf(
  node: AstNode,
  source: Source,
  constants: ReadonlyMap<string, string>,
): readonly BindingUse[] {
  if (node.type !== 'CallExpression') return [];
  const callee = node['callee'] as AstNode;
  const object = callee['object'] as AstNode | undefined;
  const isRotation = callee['name'] === 'registerRotation';
  if (!isRotation && !/^(app|input|output|trigger)$/.test(String(object?.['name']))) return [];
  const binding = isRotation ? 'timer' : String((callee['property'] as AstNode | undefined)?.['name']).toLowerCase();
  return (node['arguments'] as readonly AstNode[]).flatMap((argument) => {
    if (argument.type !== 'ObjectExpression') return [];
    return (argument['properties'] as readonly AstNode[]).flatMap((property) => {
      const key = property['key'] as AstNode | undefined;
      const value = property['value'] as AstNode | undefined;
      const text = literal(value) ?? constants.get(String(value?.['name']));
      if (property.type !== 'ObjectProperty' || !value || text === undefined) return [];
      const where = { source, span: { start: value.start, end: value.end } };
      return usesOf(String(key?.['name'] ?? key?.['value']), text, { binding, ...where });
    });
  });
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
