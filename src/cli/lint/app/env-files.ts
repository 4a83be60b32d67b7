import type { Span } from '../finding.js';
import { type AstNode, isNode, literal, walk } from './ast.js';

/**
 * What writes a .env file into `process.env`: these packages, by `import 'dotenv/config'` or a call of `config()`, and Node's
 * `loadEnvFile()` (https://nodejs.org/api/process.html#processloadenvfilepath).
 */
const LOADERS = /^(dotenv|dotenv-(expand|flow|safe)|@dotenvx\/dotenvx)$/;
const CONFIG = /\/config(\.js)?$/;

/** A statement that loads a .env file when it runs. */
export interface EnvFileCall {
  readonly what: string;
  /** Of the package, for the import that does the same; nothing for Node's own. */
  readonly packageName: string | undefined;
  readonly span: Span;
  /** The file, and the way, that the loader takes by itself. */
  readonly isPlain: boolean;
}

export function isEnvLoader(specifier: string): boolean {
  return LOADERS.test(specifier);
}

/** `dotenv/config` and its kin. */
export function isEnvImport(specifier: string): boolean {
  return CONFIG.test(specifier) && isEnvLoader(specifier.replace(CONFIG, ''));
}

/** Reads calls, given what the file's names stand for. */
export function createCallReader(body: readonly AstNode[]): (node: AstNode) => EnvFileCall | undefined {
  const names = namesIn(body);

  /** The package that an expression is, or `process`. */
  function moduleOf(node: unknown): string | undefined {
    if (!isNode(node)) return undefined;
    if (node.type === 'Identifier') return names.get(String(node['name']))?.module;
    return requiredBy(node);
  }

  return (node) => {
    if (node.type !== 'CallExpression') return undefined;
    const callee = node['callee'] as AstNode;
    const isMember = callee.type === 'MemberExpression';
    const bound = isMember ? undefined : names.get(String(callee['name']));
    const module = isMember ? moduleOf(callee['object']) : bound?.module;
    const called = isMember ? String((callee['property'] as AstNode)['name']) : bound?.member;
    if (module === undefined || !/^(config|expand|loadEnvFile)$/.test(called ?? '')) return undefined;
    const isOfNode = called === 'loadEnvFile';
    if (isOfNode !== (module === 'process')) return undefined;
    return {
      what: isOfNode ? 'loadEnvFile()' : `${called}() of ${module}`,
      packageName: isOfNode ? undefined : module,
      span: { start: node.start, end: node.end },
      isPlain: (node['arguments'] as readonly unknown[]).length === 0,
    };
  };
}

interface Name {
  readonly module: string;
  /** Of a function that was imported by its name. */
  readonly member?: string;
}

/** The names by which a file has a loader, or a function of it. */
function namesIn(body: readonly AstNode[]): ReadonlyMap<string, Name> {
  const names = new Map<string, Name>([['process', { module: 'process' }]]);
  const add = (local: unknown, module: string | undefined, member?: unknown) => {
    if (module === undefined || !isNode(local)) return;
    const isFunction = member !== undefined && member !== 'default';
    names.set(String(local['name']), { module, ...(isFunction && { member: String(member) }) });
  };
  walk(body, (node) => {
    if (node.type === 'ImportDeclaration') {
      const module = loaderNamed(literal(node['source']));
      for (const one of node['specifiers'] as readonly AstNode[])
        add(one['local'], module, (one['imported'] as AstNode | undefined)?.['name']);
    }
    if (node.type === 'TSImportEqualsDeclaration') {
      add(node['id'], loaderNamed(literal((node['moduleReference'] as AstNode)['expression'])));
    }
    if (node.type === 'VariableDeclarator') {
      const [id, module] = [node['id'] as AstNode, requiredBy(node['init'])];
      if (id.type !== 'ObjectPattern') add(id, module);
      else
        for (const one of id['properties'] as readonly AstNode[])
          add(one['value'], module, (one['key'] as AstNode | undefined)?.['name']);
    }
    return !/Function|^Class/.test(node.type);
  });
  return names;
}

/** Of `require('x')` and `await import('x')`. */
function requiredBy(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'AwaitExpression') return requiredBy(node['argument']);
  const callee = node['callee'] as AstNode | undefined;
  const isLoad = callee?.['name'] === 'require' || callee?.type === 'Import' || node.type === 'ImportExpression';
  return isLoad ? loaderNamed(literal(node['source'] ?? (node['arguments'] as readonly unknown[])[0])) : undefined;
}

function loaderNamed(specifier: string | undefined): string | undefined {
  if (specifier === undefined) return undefined;
  if (/^(node:)?process$/.test(specifier)) return 'process';
  return isEnvLoader(specifier) ? specifier : undefined;
}
