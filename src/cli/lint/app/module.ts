import { parse } from '../../parser.js';
import { type Finding, finding, type Source, type Span } from '../finding.js';
import type { BindingUse } from '../settings/host.js';

/** Another module that is loaded when this one is. */
export interface Import {
  readonly specifier: string;
  readonly span: Span;
  readonly names: readonly string[];
}

/** What loading a module does, as far as it can be told without running it. */
export interface CodeModule {
  readonly source: Source;
  readonly isEsm: boolean;
  /** In the order in which they load. */
  readonly imports: readonly Import[];
  /** Offset of the first `process.env` outside of functions, in code that runs as it is written (CommonJS). */
  readonly readsEnvAt: number | undefined;
  readonly isOnlyImports: boolean;
  readonly bindings: readonly BindingUse[];
  readonly findings: readonly Finding[];
}

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

export function readModule(source: Source): CodeModule {
  const program = parseCode(source);
  const none = { source, isEsm: false, imports: [], readsEnvAt: undefined, isOnlyImports: true, bindings: [] };
  if (!program) {
    const start = { start: 0, end: 0 };
    return {
      ...none,
      findings: [
        finding(
          source,
          start,
          ['unreadable-file', 'warning'],
          'cannot be parsed.',
          'Does it compile? What it loads was not looked at.',
        ),
      ],
    };
  }
  const body = program['body'] as readonly AstNode[];
  const hoisted = body.flatMap(staticImport);
  const inPlace: Import[] = [];
  let readsEnvAt: number | undefined;
  walk(body, (node) => {
    const found = inPlaceImport(node);
    if (found) inPlace.push(found);
    if (isProcessEnv(node)) readsEnvAt ??= node.start;
    return !/Function|^(Class|Object)Method$/.test(node.type) && !/^TS(Type|Interface)/.test(node.type);
  });
  const bindings: BindingUse[] = [];
  walk(body, (node) => {
    bindings.push(...bindingsOf(node, source));
    return true;
  });
  return {
    source,
    isEsm: body.some(({ type }) => /^(Import|Export)/.test(type)),
    imports: [...hoisted, ...inPlace],
    readsEnvAt,
    isOnlyImports: body.every((node) => staticImport(node).length > 0 || isRequireStatement(node)),
    bindings,
    findings: [],
  };
}

/** Visits nodes in the order of the text; goes into a node when told to. */
function walk(value: unknown, visit: (node: AstNode) => boolean): void {
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

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && typeof (value as AstNode).type === 'string';
}

/** The text of a literal without anything computed in it. */
function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'StringLiteral') return String(node['value']);
  return undefined;
}

/** `import`, `export ... from` and `import x = require()`, without those of types, which leave no trace. */
function staticImport(node: AstNode): readonly Import[] {
  const span = { start: node.start, end: node.end };
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return [];
  if (node.type === 'TSImportEqualsDeclaration') {
    const specifier = literal((node['moduleReference'] as AstNode | undefined)?.['expression']);
    return specifier === undefined ? [] : [{ specifier, span, names: [] }];
  }
  if (!/^(Import|Export(Named|All))Declaration$/.test(node.type)) return [];
  const specifier = literal(node['source']);
  if (specifier === undefined) return [];
  const specifiers = (node['specifiers'] as readonly AstNode[] | undefined) ?? [];
  const real = specifiers.filter((one) => one['importKind'] !== 'type');
  if (specifiers.length > 0 && real.length === 0) return [];
  const names = real.map((one) => String((one['imported'] as AstNode | undefined)?.['name'] ?? '*'));
  return [{ specifier, span, names }];
}

/** `require('x')` and `import('x')`. */
function inPlaceImport(node: AstNode): Import | undefined {
  const args = node['arguments'] as readonly unknown[] | undefined;
  const callee = node['callee'] as AstNode | undefined;
  const isRequire = node.type === 'CallExpression' && callee?.type === 'Identifier' && callee['name'] === 'require';
  const isImport = node.type === 'ImportExpression' || (node.type === 'CallExpression' && callee?.type === 'Import');
  if (!isRequire && !isImport) return undefined;
  const specifier = literal(node['source'] ?? args?.[0]);
  return specifier === undefined ? undefined : { specifier, span: { start: node.start, end: node.end }, names: ['*'] };
}

function isRequireStatement(node: AstNode): boolean {
  if (node.type === 'ExpressionStatement') return inPlaceImport(node['expression'] as AstNode) !== undefined;
  if (node.type !== 'VariableDeclaration') return false;
  return (node['declarations'] as readonly AstNode[]).every(
    (one) => isNode(one['init']) && inPlaceImport(one['init']) !== undefined,
  );
}

function isProcessEnv(node: AstNode): boolean {
  const name = (member: string) => (node[member] as AstNode | undefined)?.['name'];
  return node.type === 'MemberExpression' && name('object') === 'process' && name('property') === 'env';
}

/** `app.storageQueue('x', { connection: 'ORDERS', queueName: '%QUEUE%' })`, `input.sql({ ... })` and their kin. */
function bindingsOf(node: AstNode, source: Source): readonly BindingUse[] {
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
      const text = literal(value);
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
