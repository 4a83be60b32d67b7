import path from 'node:path';
import { type AstNode, parseCode } from '../lint/app/ast.js';
import { otherBundler } from '../lint/app/bundles.js';
import { type Load, REGISTER_LINE } from '../lint/app/load-order.js';
import type { Project } from '../lint/app/project.js';
import { nameFrom } from '../lint/files.js';
import { readExactText } from '../support/files.js';
import type { ByHand, Change } from './edit.js';
import { insertAtTop, insertBelow, manner } from './insert-line.js';
import { isBuilt, loadsOf, usesImport } from './layout.js';

export interface EntryPlan {
  readonly changes: readonly Change[];
  readonly byHand: readonly ByHand[];
}

export const NOTHING: EntryPlan = { changes: [], byHand: [] };

const REGISTER = 'vaultstrap/register';

/** Lines at the top of a program's file; that of `register` below what loads a .env file, wherever that stands. */
export function withLines(project: Project, file: string, specifiers: readonly string[]): EntryPlan {
  const loads = specifiers.includes(REGISTER) ? loadsOf(project, [file]) : [];
  const [first, ...others] = loads.filter(({ what }) => what === 'env-file');
  if (first?.envFile?.isNest) return aboveNest(project, file, first, specifiers);
  return first
    ? belowEnvFile(project, file, [first, ...others], specifiers)
    : edited(project, file, specifiers, insertAtTop);
}

/** NestJS loads the file deep inside of the app: it leaves alone what the import of dotenv has loaded before. */
function aboveNest(
  project: Project,
  entry: string,
  { source, envFile }: Load,
  specifiers: readonly string[],
): EntryPlan {
  if (envFile?.isPlain && project.dependencies.has('dotenv')) {
    return edited(project, entry, ['dotenv/config', ...specifiers], insertAtTop);
  }
  const file = nameFrom(project.dir, source.path);
  const { byHand: mine } = byHand(
    `${file} loads .env when that line has run: if there are references in the file, load it above (npm install dotenv), or start with "npx vaultstrap run -e .env --".`,
    `import 'dotenv/config';\n    ${REGISTER_LINE}`,
  );
  const { changes, byHand: more } = edited(project, entry, specifiers, insertAtTop);
  return { changes, byHand: [...more, ...mine] };
}

/** References in a .env file have to be there before they are resolved. */
function belowEnvFile(
  project: Project,
  entry: string,
  [first, ...others]: readonly [Load, ...Load[]],
  specifiers: readonly string[],
): EntryPlan {
  const { source, envFile } = first;
  const file = nameFrom(project.dir, source.path);
  if (file.startsWith('..') || isBuilt(project, file) || (file !== entry && specifiers.length > 1)) {
    return belowByHand(file);
  }
  // Of a call among ES modules nothing can come before the imports; TypeScript may be either.
  if (!envFile || !usesImport(project, file, file)) {
    const all = [first, ...others.filter((other) => other.source === source)];
    return edited(project, file, specifiers, (text, program, lines) =>
      insertBelow(text, endOfStatements(program, all), lines),
    );
  }
  const { packageName, isPlain } = envFile;
  if (packageName === undefined || !isPlain || !isUnconditional(first)) {
    return byHand(
      `${file} loads .env by a call, and ES modules make no call before their imports are loaded. Put it into a file of its own (load-env.js), and import that first, in the place of the call.`,
      `import './load-env.js';\n    ${REGISTER_LINE}`,
    );
  }
  return edited(project, file, [`${packageName}/config`, ...specifiers], insertAtTop);
}

/** Where the last of the statements ends that do this. */
function endOfStatements(program: AstNode, loads: readonly Load[]): number {
  return Math.max(...loads.map((load) => statementOf(program, load)?.end ?? 0));
}

/** Whether it is done whatever happens: `dotenv.config();`, not `if (...) dotenv.config();`. */
function isUnconditional(load: Load): boolean {
  const program = parseCode(load.source);
  return program !== undefined && /^(Expression|Variable)/.test(statementOf(program, load)?.type ?? '');
}

function statementOf(program: AstNode, { span }: Load): AstNode | undefined {
  const statements = program['body'] as readonly AstNode[];
  return statements.find(({ start, end }) => start <= span.start && span.end <= end);
}

/** Lines put into a file in its own manner. */
function edited(
  project: Project,
  file: string,
  specifiers: readonly string[],
  insert: (text: string, program: AstNode, lines: readonly string[]) => string,
): EntryPlan {
  const full = path.join(project.dir, file);
  const before = readExactText(full, file);
  const program = parseCode({ file, path: full, text: before });
  if (!program) return byHand(`${file} cannot be parsed.`, REGISTER_LINE);
  const { quote, end } = manner(before, program);
  const isImport = usesImport(project, file, file);
  const lines = specifiers.map((specifier) => {
    const text = `${quote}${specifier}${quote}`;
    return isImport ? `import ${text}${end}` : `require(${text})${end}`;
  });
  return { changes: [{ file, before, after: insert(before, program, lines) }], byHand: [] };
}

export function bundled(project: Project): EntryPlan {
  const tool = otherBundler(project);
  const by = tool ? ` (${tool})` : '';
  return byHand(
    `what runs is built${by} from sources that init cannot find: the line belongs to the top of the entry.`,
    REGISTER_LINE,
  );
}

/** Where what loads a .env file cannot be edited here. */
export function belowByHand(file: string): EntryPlan {
  return byHand(`${file} loads .env: the import that resolves it belongs below that.`, REGISTER_LINE);
}

export function byHand(why: string, paste: string): EntryPlan {
  return { changes: [], byHand: [{ why, paste }] };
}
