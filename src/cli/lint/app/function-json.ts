import { readdirSync } from 'node:fs';
import path from 'node:path';
import { findNodeAtLocation } from 'jsonc-parser';
import { spanOf } from '../../support/json-tree.js';
import type { BindingUse } from '../settings/host.js';
import { readJson } from '../settings/json.js';
import { usesOf } from './bindings.js';
import type { Project } from './project.js';
import { textOf } from './text-of.js';

/** Bindings of the older programming model: one folder and function.json per function. */
export function functionJsons(project: Project, nameOf: (file: string) => string): readonly BindingUse[] {
  const folders = readdirSync(project.dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => {
    const file = path.join(project.dir, name, 'function.json');
    const text = textOf(file);
    if (text === undefined) return [];
    const source = { file: nameOf(file), path: file, text };
    const { tree } = readJson(source);
    const list = tree && findNodeAtLocation(tree, ['bindings']);
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
