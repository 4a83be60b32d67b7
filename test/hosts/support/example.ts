// A folder of examples/, as somebody who copied it would have it: with its packages beside it.
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../scripts/embedded-sources.mjs';
import { type App, createApp } from '../../process/support/app.js';

export const examples = path.join(root, 'examples');

interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly main?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Example extends App {
  readonly manifest: Manifest;
  /** A script of its package.json, as arguments for Node: one program, as all of them have. */
  script(name: string): readonly string[];
}

export function manifestOf(dir: string): Manifest {
  return JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as Manifest;
}

/** Without its packages but vaultstrap itself, which is the packed one. */
export function copyExample(name: string): Example {
  const app = createApp();
  cpSync(path.join(examples, name), app.dir, { recursive: true });
  const manifest = manifestOf(app.dir);
  return {
    ...app,
    manifest,
    script(script) {
      const [program = '', ...args] = manifest.scripts?.[script]?.split(' ') ?? [];
      return program === 'node' ? args : [binOf(app, manifest, program), ...args];
    },
  };
}

/** With the packages that this repository has; those of its workspaces, too. */
export function linkExample(name: string): Example {
  const example = copyExample(name);
  for (const folder of globSync([...(example.manifest.workspaces ?? [])], { cwd: example.dir })) {
    link(path.join(example.dir, folder), example.path('node_modules', manifestOf(example.path(folder)).name));
  }
  const { dependencies, devDependencies } = example.manifest;
  for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
    if (dependency === 'vaultstrap' || NOT_RUN.has(dependency)) continue;
    const there = path.join(root, 'node_modules', ALIASES[`${dependency}@${range}`] ?? dependency);
    if (!existsSync(there)) throw new Error(`examples/${name} needs ${dependency}, which is no devDependency here`);
    link(there, example.path('node_modules', dependency));
  }
  return example;
}

/** Where another version of it lies here. */
const ALIASES: Readonly<Record<string, string>> = { 'typescript@^5.0.0': 'typescript-5.9' };
/** Named by a template's script that no test calls. */
const NOT_RUN: ReadonlySet<string> = new Set(['rimraf']);

function link(target: string, at: string): void {
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(target, at, 'junction');
}

/** The file behind a command of one of its packages. */
function binOf(app: App, { dependencies, devDependencies }: Manifest, program: string): string {
  for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
    const folder = app.path('node_modules', dependency);
    if (!existsSync(folder)) continue;
    const { bin = {} } = manifestOf(folder);
    const file = typeof bin === 'string' ? dependency === program && bin : bin[program];
    if (file) return path.join(folder, file);
  }
  throw new Error(`no package of ${app.dir} has the command ${program}`);
}
