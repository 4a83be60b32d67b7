import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { expect, inject } from 'vitest';
import type { Env } from '../../process/support/app.js';
import { copyExample, type Example } from '../support/example.js';

const { tarball } = inject('packed');

/** Asked once, with what the tests will ask for. */
export const registryAnswers =
  spawnSync('npm', ['view', 'next', 'version', '--fetch-retries=0', '--fetch-timeout=10000'], {
    shell: process.platform === 'win32',
    timeout: 20_000,
  }).status === 0;

/** An example with its packages out of the registry, and the packed vaultstrap in the place of the published one. */
export async function installExample(name: string, ...options: string[]): Promise<Example> {
  const example = copyExample(name);
  rmSync(example.path('node_modules'), { recursive: true });
  const { manifest } = example;
  const dependencies = { ...manifest.dependencies, vaultstrap: `file:${tarball}` };
  writeFileSync(example.path('package.json'), JSON.stringify({ ...manifest, dependencies }, null, 2));
  // npm finds its configuration in the environment, whatever this machine has.
  await run(example, 'npm', ['install', '--no-audit', '--no-fund', ...options], process.env);
  return example;
}

/** Its build script, as npm runs it. */
export function buildExample(example: Example, env: Env = {}): Promise<void> {
  return run(example, 'npm', ['run', 'build'], { ...process.env, NODE_ENV: undefined, ...env });
}

/** Hundreds of megabytes: not left to the end of the run, which waits for it without doing anything else. */
export async function removeExample(example: Example | undefined): Promise<void> {
  if (example) await rm(example.dir, { recursive: true, force: true, maxRetries: 3 });
}

async function run(example: Example, command: string, args: readonly string[], env: Env): Promise<void> {
  const { code, stdout, stderr } = await example.run(args, { command, env, limitMs: 240_000 });
  expect(code, stdout + stderr).toBe(0);
}
