import { existsSync } from 'node:fs';
import path from 'node:path';
import { functionEntries } from '../lint/app/entries.js';
import { createLoader } from '../lint/app/load-order.js';
import { type Project, sourcePatterns } from '../lint/app/project.js';

/** Whether a file is written with `import`: if its name or the app has to, else as the one beside it. */
export function usesImport(project: Project, file: string, beside: string | undefined): boolean {
  if (/\.cjs$/.test(file)) return false;
  // Among ES modules there is no `require`, also in a file that only calls `import()`.
  if (/\.m[jt]s$/.test(file) || (project.isEsm && !/\.cts$/.test(file))) return true;
  const module = beside === undefined ? undefined : loaderOf(project).open(path.join(project.dir, beside));
  return module && (module.isEsm || module.imports.length > 0) ? module.isEsm : /\.tsx?$/.test(file);
}

export function endingFor(project: Project, beside: string | undefined): string {
  const ending = beside && /\.[cm]?[jt]s$/.exec(beside)?.[0];
  return ending || (project.hasTypeScript ? '.ts' : '.js');
}

/** The folder of function files when there is none yet. */
export function emptyFolder(project: Project): string | undefined {
  const globs = sourcePatterns(project, project.main?.value ?? '').map(([glob = '']) => glob);
  const folders = globs
    .map((glob) => /^([\w./-]+)\/\*\*?(?:\/\*)?\.\w+$/.exec(glob)?.[1])
    .filter((name) => name !== undefined);
  return folders.find((name) => existsSync(path.join(project.dir, name)));
}

/** Whether the worker would load the file: what it is built to matches `main`. */
export function isMatched(project: Project, file: string): boolean {
  const others = functionEntries(project);
  const ending = path.posix.extname(file);
  const twin = others.find((other) => path.posix.dirname(other) === path.posix.dirname(file) && other.endsWith(ending));
  // `*` in the folder of another file of that ending means this one too.
  return (twin !== undefined || others.length === 0) && /\*(\.\w+|\.\{[^}]*\})?\}?$/.test(project.main?.value ?? '');
}

/** What a tool has made is made again: a line in it would not last. */
export function isBuilt(project: Project, file: string): boolean {
  const outDir = project.outputs?.outDir;
  return (outDir !== undefined && file.startsWith(`${outDir}/`)) || /^(dist|build|out|\.\w+)\//.test(file);
}

function loaderOf(project: Project) {
  return createLoader((file) => path.relative(project.dir, file), project.isEsm);
}

export function loadsOf(project: Project, entries: readonly string[]) {
  const loader = loaderOf(project);
  const loaded = new Set<string>();
  return entries.flatMap((entry) => loader.load(path.join(project.dir, entry), loaded));
}

export function depth(file: string): number {
  return file.split('/').length;
}
