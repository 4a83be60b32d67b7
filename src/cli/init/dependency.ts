import { applyEdits, findNodeAtLocation, modify, type Node, parseTree } from 'jsonc-parser';
import { type Change, styleOf } from './edit.js';

/** `vaultstrap` among the dependencies of package.json, where npm would put it; nothing when it is there. */
export function addDependency(text: string, version: string): Change | undefined {
  const tree = parseTree(text);
  const has = (group: string) => tree && findNodeAtLocation(tree, [group, 'vaultstrap']) !== undefined;
  if (!tree || ['dependencies', 'optionalDependencies'].some(has)) return undefined;
  const { newline, indent } = styleOf(text);
  const group = findNodeAtLocation(tree, ['dependencies']);
  const names = (group?.children ?? []).map((property: Node) => String(property.children?.[0]?.value));
  const edits = modify(text, ['dependencies', 'vaultstrap'], `^${version}`, {
    formattingOptions: { ...indent, eol: newline },
    getInsertionIndex: () => names.filter((name) => name < 'vaultstrap').length,
  });
  return { file: 'package.json', before: text, after: applyEdits(text, edits) };
}
