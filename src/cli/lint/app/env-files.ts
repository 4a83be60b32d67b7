import type { Span } from '../finding.js';
import { type AstNode, isNode, literal, walk } from './ast.js';

/**
 * What writes a .env file into `process.env`: these packages, by `import 'dotenv/config'` or a call of `config()`; Node's
 * `loadEnvFile()` (https://nodejs.org/api/process.html#processloadenvfilepath); NestJS's `ConfigModule.forRoot()`, while
 * the module that names it loads (https://docs.nestjs.com/techniques/configuration).
 */
const LOADERS = /^(dotenv|dotenv-(expand|flow|safe)|@dotenvx\/dotenvx)$/;
const CONFIG = /\/config(\.js)?$/;
const NEST = '@nestjs/config';

/** The functions that do it, of the modules that are no loader by themselves. */
const FUNCTIONS: Readonly<Record<string, RegExp>> = { process: /^loadEnvFile$/, [NEST]: /^forRoot$/ };

/** A statement that loads a .env file when it runs. */
export interface EnvFileCall {
  readonly what: string;
  /** Of the package whose import does the same; nothing for Node's own. */
  readonly packageName: string | undefined;
  readonly span: Span;
  /** The file, and the way, that the loader takes by itself. */
  readonly isPlain: boolean;
  /** It stands inside of a module of the app, and not above others. */
  readonly isNest: boolean;
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
    if (module === undefined || !(FUNCTIONS[module] ?? /^(config|expand)$/).test(called ?? '')) return undefined;
    const [isOfNode, isNest] = [module === 'process', module === NEST];
    const [options] = node['arguments'] as readonly AstNode[];
    if (isNest && optionOf(options, 'ignoreEnvFile')?.['value'] === true) return undefined;
    return {
      what: isOfNode ? 'loadEnvFile()' : `${called}() of ${module}`,
      // It is what NestJS reads the file with.
      packageName: isOfNode ? undefined : isNest ? 'dotenv' : module,
      span: { start: node.start, end: node.end },
      isPlain: options === undefined || (isNest && isWhole(options) && !optionOf(options, 'envFilePath')),
      isNest,
    };
  };
}

/** An object whose members all stand there. */
function isWhole({ type, properties }: AstNode): boolean {
  return type === 'ObjectExpression' && (properties as readonly AstNode[]).every((one) => one.type !== 'SpreadElement');
}

function optionOf(options: AstNode | undefined, name: string): AstNode | undefined {
  const properties = (options?.['properties'] ?? []) as readonly AstNode[];
  return properties.find(({ key }) => (key as AstNode | undefined)?.['name'] === name)?.['value'] as
    | AstNode
    | undefined;
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
  return isEnvLoader(specifier) || specifier === NEST ? specifier : undefined;
}
