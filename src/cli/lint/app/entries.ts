import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { bundlesOf } from './bundles.js';
import { type Project, sourcePatterns } from './project.js';

/**
 * The files that the Functions worker loads for `main`, in its order: shallower folders first, then byte order
 * (globby's walk, in startApp.ts of Azure/azure-functions-nodejs-worker). Sources rather than what is built of them.
 */
export function functionEntries(project: Project): readonly string[] {
  if (!project.main) return [];
  for (const bundle of bundlesOf(project)) {
    if (bundle.makes(project.main.value)) return [...filesMatching(project.dir, bundle.entries)].sort(inLoadOrder);
  }
  for (const patterns of sourcePatterns(project, project.main.value)) {
    const files = filesMatching(project.dir, patterns);
    if (files.length > 0) return oncePerOutput(files).sort(inLoadOrder);
  }
  return [];
}

/** Files of code below a folder that match one of the globs. A folder's name means all that is in it, as globby has it. */
function filesMatching(dir: string, patterns: readonly string[]): readonly string[] {
  const isFolder = (name: string) => statSync(path.join(dir, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  const globs = patterns.filter(isQuick).map((name) => (isFolder(name) ? `${name.replace(/\/$/, '')}/**` : name));
  const matches = picomatch(globs);
  const found: string[] = [];
  const folders = [''];
  for (let at = 0; at < folders.length && at < 10_000; at++) {
    for (const entry of entriesOf(path.join(dir, folders[at] ?? ''))) {
      const name = path.posix.join(folders[at] ?? '', entry.name);
      if (entry.isDirectory() && !/^(node_modules|\.git)$/.test(entry.name)) folders.push(name);
      else if (entry.isFile() && /(?<!\.d)\.[cm]?[jt]sx?$/.test(name) && matches(name)) found.push(name);
    }
  }
  return found;
}

/** Wildcards of one name, or folders of any depth, beyond which a match may take for ever: nobody writes so many. */
const MOST_WILDCARDS = 3;

/** Whether a glob of a `package.json` that anybody may have written is one that a path is soon compared with. */
function isQuick(glob: string): boolean {
  const wildcards = (text: string) => text.match(/\*+|[+@?!]\(/g)?.length ?? 0;
  const depths = glob.split('**').length - 1;
  return (
    !glob.includes('\0') &&
    depths <= MOST_WILDCARDS &&
    glob.split(/[/,{}]/).every((name) => wildcards(name) <= MOST_WILDCARDS)
  );
}

/** A source and what is built beside it are one file. */
function oncePerOutput(files: readonly string[]): string[] {
  const sources = new Set(files.filter((file) => /\.[cm]?tsx?$/.test(file)).map(outputName));
  return files.filter((file) => /\.[cm]?tsx?$/.test(file) || !sources.has(file));
}

function outputName(file: string): string {
  return file.replace(/\.([cm]?)tsx?$/, '.$1js');
}

export function inLoadOrder(a: string, b: string): number {
  const [left, right] = [outputName(a).split('/'), outputName(b).split('/')];
  return left.length - right.length || Buffer.compare(Buffer.from(left.join('/')), Buffer.from(right.join('/')));
}

/** Options of Node, tsx and ts-node whose value may stand behind a space. */
const WITH_VALUE =
  '-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file(?:-if-exists)?|--disable-warning|--title|--watch-path|--tsconfig|-P|--project|-O|--compiler-options|--ignore-watch';

/** One of those, with its value; any other, but for what takes the program itself instead of a file. */
const OPTION = `(?:(?:${WITH_VALUE})\\s+(?!-)\\S+|(?!(?:${WITH_VALUE}|-e|-p|-pe|--eval|--print)\\s)--?\\w[\\w-]*(?:=\\S+)?)`;

/**
 * How a script begins the program, as far as it says so: `node [options] file`, tsx, ts-node, also in quotes behind a
 * `--exec`. Of nodemon with options of its own (`--watch src`) nobody else knows which word is the file.
 */
const START = new RegExp(
  `(?:^|[\\s"'])(node|tsx(?: watch)?|ts-node|ts-node-esm|ts-node-dev|nodemon(?=\\s+(?:--inspect\\S*\\s+)?[^\\s-])|bun)\\s+((?:${OPTION}\\s+)*)(?:(["'])([\\w@.\\\\/ -]+\\.[cm]?[jt]s)\\3|([^\\s&|;'"-][^\\s&|;'"]*))`,
  'g',
);

export interface Start {
  readonly script: Project['scripts'][number];
  /** The file that it names, or the source of that. */
  readonly entry: string | undefined;
  /** Files of the app that Node loads before: `--import ./instrument.js`. */
  readonly preloads: readonly string[];
}

/** The script that starts a web app, or worker. */
export function startOf(project: Project): Start | undefined {
  const wanted = ['start:prod', 'start', 'serve', 'start:dev', 'dev'];
  const scripts = wanted.flatMap((name) => project.scripts.filter((script) => script.name === name));
  for (const script of scripts) {
    // What stands before comes to an end: a build. Two at once leave it open which is meant.
    const last = script.command.split(/&&|;/).at(-1) ?? '';
    const [match, ...more] = last.matchAll(START);
    if (match && more.length === 0) {
      const preloads = [...(match[2] ?? '').matchAll(/(?:-r|--require|--import)[\s=]+["']?(\.[^\s"']+)/g)];
      return {
        script,
        entry: sourceOf(project, match[4] ?? match[5] ?? ''),
        preloads: preloads.flatMap(([, file = '']) => sourceOf(project, file) ?? []),
      };
    }
    if (/\bvaultstrap\s+run\b/.test(last)) return { script, entry: undefined, preloads: [] };
  }
  return undefined;
}

/** The source of a file that a script or `main` names: itself, of a bundle its entry, of an output its source. */
export function sourceOf(project: Project, file: string): string | undefined {
  const isFile = (name: string) =>
    existsSync(path.join(project.dir, name)) && statSync(path.join(project.dir, name)).isFile();
  // `node .` begins with what `main` names. Scripts of Windows may have its `\`.
  const meant = (/^\.[/\\]?$/.test(file) && project.main?.value) || file;
  const named = path.posix.normalize(meant.replaceAll('\\', '/').replace(/^\.\//, ''));
  // What is installed is nobody's source: `node node_modules/next/dist/bin/next start`.
  if (named.startsWith('..') || path.isAbsolute(named) || /(^|\/)node_modules\//.test(named)) return undefined;
  for (const bundle of bundlesOf(project)) {
    if (bundle.makes(named)) return bundle.entries.length === 1 ? bundle.entries.find(isFile) : undefined;
  }
  const isWhole = /\.[cm]?[jt]sx?$/.test(named);
  // Without an ending as it is, too: `bin/www`. What has another, such as tsconfig.json, is an option's, and no program.
  const asItIs = isWhole || path.posix.extname(named) === '' ? [named] : [];
  const withEnding = isWhole ? asItIs : [...asItIs, `${named}.js`, `${named}/index.js`, `${named}.ts`];
  return withEnding.flatMap((name) => sourcePatterns(project, name).flat()).find(isFile);
}

/** A folder that cannot be read holds nothing that we could look at. */
export function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
