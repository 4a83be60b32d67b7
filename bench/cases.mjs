// What is measured: whole processes, each with the environment it needs.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../scripts/embedded-sources.mjs';

const dist = (file) => path.join(root, 'dist', file);
const plain = { PATH: process.env.PATH, HOME: process.env.HOME };

/** As many Function Apps are built: one file, our library in it. */
export async function bundleApp() {
  const outfile = path.join(root, 'node_modules/.cache/vaultstrap-bench/bundle.cjs');
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    entryPoints: [path.join(import.meta.dirname, 'block.cjs')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    external: ['@azure/*'],
    // Ours leads to the sources.
    tsconfigRaw: {},
    logLevel: 'error',
  });
  return outfile;
}

/** Express, Fastify and an SDK of Azure: what there is to load while secrets are fetched. */
function withFrameworks(env) {
  const commonJs = { env, over: 'app with frameworks, CommonJS' };
  const esm = { env, over: 'app with frameworks, ES modules' };
  return {
    [commonJs.over]: { args: ['frameworks.cjs'], env: plain },
    'register, frameworks, CommonJS': { ...commonJs, args: ['frameworks-block.cjs'] },
    'start, frameworks, join, CommonJS': { ...commonJs, args: ['frameworks-join.cjs'] },
    [esm.over]: { args: ['frameworks.mjs'], env: plain },
    'register, frameworks, ES modules': { ...esm, args: ['frameworks-block.mjs'] },
    'start, frameworks, join, ES modules': { ...esm, args: ['frameworks-join.mjs'] },
    'start, import() of frameworks, join, ES modules': { ...esm, args: ['frameworks-dynamic.mjs'] },
    '--import start, frameworks, join, ES modules': {
      ...esm,
      args: ['--import', dist('start.cjs'), 'frameworks-import.mjs'],
    },
    'preload, frameworks, ES modules': { ...esm, args: ['--import', dist('preload.mjs'), 'frameworks.mjs'] },
  };
}

/**
 * `over`: the case whose time is subtracted. `only`: up to how many secrets it is run at all; one after another
 * takes a second for every 40.
 */
export function casesFor({ secrets, vaults, azure, bundle }) {
  const base = { ...plain, ...azure, BENCH_SECRETS: String(secrets), BENCH_VAULTS: String(vaults) };
  const references = Object.fromEntries(
    Array.from({ length: secrets }, (_, i) => [`S${i}`, `@KeyVault(VaultName=shop${i % vaults};SecretName=s${i})`]),
  );
  const settings = { ...base, ...references };
  const cases = {
    'bare node': { args: ['-e', '0'], env: plain },
    'nothing to resolve, preload': { args: ['--import', dist('preload.mjs'), '-e', '0'], env: plain },
    'nothing to resolve, register': { args: ['--require', dist('register.cjs'), '-e', '0'], env: plain },
    'SDK, one after another': { args: ['sdk.mjs'], env: { ...base, BENCH_SERIAL: '1' }, only: 20 },
    'SDK, Promise.all': { args: ['sdk.mjs'], env: base },
    'App Configuration provider': { args: ['provider.mjs'], env: { ...base, BENCH_SERIAL: '1' }, only: 20 },
    'App Configuration provider, in parallel': { args: ['provider.mjs'], env: base },
    'hand-written floor': { args: ['floor.cjs'], env: base },
    'vaultstrap/preload': { args: ['--import', dist('preload.mjs'), 'app.cjs'], env: settings },
    'vaultstrap/register, CommonJS': { args: ['block.cjs'], env: settings },
    'vaultstrap/register, ES module': { args: ['block.mjs'], env: settings },
    'vaultstrap/register, bundled by esbuild': { args: [bundle], env: settings },
    'vaultstrap run': {
      args: [dist('cli.cjs'), 'run', '--', process.execPath, 'app.cjs'],
      env: { ...settings, VAULTSTRAP_LOG: 'error' },
    },
    'app with 300 ms of modules': { args: ['plain.cjs'], env: plain },
    'start, 300 ms of modules, join': { args: ['join.cjs'], env: settings, over: 'app with 300 ms of modules' },
    ...(secrets === 20 && vaults === 1 && withFrameworks(settings)),
  };
  return Object.fromEntries(Object.entries(cases).filter(([, { only = Number.POSITIVE_INFINITY }]) => secrets <= only));
}

export const BARE = 'bare node';
export const FLOOR = 'hand-written floor';
export const SDK = 'SDK, Promise.all';
