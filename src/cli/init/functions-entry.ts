import { existsSync } from 'node:fs';
import path from 'node:path';
import { bundlesOf, otherBundler } from '../lint/app/bundles.js';
import { functionEntries, inLoadOrder } from '../lint/app/entries.js';
import { functionJsons, scriptsOf } from '../lint/app/function-json.js';
import { type Load, REGISTER_LINE } from '../lint/app/load-order.js';
import type { Project } from '../lint/app/project.js';
import { nameFrom } from '../lint/files.js';
import type { Change } from './edit.js';
import { belowByHand, bundled, byHand, type EntryPlan, NOTHING, withLines } from './entry-plan.js';
import { depth, emptyFolder, endingFor, isBuilt, isMatched, loadsOf, usesImport } from './layout.js';
import { type RotationFlags, rotationCall } from './rotation.js';
import { addOptions } from './rotation-options.js';

const OWN_FILE = '0-vaultstrap';
const ROTATION_FILE = 'vaultstrap-rotation';

export function planFunctions(project: Project, flags: RotationFlags): EntryPlan {
  const { main } = project;
  if (!main) {
    const scripts = scriptsOf(
      project,
      functionJsons(project, (file) => nameFrom(project.dir, file)),
    );
    if (loadsOf(project, scripts).some(({ what }) => what === 'register')) return NOTHING;
    // https://github.com/Azure/azure-functions-nodejs-worker, `startApp.ts`: whatever the functions are made of.
    return byHand(
      'package.json has no "main": there is no file that the Functions worker loads before the functions. It may have one beside functions of function.json, too.',
      `// package.json\n    "main": "${OWN_FILE}.js",\n    // ${OWN_FILE}.js\n    ${project.isEsm ? REGISTER_LINE : "require('vaultstrap/register');"}`,
    );
  }
  const entries = functionEntries(project);
  const loads = loadsOf(project, entries);
  const isRegistered = loads.some(({ what }) => what === 'register' || what === 'api');
  const rotation = loads.find(({ what }) => what === 'rotation');
  if (!rotation) return planRegister(project, main.value, entries, loads, flags);
  const options = addOptions(project, rotation, flags);
  if (isRegistered) return options;
  const { changes, byHand: toDo } = planRegister(project, main.value, entries, loads, flags);
  const later = byHand('registerRotation() is there, without these options.', rotationCall(flags)).byHand;
  return { changes, byHand: [...toDo, ...(options === NOTHING ? [] : later)] };
}

function planRegister(
  project: Project,
  main: string,
  entries: readonly string[],
  loads: readonly Load[],
  flags: RotationFlags,
): EntryPlan {
  const isRegistered = loads.some(({ what }) => what === 'register' || what === 'api');
  const hasRotation = loads.some(({ what }) => what === 'rotation');
  const [first] = entries;
  if (first === undefined ? otherBundler(project) : isBuilt(project, first)) return bundled(project);
  const isBundle = bundlesOf(project).some(({ makes }) => makes(main));
  if (isBundle && entries.length !== 1) return bundled(project);
  // In the folder of a `*` it is a function's file, unless its name says that it leads: others will stand beside it.
  const { name } = path.posix.parse(first ?? '');
  const isNamed = main.split(/[/{},]/).some((part) => part.split('.')[0] === name);
  const isEntry = isNamed || isBundle || (entries.length > 1 && /^(index|main|app)$/.test(name));
  const leads = entries.every((other) => other === first || depth(other) > depth(first ?? ''));
  if (first !== undefined && leads && isEntry)
    return intoEntry(project, first, entries, flags, { isRegistered, hasRotation });
  if (isRegistered) return rotationBeside(project, entries, flags);
  const envFile = loads.find(({ what }) => what === 'env-file');
  if (envFile) return belowByHand(envFile.source.file);
  return fileOfItsOwn(project, entries, flags);
}

/** Function files and no entry: one more file that loads before them, as `func init` lays out an app. */
function fileOfItsOwn(project: Project, entries: readonly string[], flags: RotationFlags): EntryPlan {
  const folder = entries[0] === undefined ? emptyFolder(project) : path.posix.dirname(entries[0]);
  // Beside each other, or in folders below the first: else a folder that comes later could be the sooner one.
  const isTogether = entries.every((entry) => entry.startsWith(`${folder}/`) || path.posix.dirname(entry) === folder);
  const first = entries[0];
  const file = folder === undefined ? undefined : path.posix.join(folder, `${OWN_FILE}${endingFor(project, first)}`);
  const isFirst = file !== undefined && entries.every((entry) => entry === file || inLoadOrder(file, entry) < 0);
  if (
    file === undefined ||
    !isTogether ||
    !isFirst ||
    existsSync(path.join(project.dir, file)) ||
    !isMatched(project, file)
  ) {
    return byHand(
      `the files that "main" (${project.main?.value}) loads are laid out in a way that init does not know.`,
      REGISTER_LINE,
    );
  }
  const isImport = usesImport(project, file, first);
  const note = '// Loads before the other files: the settings have their values when those read them.\n';
  const register = isImport ? REGISTER_LINE : "require('vaultstrap/register');";
  const after = `${note}${register}\n${rotationText(isImport, flags)}`;
  return { changes: [{ file, before: undefined, after }], byHand: [] };
}

/** A file, or the rest of one, that keeps values fresh. */
function rotationText(isImport: boolean, flags: RotationFlags): string {
  const load = isImport
    ? "import { registerRotation } from 'vaultstrap/functions';"
    : "const { registerRotation } = require('vaultstrap/functions');";
  return `${load}\n\n${rotationCall(flags)}\n`;
}

/** One entry, or one that lies above all others: its first line, and the rotation in a file of its own. */
function intoEntry(
  project: Project,
  first: string,
  entries: readonly string[],
  flags: RotationFlags,
  { isRegistered, hasRotation }: { isRegistered: boolean; hasRotation: boolean },
): EntryPlan {
  const isAlone = entries.length === 1;
  const folder = path.posix.dirname(isAlone ? first : (entries[1] as string));
  const file = path.posix.join(folder, `${ROTATION_FILE}${endingFor(project, isAlone ? first : entries[1])}`);
  if (!hasRotation && existsSync(path.join(project.dir, file))) {
    return byHand(`${file} exists and calls no registerRotation().`, rotationCall(flags));
  }
  const rotation: Change = {
    file,
    before: undefined,
    after: rotationText(usesImport(project, file, first), flags),
  };
  const own = `./${ROTATION_FILE}${project.hasTypeScript && !project.isEsm ? '' : '.js'}`;
  const specifiers = [...(isRegistered ? [] : ['vaultstrap/register']), ...(isAlone && !hasRotation ? [own] : [])];
  const entry = specifiers.length > 0 ? withLines(project, first, specifiers) : NOTHING;
  if (entry.byHand.length > 0) return entry;
  return { changes: [...entry.changes, ...(hasRotation ? [] : [rotation])], byHand: [] };
}

function rotationBeside(project: Project, entries: readonly string[], flags: RotationFlags): EntryPlan {
  const last = entries.at(-1) as string;
  const file = path.posix.join(path.posix.dirname(last), `${ROTATION_FILE}${endingFor(project, last)}`);
  if (existsSync(path.join(project.dir, file)) || !isMatched(project, file)) {
    return byHand('vaultstrap/register is there; what keeps the values fresh belongs beside it.', rotationCall(flags));
  }
  const after = rotationText(usesImport(project, file, last), flags);
  return { changes: [{ file, before: undefined, after }], byHand: [] };
}
