import path from 'node:path';
import { listed } from '../../../support/words.js';
import { many } from '../../support/terminal.js';
import { type Finding, finding, type Source, type Span } from '../finding.js';
import type { Severity } from '../rules.js';
import type { BindingUse } from '../settings/host.js';
import { bundlesOf } from './bundles.js';
import { functionEntries, type Start, sourceOf, startOf } from './entries.js';
import { bindingsIn, type FunctionJson, functionJsons, scriptsOf } from './function-json.js';
import { createLoader, type Load, type Loader, REGISTER_LINE } from './load-order.js';
import { lintWithoutEntry } from './no-entry.js';
import { envFilesLate, notFirst } from './not-first.js';
import type { Project } from './project.js';

export interface AppLint {
  readonly findings: readonly Finding[];
  readonly bindings: readonly BindingUse[];
  readonly files: number;
}

/** How many settings hold references that only vaultstrap resolves. */
export interface References {
  readonly ours: number;
  /** Of these, in .env files of the app. */
  readonly inEnvFiles: number;
}

/** What a Functions or web app loads before its settings have values. */
export function lintApp(project: Project, references: References, nameOf: (file: string) => string): AppLint {
  if (project.findings.length > 0) return { findings: project.findings, bindings: [], files: 0 };
  const loader = createLoader(nameOf, project.isEsm);
  const jsons = project.isFunctions ? functionJsons(project, nameOf) : [];
  const findings = [
    ...(project.isFunctions
      ? lintFunctions(project, jsons, references, loader)
      : lintStart(project, references, loader)),
    ...lintBundles(project),
  ];
  const modules = loader.all();
  return {
    findings: [...findings, ...modules.flatMap((module) => module.findings)],
    bindings: [...modules.flatMap((module) => module.bindings), ...bindingsIn(jsons)],
    files: modules.length,
  };
}

function lintFunctions(
  project: Project,
  jsons: readonly FunctionJson[],
  references: References,
  loader: Loader,
): readonly Finding[] {
  const { main, manifest } = project;
  if (!main) return lintScripts(project, scriptsOf(project, jsons), references, loader);
  const entries = functionEntries(project);
  if (entries.length === 0) {
    return [
      finding(
        manifest,
        main.span,
        ['entry-not-found', 'warning'],
        '"main" leads to no file, built or source: the app has no functions, as far as can be seen here.',
        'Build the app first, or set outDir and rootDir in tsconfig.json, by which sources are found.',
      ),
    ];
  }
  const loaded = new Set<string>();
  const perEntry = entries.map((entry) => loader.load(path.join(project.dir, entry), loaded));
  const first = perEntry.findIndex((loads) => loads.some(({ what }) => what === 'register'));
  const all = perEntry.flat();
  if (first < 0) {
    return missing(all, references, {
      source: manifest,
      span: main.span,
      severity: 'error',
      what:
        entries.length === 1
          ? `${entries[0]}, which "main" leads to, does not import vaultstrap/register`
          : `none of the ${entries.length} files of "main" imports vaultstrap/register`,
      hint: `Run "npx vaultstrap init", or make ${REGISTER_LINE} the first line of the file that loads first.`,
    });
  }
  const own = perEntry[first] ?? [];
  const register = own.find(({ what }) => what === 'register') as Load;
  const before = entries.slice(0, first).filter((entry) => {
    const module = loader.open(path.join(project.dir, entry));
    return !module?.isOnlyImports || module.imports.some(({ specifier }) => !specifier.startsWith('vaultstrap/'));
  });
  const order =
    before.length === 0
      ? []
      : [
          finding(
            register.source,
            register.span,
            ['register-order', 'error'],
            `${listed(before, 3)} ${before.length === 1 ? 'loads' : 'load'} before this file, and what they read while loading has no value yet.`,
            'The worker loads shallower folders first, then by name in byte order: name this file 0-vaultstrap, or move it up.',
          ),
        ];
  return [...order, ...notFirst(own, loader), ...envFilesLate(all, references.inEnvFiles)];
}

