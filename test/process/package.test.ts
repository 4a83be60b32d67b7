// What is published: nothing more than it must be, and every documented path leads somewhere.
import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import spawn from 'cross-spawn';
import { describe, expect, inject, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { createApp, NODE } from './support/app.js';

const packed = inject('packed');
const manifest = JSON.parse(readFileSync(path.join(packed.package, 'package.json'), 'utf8'));
const subpaths = Object.keys(manifest.exports).map((key) => key.replace('.', 'vaultstrap'));

/** Everything that may be in the tarball. */
const ALLOWED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'host.json',
  'dist/THIRD-PARTY-NOTICES.txt',
  /^dist\/(index|client|after|late|worker|telemetry|register|start|functions|testing|cli)\.cjs$/,
  /^dist\/cli\/([a-z-]+\/)*[a-z-]+\.cjs$/,
  'dist/preload.mjs',
  /^dist\/functions\/\w+\.js$/,
  /^dist\/types\/([a-z-]+\/)*[a-z-]+\.d\.cts$/,
  'dist/types/preload.d.mts',
];

describe('the tarball', () => {
  test('holds what it must, and nothing else', () => {
    const strange = packed.files.filter(
      (file) => !ALLOWED.some((allowed) => (typeof allowed === 'string' ? allowed === file : allowed.test(file))),
    );
    expect(strange).toEqual([]);
    for (const needed of ['package.json', 'README.md', 'LICENSE', 'dist/THIRD-PARTY-NOTICES.txt']) {
      expect(packed.files).toContain(needed);
    }
  });

  test('runs nothing where it is installed, and npm says nothing of scripts', () => {
    const ours = Object.keys(manifest.scripts);
    expect(ours.filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
    // What `prepare` once did: npm under an older Node leaves optional packages out whose `engines` it does not satisfy,
    // silently, and a clone needs them; development's come all the same.
    expect(Object.keys(manifest.devDependencies)).toEqual(
      expect.arrayContaining(Object.keys(manifest.optionalDependencies)),
    );
  });

  test('has every file that the manifest names', () => {
    const named: string[] = [];
    const walk = (value: unknown): void => {
      if (typeof value === 'string') named.push(value.replace(/^\.\//, ''));
      else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) walk(item);
    };
    for (const field of ['main', 'types', 'bin', 'exports', 'typesVersions']) walk(manifest[field]);

    expect(named.filter((file) => !packed.files.includes(file))).toEqual([]);
  });

  test('has types for every subpath, for the old resolution too', () => {
    const old = Object.keys(manifest.typesVersions['*']);
    const expected = subpaths.filter((name) => !['vaultstrap', 'vaultstrap/package.json'].includes(name));
    expect(old.map((name) => `vaultstrap/${name}`).sort()).toEqual(expected.sort());
  });

  test('bundles dotenv-expand 13.0.0, and depends on nothing that has to be there', () => {
    const version = JSON.parse(
      readFileSync(path.join(root, 'node_modules/dotenv-expand/package.json'), 'utf8'),
    ).version;
    expect(version).toBe('13.0.0');
    expect(manifest.devDependencies['dotenv-expand']).toBe('13.0.0');
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.scripts).not.toHaveProperty('install');
    expect(manifest.scripts).not.toHaveProperty('postinstall');
  });

  test('holds no path of the machine that built it', () => {
    for (const file of packed.files) {
      expect(readFileSync(path.join(packed.package, file), 'utf8').includes(root), file).toBe(false);
    }
  });

  test('never reaches the embedded Azure from the way into an app', () => {
    for (const file of packed.files.filter((name) => /^dist\/\w+\.[cm]js$/.test(name) && !/testing|cli/.test(name))) {
      const text = readFileSync(path.join(packed.package, file), 'utf8');
      expect(text.includes('startEmulator'), file).toBe(false);
    }
  });
});

describe('every subpath', () => {
  const app = createApp();
  symlinkSync(path.join(root, 'node_modules/@azure'), app.path('node_modules/@azure'), 'junction');

  test('resolves, under ESM and CommonJS, to the same module', async () => {
    app.write({
      'paths.mjs': `import { createRequire } from 'node:module'; import probe from './probe.cjs';
        const require = createRequire(import.meta.url);
        for (const name of ${JSON.stringify(subpaths)}) {
          const json = name.endsWith('.json');
          const esm = await import(name, json ? { with: { type: 'json' } } : {});
          const cjs = require(name);
          const named = Object.keys(esm).filter((key) => key !== 'default' && key !== 'module.exports');
          probe({ name, same: json || Object.keys(cjs).every((key) => esm[key] === cjs[key] && named.includes(key)) });
        }`,
    });
    const { code, stderr, probes } = await app.run(['paths.mjs']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(probes).toEqual(subpaths.map((name) => ({ name, same: true })));
  });

  test('that is not exported is not to be had', async () => {
    app.write({
      'inner.cjs': "try { require('vaultstrap/dist/index.cjs'); } catch ({ code }) { require('./probe.cjs')(code); }",
    });
    expect((await app.run(['inner.cjs'])).probes).toEqual(['ERR_PACKAGE_PATH_NOT_EXPORTED']);
  });

  test('that is documented exists', () => {
    const texts = ['README.md', ...readdirSync(path.join(root, 'docs')).map((file) => `docs/${file}`)]
      .filter((file) => file.endsWith('.md'))
      .map((file) => [file, readFileSync(path.join(root, file), 'utf8')] as const);
    const mentions = texts.flatMap(([file, text]) =>
      [...text.matchAll(/['" =](vaultstrap\/[a-z][\w./-]*)/g)].map(([, name]) => ({
        file,
        name: name?.replace(/[.]$/, ''),
      })),
    );
    expect(
      mentions.filter(({ name }) => !subpaths.includes(name ?? '') && !name?.startsWith('vaultstrap/status')),
    ).toEqual([]);
    expect(mentions.length).toBeGreaterThan(0);
  });
});

describe('npm install', () => {
  const install = (...args: string[]) => {
    const dir = mkdtempSync(path.join(packed.folder, 'install-'));
    writeFileSync(path.join(dir, 'package.json'), '{"name":"app","private":true}');
    const { status, stderr } = spawn.sync('npm', ['install', '--no-audit', '--no-fund', ...args, packed.tarball], {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${path.dirname(NODE)}${path.delimiter}${process.env['PATH']}` },
      timeout: 120_000,
    });
    expect(status, stderr).toBe(0);
    writeFileSync(
      path.join(dir, 'app.mjs'),
      "import 'vaultstrap/register'; import { report } from 'vaultstrap'; console.log(report().status);",
    );
    const run = (args: string[]) => {
      const { status, stdout, stderr } = spawn.sync(NODE, args, {
        cwd: dir,
        encoding: 'utf8',
        env: {},
        timeout: 20_000,
      });
      return { status, stdout, stderr };
    };
    expect(run(['app.mjs'])).toEqual({ status: 0, stdout: 'idle\n', stderr: '' });
    const bin = spawn.sync(path.join(dir, 'node_modules/.bin/vaultstrap'), ['--version'], {
      encoding: 'utf8',
      env: { PATH: path.dirname(NODE), SystemRoot: process.env['SystemRoot'] },
    });
    expect(bin.stdout).toBe(`${manifest.version}\n`);
    return readdirSync(path.join(dir, 'node_modules')).filter((name) => !name.startsWith('.'));
  };

  // Needs no network: nothing but the package itself.
  test('with --omit=optional brings one package', () => {
    expect(install('--omit=optional', '--offline')).toEqual(['vaultstrap']);
  });

  test.runIf(process.env['VAULTSTRAP_TEST_INSTALL'])(
    'brings the SDK by default (network)',
    { timeout: 180_000 },
    () => {
      expect(install()).toContain('@azure');
    },
  );
});
