// Builds dist/: one CommonJS file per entry point, one ES module (preload, which awaits at top level), the
// Function App, and declarations. One implementation for ESM and CommonJS alike: state is one per process,
// and the blocking import can load the rest lazily and synchronously. With `--if-stale` only what is older than its sources.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { esbuildEmbeddedSources, root } from './embedded-sources.mjs';
import { renderNotices } from './notices.mjs';
import { isStale } from './pack.mjs';

if (process.argv.includes('--if-stale') && !isStale()) process.exit();

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const dist = path.join(root, 'dist');
rmSync(dist, { recursive: true, force: true });

const SIBLINGS = ['index', 'client', 'after', 'late', 'worker', 'telemetry', 'testing/index', 'cli/parser'].map(
  path.normalize,
);

/** What a program is given is of one class, whichever file throws it: of those beside the library's, from there. */
const ERRORS = path.normalize('support/vaultstrap-error');

/**
 * Files of their own in dist: `./index.js` in a source is `./index.cjs` there, and loaded when it is asked for.
 *
 * @param {string} up from the folder of the output to dist
 * @param {{ takesErrors?: boolean }} [options] `takesErrors`: loaded only behind `index.cjs`
 * @returns {import('esbuild').Plugin}
 */
const siblings = (up, { takesErrors = false } = {}) => ({
  name: 'vaultstrap-siblings',
  setup(b) {
    b.onResolve({ filter: /^\.\.?\/.*\.c?js$/ }, ({ path: target, resolveDir, kind }) => {
      if (kind === 'entry-point') return;
      const source = path.relative(path.join(root, 'src'), path.resolve(resolveDir, target)).replace(/\.c?js$/, '');
      if (takesErrors && source === ERRORS) return { path: `${up}index.cjs`, external: true };
      const isLazy = kind === 'dynamic-import' && /^cli[/\\]/.test(source);
      if (!isLazy && !SIBLINGS.includes(source)) return;
      return { path: `${up}${source.replace(/[/\\]index$/, '').replaceAll('\\', '/')}.cjs`, external: true };
    });
  },
});

/** Those that `vaultstrap` loads when they are called; `run` is part of it. */
const commands = readdirSync(path.join(root, 'src/cli/commands'))
  .map((file) => path.parse(file).name)
  .filter((name) => name !== 'run');
/** What a plain `run` does without, so that it starts sooner; and what two commands share and is larger than both. */
const lazy = ['main', 'run/masked', 'support/load-files', 'support/looks-secret', 'support/unread-files', 'lint-app'];

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  metafile: true,
  platform: 'node',
  target: 'node22.13',
  // Not minified: Node prints the line that throws, and a stack should lead to code that can be read.
  minifySyntax: false,
  legalComments: 'none',
  logLevel: 'warning',
  // Its UMD form, which Node's resolution picks, cannot be bundled.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  external: ['@azure/*'],
  define: { VAULTSTRAP_VERSION: JSON.stringify(version) },
  plugins: [siblings('./'), esbuildEmbeddedSources()],
};

const results = await Promise.all([
  build({
    ...common,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    entryPoints: {
      index: 'src/index.ts',
      client: 'src/client.ts',
      late: 'src/late.ts',
      worker: 'src/worker.ts',
      telemetry: 'src/telemetry.ts',
      register: 'src/register.ts',
      start: 'src/start.ts',
      testing: 'src/testing/index.ts',
      cli: 'src/cli/entry.ts',
    },
  }),
  build({
    ...common,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [siblings('./', { takesErrors: true }), esbuildEmbeddedSources()],
    entryPoints: { after: 'src/after.ts', functions: 'src/functions-app.ts' },
  }),
  build({
    ...common,
    format: 'cjs',
    outdir: path.join(dist, 'cli'),
    outExtension: { '.js': '.cjs' },
    plugins: [siblings('../'), esbuildEmbeddedSources()],
    entryPoints: [...commands, ...lazy].map((name) => `src/cli/${name}.ts`),
  }),
  // Nothing in it is ours to read.
  build({
    ...common,
    format: 'cjs',
    minify: true,
    outdir: path.join(dist, 'cli'),
    outExtension: { '.js': '.cjs' },
    entryPoints: ['src/cli/parser.ts'],
  }),
  build({ ...common, format: 'esm', outExtension: { '.js': '.mjs' }, entryPoints: { preload: 'src/preload.ts' } }),
  build({
    ...common,
    bundle: false,
    format: 'esm',
    plugins: [],
    external: undefined,
    alias: undefined,
    entryPoints: readdirSync(path.join(root, 'functions')).map((file) => `functions/${file}`),
    outdir: path.join(dist, 'functions'),
  }),
]);

// Declarations: those that the entry points reach, as CommonJS (.d.cts), which every resolver reads.
const declarations = path.join(dist, '.declarations');
const tsc = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    path.join(root, 'tsconfig.build.json'),
    '--outDir',
    declarations,
  ],
  { stdio: 'inherit' },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
const types = path.join(dist, 'types');
const wanted = new Set();
/** @param {string} file relative to the declarations */
function take(file) {
  if (wanted.has(file)) return;
  wanted.add(file);
  const text = readFileSync(path.join(declarations, `${file}.d.ts`), 'utf8');
  for (const [, target] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.js['"]/g)) {
    take(path.posix.join(path.posix.dirname(file), /** @type {string} */ (target)));
  }
  const target = path.join(types, `${file}.d.cts`);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text.replace(/((?:from |import\()['"]\.[^'"]+)\.js(['"])/g, '$1.cjs$2'));
}
for (const entry of ['index', 'functions-app', 'testing/index']) take(entry);
for (const entry of ['register', 'start', 'preload']) {
  writeFileSync(path.join(types, `${entry}.d.cts`), 'export {};\n');
}
writeFileSync(path.join(types, 'preload.d.mts'), 'export {};\n');
rmSync(declarations, { recursive: true });
// Last: `scripts/pack.mjs` takes it for the time of the build.
writeFileSync(path.join(dist, 'THIRD-PARTY-NOTICES.txt'), renderNotices(results));
