import path from 'node:path';
import type { Span } from '../finding.js';
import type { Project } from './project.js';

/** A bundle that a script makes with esbuild. Other bundlers have files of their own, which are programs. */
export interface Bundle {
  readonly span: Span;
  readonly entries: readonly string[];
  readonly isEsm: boolean;
  /** ESM output runs what is external first, vaultstrap's own code after it. */
  readonly reorders: boolean;
  /** Whether a path, or glob, is what comes out. */
  readonly makes: (output: string) => boolean;
}

export function bundlesOf(project: Project): readonly Bundle[] {
  return project.scripts.flatMap(({ command, span }) =>
    command.split(/&&|\|\||;/).flatMap((part) => {
      const words = part
        .trim()
        .split(/\s+/)
        .map((word) => word.replace(/^['"]|['"]$/g, ''));
      const at = words.findIndex((word) => /^(npx:)?esbuild$/.test(word));
      if (at < 0 || !words.includes('--bundle')) return [];
      return [bundleOf(words.slice(at + 1), span)];
    }),
  );
}

function bundleOf(words: readonly string[], span: Span): Bundle {
  const option = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const entries = words.filter((word) => !word.startsWith('-')).map(clean);
  const outFile = option('outfile');
  const outDir = option('outdir');
  const externals = words
    .filter((word) => word.startsWith('--external:'))
    .map((word) => word.slice('--external:'.length));
  const isEsm = option('format') === 'esm';
  return {
    span,
    entries,
    isEsm,
    reorders:
      isEsm &&
      option('packages') !== 'external' &&
      externals.some((name) => !isBuiltIn(name)) &&
      !externals.some((name) => /^(vaultstrap(\/.*)?|\*)$/.test(name)),
    makes: (output) => {
      const wanted = clean(output);
      if (outFile) return wanted === clean(outFile);
      if (!outDir) return false;
      return wanted.startsWith(`${clean(outDir)}/`);
    },
  };
}

function isBuiltIn(name: string): boolean {
  return name.startsWith('node:') || /^@azure\/functions(-core)?$/.test(name);
}

function clean(file: string): string {
  return path.posix.normalize(file.replace(/^\.\//, ''));
}

/** Tools that make what runs out of what stands here, in ways that only they know. */
export function otherBundler(project: Project): string | undefined {
  const tools = /\b(webpack|rollup|tsup|tsdown|vite|ncc|parcel|swc|rspack)\b/;
  return project.scripts.map(({ command }) => tools.exec(command)?.[1]).find((name) => name !== undefined);
}
