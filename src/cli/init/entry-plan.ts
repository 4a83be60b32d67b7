import path from 'node:path';
import { parseCode } from '../lint/app/ast.js';
import { otherBundler } from '../lint/app/bundles.js';
import { REGISTER_LINE } from '../lint/app/load-order.js';
import type { Project } from '../lint/app/project.js';
import { readExactText } from '../support/files.js';
import type { ByHand, Change } from './edit.js';
import { insertAtTop, manner } from './insert-line.js';
import { usesImport } from './layout.js';

export interface EntryPlan {
  readonly changes: readonly Change[];
  readonly byHand: readonly ByHand[];
}

export const NOTHING: EntryPlan = { changes: [], byHand: [] };

/** Lines at the top of a file, in its own manner; nothing if it cannot be parsed. */
export function withLines(project: Project, file: string, specifiers: readonly string[]): Change | undefined {
  const full = path.join(project.dir, file);
  const before = readExactText(full, file);
  const program = parseCode({ file, path: full, text: before });
  if (!program) return undefined;
  const { quote, end } = manner(before, program);
  const isImport = usesImport(project, file, file);
  const lines = specifiers.map((specifier) => {
    const text = `${quote}${specifier}${quote}`;
    return isImport ? `import ${text}${end}` : `require(${text})${end}`;
  });
  return { file, before, after: insertAtTop(before, program, lines) };
}

export function bundled(project: Project): EntryPlan {
  const tool = otherBundler(project);
  const by = tool ? ` (${tool})` : '';
  return byHand(
    `what runs is built${by} from sources that init cannot find: the line belongs to the top of the entry.`,
    REGISTER_LINE,
  );
}

export function byHand(why: string, paste: string): EntryPlan {
  return { changes: [], byHand: [{ why, paste }] };
}
