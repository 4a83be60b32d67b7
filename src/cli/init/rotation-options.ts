import { type AstNode, parseCode, walk } from '../lint/app/ast.js';
import type { Load } from '../lint/app/load-order.js';
import type { Project } from '../lint/app/project.js';
import { nameFrom } from '../lint/files.js';
import { byHand, type EntryPlan, NOTHING } from './entry-plan.js';
import { isBuilt } from './layout.js';
import { namesOf, type RotationFlags, rotationCall } from './rotation.js';

/** Adds functions to a `registerRotation()` that is there. */
export function addOptions(project: Project, { source }: Load, flags: RotationFlags): EntryPlan {
  const asked = namesOf(flags);
  if (asked.length === 0) return NOTHING;
  const file = nameFrom(project.dir, source.path);
  const manually = (why: string) => byHand(`${file} ${why}`, rotationCall(flags));
  if (isBuilt(project, file)) return manually('is built from sources that init cannot find.');
  const [call, ...others] = callsIn(source);
  if (!call || others.length > 0) return manually('calls registerRotation() in a way that init does not know.');
  const options = call['arguments'] as readonly AstNode[];
  const [given] = options;
  const text = (names: readonly string[]) => names.map((name) => `${name}: true`).join(', ');
  const change = (at: number, added: string): EntryPlan => {
    const after = `${source.text.slice(0, at)}${added}${source.text.slice(at)}`;
    return { changes: [{ file, before: source.text, after }], byHand: [] };
  };
  if (!given) return change(call.end - 1, `{ ${text(asked)} }`);
  if (given.type !== 'ObjectExpression') return manually('gives registerRotation() options that stand elsewhere.');
  const properties = given['properties'] as readonly AstNode[];
  const optionOf = (name: string) =>
    properties.find(({ key }) => (key as AstNode | undefined)?.['name'] === name)?.['value'] as AstNode | undefined;
  const missing = asked.filter((name) => !optionOf(name));
  const isOff = asked.some((name) => optionOf(name)?.['value'] === false);
  if (isOff || properties.some(({ type }) => type === 'SpreadElement'))
    return manually('calls registerRotation() with other options.');
  if (missing.length === 0) return NOTHING;
  const last = properties.at(-1);
  return last ? change(last.end, `, ${text(missing)}`) : change(given.start + 1, ` ${text(missing)} `);
}

function callsIn(source: Load['source']): readonly AstNode[] {
  const calls: AstNode[] = [];
  walk(parseCode(source), (node) => {
    const callee = node['callee'] as AstNode | undefined;
    if (node.type === 'CallExpression' && callee?.['name'] === 'registerRotation') calls.push(node);
    return true;
  });
  return calls;
}
