// Code that runs in a thread of its own travels as text inside the file that
// starts it: a second file beside it would not survive a user's bundler.
// Importing `vaultstrap:source/<name>` gives that text: src/<name>.ts and all it
// imports, as one minified CommonJS script.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PREFIX = 'vaultstrap:source/';
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Every file that is in one of them, for the notices of what is bundled. @type {Set<string>} */
export const embeddedInputs = new Set();

/** @param {string} name path below src/, without extension */
async function sourceOf(name) {
  const result = await build({
    entryPoints: [path.join(root, 'src', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    minify: true,
    write: false,
    metafile: true,
    absWorkingDir: root,
    logLevel: 'warning',
    plugins: [esbuildEmbeddedSources()],
  });
  for (const input of Object.keys(result.metafile.inputs)) embeddedInputs.add(input);
  return result.outputFiles[0].text;
}

/** @returns {import('esbuild').Plugin} */
export function esbuildEmbeddedSources() {
  return {
    name: 'vaultstrap-embedded-sources',
    setup(b) {
      b.onResolve({ filter: /^vaultstrap:source\// }, (args) => ({
        path: args.path.slice(PREFIX.length),
        namespace: 'vaultstrap-source',
      }));
      b.onLoad({ filter: /.*/, namespace: 'vaultstrap-source' }, async (args) => ({
        contents: await sourceOf(args.path),
        loader: 'text',
      }));
    },
  };
}

/** The same for vitest, so that tests run on the sources. */
export function viteEmbeddedSources() {
  return {
    name: 'vaultstrap-embedded-sources',
    enforce: /** @type {const} */ ('pre'),
    /** @param {string} id */
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    /** @param {string} id */
    load: async (id) =>
      id.startsWith(`\0${PREFIX}`)
        ? `export default ${JSON.stringify(await sourceOf(id.slice(PREFIX.length + 1)))}`
        : undefined,
  };
}
