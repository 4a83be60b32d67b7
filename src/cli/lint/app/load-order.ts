import { existsSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import type { Source, Span } from '../finding.js';
import { type EnvFileCall, isEnvImport, isEnvLoader } from './env-files.js';
import { type CodeModule, readModule } from './module.js';
import { textOf } from './text-of.js';

export const REGISTER_LINE = "import 'vaultstrap/register';";

/** Something that happens while a program loads. */
export interface Load {
  readonly what: 'register' | 'start' | 'rotation' | 'api' | 'env-file' | 'package' | 'module';
  /** The file and the place in it that caused it. */
  readonly source: Source;
  readonly span: Span;
  readonly specifier: string;
  /** Of a .env file, where a call loads it. */
  readonly envFile?: EnvFileCall;
}

/** Reads the modules of an app, each once, without running them. */
export function createLoader(nameOf: (file: string) => string, isEsm = false) {
  const modules = new Map<string, CodeModule | undefined>();

  function open(file: string): CodeModule | undefined {
    if (modules.has(file)) return modules.get(file);
    modules.set(file, undefined);
    // An app that is larger than this is looked at in part.
    if (modules.size > 2000) return undefined;
    const text = textOf(file);
    // It loads nothing as far as we can see.
    if (text === undefined) return undefined;
    const module = readModule({ file: nameOf(file), path: file, text }, isEsm);
    modules.set(file, module);
    return module;
  }

  /** What loading a file does, in order; modules that have been loaded before do nothing more. */
  function load(file: string, loaded: Set<string>): readonly Load[] {
    if (loaded.has(file)) return [];
    loaded.add(file);
    const module = open(file);
    return (module?.imports ?? []).flatMap(({ specifier, span, names, envFile }): readonly Load[] => {
      const at = { source: (module as CodeModule).source, span, specifier };
      if (envFile) return [{ what: 'env-file', ...at, envFile }];
      if (isEnvImport(specifier)) return [{ what: 'env-file', ...at }];
      if (/^vaultstrap\/(register|preload)$/.test(specifier)) return [{ what: 'register', ...at }];
      if (specifier === 'vaultstrap/start') return [{ what: 'start', ...at }];
      if (specifier === 'vaultstrap/functions') return [{ what: 'rotation', ...at }];
      if (specifier === 'vaultstrap') {
        return names.some((name) => /^(bootstrap|bootstrapSync|resolve|\*)$/.test(name))
          ? [{ what: 'api', ...at }]
          : [];
      }
      if (isBuiltin(specifier) || isEnvLoader(specifier) || /^@azure\/functions(-core)?$/.test(specifier)) return [];
      if (!specifier.startsWith('.')) return [{ what: 'package', ...at }];
      const target = resolveRelative(path.dirname(file), specifier);
      if (!target) return [{ what: 'module', ...at }];
      const first = !loaded.has(target);
      const inner = load(target, loaded);
      // A module that does nothing but load others is what it loads.
      return first && !open(target)?.isOnlyImports ? [...inner, { what: 'module', ...at }] : inner;
    });
  }

  return { open, load, all: () => [...modules.values()].filter((module) => module !== undefined) };
}

export type Loader = ReturnType<typeof createLoader>;

/** As TypeScript, Node and bundlers find it: `./x.js` may be x.ts. */
function resolveRelative(dir: string, specifier: string): string | undefined {
  const base = path.resolve(dir, specifier);
  const bare = base.replace(/\.([cm]?)jsx?$/, '');
  const letter = /\.([cm])js$/.exec(base)?.[1] ?? '';
  const tries = [base, `${bare}.${letter}ts`, `${bare}.tsx`];
  for (const ending of ['.ts', '.tsx', '.js', '.mjs', '.cjs'])
    tries.push(`${base}${ending}`, path.join(base, `index${ending}`));
  return tries.find((file) => /\.[cm]?[jt]sx?$/.test(file) && existsSync(file) && statSync(file).isFile());
}
