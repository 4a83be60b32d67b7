// Packs what `npm publish` would send, and unpacks it without npm: the process tests run on this, not on src/.
// `node scripts/pack.mjs [folder]` prints the tarball's path.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import spawn from 'cross-spawn';
import { root } from './embedded-sources.mjs';

/** The npm beside this node, wherever the shell's own is. */
const env = { ...process.env, PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH']}` };

/** @param {string} folder */
function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) newest = Math.max(newest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

/** Whether dist/ is older than what it is made of. */
export function isStale() {
  const built = statSync(path.join(root, 'dist/THIRD-PARTY-NOTICES.txt'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['src', 'functions', 'scripts'].map((folder) => newestIn(path.join(root, folder)));
  return Math.max(...sources, statSync(path.join(root, 'package.json')).mtimeMs) >= built;
}

export function buildIfStale() {
  if (!isStale()) return;
  const { status } = spawn.sync(process.execPath, [path.join(root, 'scripts/build.mjs')], { stdio: 'inherit', env });
  if (status !== 0) throw new Error('the build failed');
}

/**
 * @param {string} folder where the tarball goes
 * @returns {string} its path
 */
export function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { status, stdout, stderr } = spawn.sync('npm', args, { cwd: root, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  // npm before 12 gives a list, npm 12 an object by name.
  const [packed] = Object.values(JSON.parse(stdout));
  return path.join(folder, packed.filename);
}

/**
 * Unpacks a tarball of npm's: plain files below `package/`.
 *
 * @param {string} tarball
 * @param {string} folder becomes what `node_modules/<name>` would be
 * @returns {string[]} the paths of its files
 */
export function unpack(tarball, folder) {
  const tar = gunzipSync(readFileSync(tarball));
  const files = [];
  let longName = '';
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    /** @type {(from: number, length: number) => string} */
    const text = (from, length) => tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    const type = text(156, 1) || '0';
    const body = tar.subarray(at + 512, at + 512 + size);
    const prefix = text(345, 155);
    const name = longName || (prefix ? `${prefix}/${text(0, 100)}` : text(0, 100));
    longName = '';
    if (type === 'x') longName = /^\d+ path=(.*)$/m.exec(body.toString())?.[1] ?? '';
    if (type === '0') {
      const file = name.slice(name.indexOf('/') + 1);
      const target = path.join(folder, file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, body, { mode: Number.parseInt(text(100, 8), 8) });
      files.push(file);
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files.sort();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  buildIfStale();
  console.log(pack(process.argv[2] ?? mkdtempSync(path.join(tmpdir(), 'vaultstrap-pack-'))));
}
