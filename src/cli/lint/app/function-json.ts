import { readdirSync } from 'node:fs';
import path from 'node:path';
import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { spanOf } from '../../support/json-tree.js';
import type { Source } from '../finding.js';
import type { BindingUse } from '../settings/host.js';
import { readJson } from '../settings/json.js';
import { usesOf } from './bindings.js';
import { sourceOf } from './entries.js';
import type { Project } from './project.js';
import { textOf } from './text-of.js';

/** The older programming model: one folder and function.json per function. */
export interface FunctionJson {
  readonly folder: string;
  readonly source: Source;
  readonly tree: Node;
}

export function functionJsons(project: Project, nameOf: (file: string) => string): readonly FunctionJson[] {
  const folders = readdirSync(project.dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: folder }) => {
    const file = path.join(project.dir, folder, 'function.json');
    const text = textOf(file);
    if (text === undefined) return [];
    const source = { file: nameOf(file), path: file, text };
    const { tree } = readJson(source);
    return tree ? [{ folder, source, tree }] : [];
  });
}

/** https://github.com/Azure/azure-functions-host, `HostFunctionMetadataProvider.cs`: where `scriptFile` is not said. */
const DEFAULT_SCRIPTS = ['index', 'index.cjs', 'index.mjs'];

/** The code of the functions, as far as it is JavaScript or TypeScript. */
export function scriptsOf(project: Project, functions: readonly FunctionJson[]): readonly string[] {
  const scripts = functions.flatMap(({ folder, tree }) => {
    const scriptFile: unknown = findNodeAtLocation(tree, ['scriptFile'])?.value;
    const names = typeof scriptFile === 'string' ? [scriptFile] : DEFAULT_SCRIPTS;
    return names.flatMap((name) => sourceOf(project, path.posix.join(folder, name)) ?? []).slice(0, 1);
  });
  return [...new Set(scripts)].filter((file) => /\.[cm]?[jt]s$/.test(file));
}

export function bindingsIn(functions: readonly FunctionJson[]): readonly BindingUse[] {
  return functions.flatMap(({ source, tree }) => {
    const list = findNodeAtLocation(tree, ['bindings']);
    return (list?.children ?? []).flatMap((binding) => {
      const type = String(findNodeAtLocation(binding, ['type'])?.value).toLowerCase();
      return (binding.children ?? []).flatMap(({ children }) => {
        const [key, value] = children ?? [];
        if (!key || value?.type !== 'string') return [];
        return usesOf(String(key.value), String(value.value), { binding: type, source, span: spanOf(value) });
      });
    });
  });
}
