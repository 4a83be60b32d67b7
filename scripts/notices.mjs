// Whose code is in dist/: found in what esbuild says it bundled, so that nobody has to remember to list a package.
// Writes each one's licence into dist/THIRD-PARTY-NOTICES.txt; one that is not permissive ends the build.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { embeddedInputs, root } from './embedded-sources.mjs';

/** They ask for their text to be kept, which the notices do, and for nothing else. SPDX identifiers. */
export const PERMISSIVE = [
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0'],
  ...['Python-2.0', 'Unlicense', 'Zlib'],
];

/**
 * @typedef {object} Bundled
 * @property {string} name
 * @property {string} version
 * @property {string} license SPDX
 * @property {string} text of its licence, and of its notice if it has one
 */

/**
 * The packages behind the files of a bundle, by name.
 *
 * @param {Iterable<string>} inputs paths, as esbuild's metafile has them
 * @param {string} [base] what they are relative to
 * @returns {readonly Bundled[]}
 */
export function bundledPackages(inputs, base = root) {
  const folders = new Set();
  for (const input of inputs) {
    const [, folder] = /^(.*node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/.exec(input) ?? [];
    if (folder) folders.add(path.resolve(base, folder));
  }
  const packages = [...folders].map(packageIn);
  return packages.sort((a, b) => `${a.name}@${a.version}`.localeCompare(`${b.name}@${b.version}`, 'en'));
}

/** @param {string} folder @returns {Bundled} */
function packageIn(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(file));
  const text = files.map((file) => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (!isPermissive(license)) throw new Error(`${name}@${version} is bundled, and its licence is ${license}`);
  if (!files.some((file) => !/^notice/i.test(file)))
    throw new Error(`${name}@${version} brings no text of its licence`);
  return { name, version, license, text: text.join('\n\n') };
}

/** `MIT`, or a choice of which one is: `(MIT OR GPL-3.0)`. @param {unknown} license */
function isPermissive(license) {
  if (typeof license !== 'string') return false;
  const choices = license.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((one) => PERMISSIVE.includes(one)));
}

/**
 * @param {readonly import('esbuild').BuildResult[]} results of builds with `metafile: true`
 * @returns {string} the text of dist/THIRD-PARTY-NOTICES.txt
 */
export function renderNotices(results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
  const packages = bundledPackages([...inputs, ...embeddedInputs]);
  const head = 'Code of these packages is part of vaultstrap, each under its own licence.\n';
  const list = packages.map(({ name, version, license }) => `  ${name}@${version} (${license})\n`).join('');
  const texts = packages.map(({ name, version, license, text }) => `${name}@${version} (${license})\n\n${text}\n`);
  return [`${head}\n${list}`, ...texts].join(`\n${'-'.repeat(78)}\n\n`);
}
