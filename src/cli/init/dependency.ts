import { applyEdits, findNodeAtLocation, modify, type Node, parseTree } from 'jsonc-parser';
import { UsageError } from '../support/exit.js';
import { type Change, styleOf } from './edit.js';

/** `vaultstrap` among the dependencies of package.json, where npm would put it; nothing when it is there. */
export function addDependency(text: string, version: string): Change | undefined {
  const tree = parseTree(text);
  const find = (group: string, ...name: string[]) => tree && findNodeAtLocation(tree, [group, ...name]);
  if (!tree || find('dependencies', 'vaultstrap') || find('optionalDependencies', 'vaultstrap')) return undefined;
  const group = find('dependencies');
  if (group && group.type !== 'object') throw new UsageError('package.json: "dependencies" is no object.');
  const { newline, indent } = styleOf(text);
  const formattingOptions = { ...indent, eol: newline };
  // What is deployed is installed without those for development.
  const moved = find('devDependencies', 'vaultstrap');
  const names = (group?.children ?? []).map((property: Node) => String(property.children?.[0]?.value));
  const wanted = typeof moved?.value === 'string' ? moved.value : `^${version}`;
  const added = modify(text, ['dependencies', 'vaultstrap'], wanted, {
    formattingOptions,
    // It would also say where "dependencies" goes, which has to be the end.
    ...(group && { getInsertionIndex: () => names.filter((name) => name < 'vaultstrap').length }),
  });
  const after = applyEdits(text, added);
  const removed = moved ? modify(after, ['devDependencies', 'vaultstrap'], undefined, { formattingOptions }) : [];
  return { file: 'package.json', before: text, after: applyEdits(after, removed) };
}
