import { type Finding, finding, type Source, type Span } from '../finding.js';
import type { BindingUse } from '../settings/host.js';
import { type AstNode, isNode, literal, parseCode, walk } from './ast.js';
import { bindingsOf, constantsOf } from './bindings.js';
import { createCallReader, type EnvFileCall, isEnvImport } from './env-files.js';

/** Another module that is loaded when this one is. */
export interface Import {
  readonly specifier: string;
  readonly span: Span;
  readonly names: readonly string[];
  /** It is a call that loads a .env file, and no import. */
  readonly envFile?: EnvFileCall;
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

/** @param isEsm whether the app's files are ES modules, unless their names say otherwise. */
export function readModule(source: Source, isEsm = false): CodeModule {
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
  const envFileCall = createCallReader(body);
  const loadsEnvFile = new Set<AstNode>();
  let readsEnvAt: number | undefined;
  for (const statement of body) {
    let readAt: number | undefined;
    walk(statement, (node) => {
      const envFile = envFileCall(node);
      const found =
        inPlaceImport(node) ?? (envFile && { specifier: envFile.what, span: envFile.span, names: [], envFile });
      if (found) inPlace.push(found);
      // NestJS's call is part of a class that does more.
      if ((envFile && !envFile.isNest) || (found && isEnvImport(found.specifier))) loadsEnvFile.add(statement);
      if (isNodeEnv(node)) return false;
      if (isProcessEnv(node)) readAt ??= node.start;
      return !/Function|^(Class|Object)Method$/.test(node.type) && !/^TS(Type|Interface)/.test(node.type);
    });
    // What a .env file's loader looks at decides which file it is.
    if (!loadsEnvFile.has(statement)) readsEnvAt ??= readAt;
  }
  const bindings: BindingUse[] = [];
  const constants = constantsOf(body);
  walk(body, (node) => {
    bindings.push(...bindingsOf(node, source, constants));
    return true;
  });
  return {
    source,
    isEsm: body.some(({ type }) => /^(Import|Export)/.test(type)),
    imports: isInTextOrder(source.file, isEsm) ? inTextOrder([...hoisted, ...inPlace]) : [...hoisted, ...inPlace],
    readsEnvAt,
    isOnlyImports: body.every(
      (node) => staticImport(node).length > 0 || isRequireStatement(node) || loadsEnvFile.has(node),
    ),
    bindings,
    findings: [],
  };
}

/** tsc keeps its place to what it makes a `require` of; other tools, and Node, put imports first. */
function isInTextOrder(file: string, isEsm: boolean): boolean {
  return /\.c?tsx?$/.test(file) && !isEsm;
}

function inTextOrder(imports: readonly Import[]): readonly Import[] {
  return imports.toSorted((a, b) => a.span.start - b.span.start);
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

/** Which no vault holds, and by which an app chooses its .env file. */
function isNodeEnv(node: AstNode): boolean {
  const [object, property] = [node['object'], node['property'] as AstNode | undefined];
  return (
    node.type === 'MemberExpression' && property?.['name'] === 'NODE_ENV' && isNode(object) && isProcessEnv(object)
  );
}

function isProcessEnv(node: AstNode): boolean {
  const name = (member: string) => (node[member] as AstNode | undefined)?.['name'];
  return node.type === 'MemberExpression' && name('object') === 'process' && name('property') === 'env';
}
