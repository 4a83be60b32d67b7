// Puts together what runs of this repository's Function App, and nothing else: `node scripts/deployable.mjs [folder]`.
// azd, Core Tools and a zip take the folder as it is. It is copied from what is installed, so its versions are the lock file's.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './embedded-sources.mjs';
import { buildIfStale } from './pack.mjs';

const MODEL = '@azure/functions';

const [, , given] = process.argv;
const folder = path.resolve(given ?? path.join(root, 'deploy'));
// Ours is made anew; what is in another nobody has told us to remove.
if (given === undefined) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty.`);

/** @param {string} name */
const manifest = (name) => JSON.parse(readFileSync(path.join(root, name, 'package.json'), 'utf8'));

/**
 * A package with all that it needs.
 *
 * @param {string} name
 */
function take(name) {
  const from = path.join('node_modules', name);
  if (existsSync(path.join(folder, from))) return;
  cpSync(path.join(root, from), path.join(folder, from), { recursive: true });
  for (const needed of Object.keys(manifest(from).dependencies ?? {})) {
    // Or it lies in a node_modules of its own, and has come along.
    if (!existsSync(path.join(root, from, 'node_modules', needed))) take(needed);
  }
}

buildIfStale();
cpSync(path.join(root, 'host.json'), path.join(folder, 'host.json'));
const types = path.join(root, 'dist/types');
cpSync(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true, filter: (from) => from !== types });
take(MODEL);
// Without scripts: where somebody builds it once more, there is nothing to build it with.
const { name, version, type, main, exports, engines } = manifest('.');
const dependencies = { [MODEL]: manifest(path.join('node_modules', MODEL)).version };
writeFileSync(
  path.join(folder, 'package.json'),
  `${JSON.stringify({ name, version, private: true, type, main, exports, engines, dependencies }, undefined, 2)}\n`,
);
