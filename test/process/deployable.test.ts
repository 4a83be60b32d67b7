// `npm run deployable`: the folder that azd and Core Tools send is a whole Function App, and nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, NODE, startAzure } from './support/app.js';

/** What the worker says of one. */
interface Step {
  readonly step: string;
  readonly functions?: object;
  readonly body?: string;
}

const WORKER = fileURLToPath(new URL('support/functions-worker.cjs', import.meta.url));

let azure: Emulator;
let app: App;
/** Beside the app, so that nothing is found above it. */
let folder: string;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { 'db-password': 'of the vault' } } });
  app = createApp();
  folder = app.path('..', `${path.basename(app.dir)}-deployable`);
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/deployable.mjs'), folder], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
});
afterAll(async () => {
  await azure?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('holds what runs, and nothing to build it with', () => {
  expect(readdirSync(folder).sort()).toEqual(['dist', 'host.json', 'node_modules', 'package.json']);
  expect(existsSync(path.join(folder, 'dist/types'))).toBe(false);
  const installed = readdirSync(path.join(folder, 'node_modules'));
  expect(installed.filter((name) => name.startsWith('.'))).toEqual([]);
  expect(readdirSync(path.join(folder, 'node_modules/@azure')).filter((name) => !name.startsWith('functions'))).toEqual(
    [],
  );
  const { scripts, devDependencies, optionalDependencies, dependencies } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  expect({ scripts, devDependencies, optionalDependencies }).toEqual({});
  expect(Object.keys(dependencies)).toEqual(['@azure/functions']);
});

test('is put into an empty folder only', () => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/deployable.mjs'), app.dir], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`${app.dir} is not empty.`);
});

test('starts in the worker, with its three functions', async () => {
  const settings = { DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=db-password)' };
  const env = { ...azure.env, ...settings, FUNCTIONS_WORKER_RUNTIME: 'node' };
  const { main } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const http = { method: 'GET', url: 'http://localhost/api/vaultstrap/status', headers: {}, query: {}, params: {} };
  const invoke = [{ name: 'secretsStatus', data: { http } }];
  app.write({ 'plan.json': JSON.stringify({ dir: folder, main: [main], mode: 'normal', settings: env, invoke }) });
  const plan = app.path('plan.json');
  const { code, stderr, probes } = await app.start([WORKER, plan, '--functions-uri', 'http://127.0.0.1/'], {
    command: NODE,
    cwd: folder,
    env: { ...env, PROBE_MODULE: app.path('probe.cjs') },
  }).outcome;
  expect(code, stderr).toBe(0);
  const steps = new Map((probes as Step[]).map((step) => [step.step, step]));
  const names = Object.keys(steps.get('metadata')?.functions ?? {});
  expect(names.sort()).toEqual(['rotateSecrets', 'secretChanged', 'secretsStatus']);
  expect(JSON.parse(steps.get('invoke secretsStatus')?.body ?? '')).toMatchObject({
    status: 'ready',
    settings: [{ setting: 'DB_PASSWORD', status: 'Resolved' }],
  });
});
