import { existsSync } from 'node:fs';
import path from 'node:path';
import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { readJsonTree, spanOf } from '../../support/json-tree.js';
import type { Finding, Source, Span } from '../finding.js';
import { readJson } from '../settings/json.js';
import { textOf } from './text-of.js';

/** A folder with a package.json. */
export interface Project {
  readonly dir: string;
  readonly manifest: Source;
  readonly findings: readonly Finding[];
  readonly main: { readonly value: string; readonly span: Span } | undefined;
  readonly scripts: readonly { readonly name: string; readonly command: string; readonly span: Span }[];
  /** ES modules, unless a file's ending says otherwise. */
  readonly isEsm: boolean;
  readonly isFunctions: boolean;
  readonly hasTypeScript: boolean;
  /** Where a compiled file's source may stand: the folder of outputs, and those of sources. */
  readonly outputs: { readonly outDir: string; readonly roots: readonly string[] } | undefined;
  readonly dependencies: ReadonlySet<string>;
  /** The root of npm's, yarn's or pnpm's workspaces. */
  readonly hasWorkspaces: boolean;
}

export function readProject(manifest: Source): Project {
  const dir = path.dirname(manifest.path);
  const { tree, findings } = readJson(manifest);
  const at = (...names: string[]) => (tree && findings.length === 0 ? findNodeAtLocation(tree, names) : undefined);
  const main = at('main');
  const scripts = (at('scripts')?.children ?? []).flatMap(({ children }) => {
    const [name, command] = children ?? [];
    return name && command?.type === 'string'
      ? [{ name: String(name.value), command: String(command.value), span: spanOf(command) }]
      : [];
  });
  const names = (node: Node | undefined) => (node?.children ?? []).map(({ children }) => String(children?.[0]?.value));
  return {
    dir,
    manifest,
    findings,
    main: main?.type === 'string' ? { value: String(main.value), span: spanOf(main) } : undefined,
    scripts,
    isEsm: at('type')?.value === 'module',
    isFunctions: existsSync(path.join(dir, 'host.json')),
    hasTypeScript: existsSync(path.join(dir, 'tsconfig.json')),
    outputs: readOutputs(path.join(dir, 'tsconfig.json')),
    dependencies: new Set([...names(at('dependencies')), ...names(at('devDependencies'))]),
    hasWorkspaces: at('workspaces') !== undefined || isPnpmRoot(path.join(dir, 'pnpm-workspace.yaml')),
  };
}

/** Without `packages` it holds pnpm's settings only (https://pnpm.io/pnpm-workspace_yaml). */
function isPnpmRoot(file: string): boolean {
  return /^["']?packages["']?\s*:/m.test(textOf(file) ?? '');
}

/** `outDir` and `rootDir`, also from what a tsconfig extends by a relative path. */
function readOutputs(file: string): Project['outputs'] {
  const dir = path.dirname(file);
  let outDir: string | undefined;
  let rootDir: string | undefined;
  let next: string | undefined = file;
  for (let depth = 0; next !== undefined && depth < 5; depth++) {
    const { root } = readJsonTree(textOf(next) ?? '');
    const at = (...names: string[]): unknown => root && findNodeAtLocation(root, names)?.value;
    const from = (option: unknown) =>
      typeof option === 'string'
        ? path.relative(dir, path.resolve(path.dirname(next ?? dir), option)).replaceAll('\\', '/')
        : undefined;
    outDir ??= from(at('compilerOptions', 'outDir'));
    rootDir ??= from(at('compilerOptions', 'rootDir'));
    const base = at('extends');
    const relative: string | undefined = typeof base === 'string' && base.startsWith('.') ? base : undefined;
    next = relative && path.resolve(path.dirname(next), relative.endsWith('.json') ? relative : `${relative}.json`);
  }
  if (!outDir) return undefined;
  // Without rootDir, tsc takes the folder that all sources share: here the app, or src.
  return { outDir, roots: rootDir === undefined ? ['', 'src'] : [rootDir] };
}

/** A path, or glob, of compiled files as that of their sources: every place where those may be. */
export function sourcePatterns(project: Project, pattern: string): readonly (readonly string[])[] {
  const clean = pattern.replace(/^\.\//, '');
  const variants = (text: string) => [
    ...new Set([text.replace(/\.(c|m)?js\b/g, '.$1ts'), text.replace(/\.js\b/g, '.tsx'), text]),
  ];
  const { outDir, roots } = project.outputs ?? { outDir: undefined, roots: [] };
  if (outDir === undefined) return [variants(clean)];
  const escaped = outDir.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const prefix = new RegExp(`(^|[{,])(?:\\./)?${escaped}/`, 'g');
  if (!prefix.test(clean)) return [variants(clean)];
  // What is built is the last resort: it may be older than its sources.
  return [...roots.map((root) => variants(clean.replace(prefix, root ? `$1${root}/` : '$1'))), [clean]];
}