/** Functions of function.json alone: the worker loads the code of each when it gets to it, and nothing before. */
function lintScripts(
  project: Project,
  scripts: readonly string[],
  references: References,
  loader: Loader,
): readonly Finding[] {
  const loads = scripts.flatMap((script) => loader.load(path.join(project.dir, script), new Set()));
  if (scripts.length === 0 || loads.some(({ what }) => what === 'register')) return [];
  return missing(loads, references, {
    source: project.manifest,
    span: { start: 0, end: 0 },
    severity: 'error',
    what: `package.json has no "main", which the worker would load before the functions, and ${listed(scripts, 3)} ${scripts.length === 1 ? 'does' : 'do'} not import vaultstrap/register`,
    hint: 'Run "npx vaultstrap init", which says what to paste.',
  });
}

/** `node --env-file=.env`, `node -r dotenv/config`, `dotenvx run`: before everything. */
const LOADS_ENV_FILE = /--env-file|\bdotenvx?\b/;

/** A web app, or any program that a script starts. */
function lintStart(project: Project, references: References, loader: Loader): readonly Finding[] {
  const start = startOf(project);
  if (start && /\bvaultstrap(\/preload|\/register|\s+run)\b/.test(start.script.command)) {
    return lintPreload(project, start, references, loader);
  }
  const entry = start ? start.entry : project.main && sourceOf(project, project.main.value);
  const span = start?.script.span ?? project.main?.span;
  if (entry === undefined || span === undefined) return lintWithoutEntry(project, references.ours);
  const loaded = new Set<string>();
  const load = (file: string) => loader.load(path.join(project.dir, file), loaded);
  const preloads = (start?.preloads ?? []).flatMap(load);
  // What else is loaded so early, such as telemetry, is there for everything, settings or not.
  const isPreloaded = preloads.some(({ what }) => what === 'register');
  const loads = [...(isPreloaded ? preloads : []), ...load(entry)];
  if (loads.some(({ what }) => what === 'register')) {
    const late = start && LOADS_ENV_FILE.test(start.script.command) ? [] : envFilesLate(loads, references.inEnvFiles);
    return [...notFirst(loads, loader), ...late];
  }
  return missing(loads, references, {
    source: project.manifest,
    span,
    // Whoever starts it may do so in another way than this script.
    severity: 'warning',
    what: `${entry}, where the program begins, does not import vaultstrap/register`,
    hint: `Run "npx vaultstrap init", or start it with "node --import vaultstrap/preload" or "npx vaultstrap run --".`,
  });
}

/** Nothing in the code is behind it, but for what would have to be before: a .env file. */
function lintPreload(project: Project, start: Start, references: References, loader: Loader): readonly Finding[] {
  const { script, entry } = start;
  if (entry === undefined || LOADS_ENV_FILE.test(script.command) || /\bvaultstrap\s+run\b/.test(script.command))
    return [];
  const preload = { what: 'register', source: project.manifest, span: script.span, specifier: script.command } as const;
  return envFilesLate([preload, ...loader.load(path.join(project.dir, entry), new Set())], references.inEnvFiles);
}

interface Missing {
  readonly source: Source;
  readonly span: Span;
  readonly severity: Severity;
  readonly what: string;
  readonly hint: string;
}

/** Nobody registers: an error where settings hold references and nothing else can resolve them. */
function missing(loads: readonly Load[], { ours: references }: References, missed: Missing): readonly Finding[] {
  // By hand, at a place and time that only the app knows.
  if (references === 0 || loads.some((load) => load.what === 'api')) return [];
  const rotation = loads.find((load) => load.what === 'rotation');
  if (rotation) {
    const late = 'registerRotation() alone joins when all files are loaded: too late for what they read meanwhile.';
    const hint = `Put ${REGISTER_LINE} before it, into the file that loads first.`;
    return [finding(rotation.source, rotation.span, ['register-missing', 'error'], late, hint)];
  }
  const { source, span, severity, what, hint } = missed;
  const message = `${what}, but the settings hold ${many(references, 'reference')}.`;
  return [finding(source, span, ['register-missing', severity], message, hint)];
}

function lintBundles(project: Project): readonly Finding[] {
  if (!project.dependencies.has('vaultstrap')) return [];
  return bundlesOf(project)
    .filter(({ reorders }) => reorders)
    .map(({ span }) =>
      finding(
        project.manifest,
        span,
        ['bundle-reorders', 'warning'],
        'an ES module bundle runs its external packages before vaultstrap/register, which is inside it.',
        'Add --external:vaultstrap (or --packages=external), or give vaultstrap/register an entry of its own.',
      ),
    );
}
