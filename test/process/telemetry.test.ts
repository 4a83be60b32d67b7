// OpenTelemetry on the packed package: found by what the app has registered, and not looked for otherwise.
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const root = path.join(import.meta.dirname, '../..');
const password = canary('password');

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } } });
  app = createApp();
  symlinkSync(path.join(root, 'node_modules/@opentelemetry'), app.path('node_modules/@opentelemetry'), 'junction');
  app.write({
    'otel.cjs': `const { trace } = require('@opentelemetry/api');
      const { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace');
      const exporter = new InMemorySpanExporter();
      trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
      module.exports = () => exporter.getFinishedSpans().map(({ name }) => name);`,
    'app.cjs': `require('vaultstrap/register');
      const spans = require('./otel.cjs');
      const { refresh } = require('vaultstrap');
      refresh().then(() => require('./probe.cjs')(spans()));`,
    'without.cjs': `require('vaultstrap/register');
      require('vaultstrap').refresh().then(() => {
        const loaded = Object.keys(require.cache).filter((file) => /telemetry/.test(file));
        require('./probe.cjs')(loaded.map((file) => require('node:path').basename(file)));
      });`,
  });
});
afterAll(() => azure?.close());

const env = () => ({ ...azure.env, DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=password)' });

test('an app with OpenTelemetry gets the start, though it was over before, and the refresh', async () => {
  const { code, stderr, probes } = await app.run(['app.cjs'], { env: env() });
  expect({ code, stderr, probes }).toEqual({
    code: 0,
    stderr: '',
    probes: [['vaultstrap start', 'vaultstrap refresh']],
  });
});

test('so it does when its preload registers it', async () => {
  const args = ['--require', './otel.cjs', '--import', 'vaultstrap/preload', 'app.cjs'];
  const { code, stderr, probes } = await app.run(args, { env: env() });
  expect({ code, stderr, probes }).toEqual({
    code: 0,
    stderr: '',
    probes: [['vaultstrap start', 'vaultstrap refresh']],
  });
});

test('an app without it loads nothing of it', async () => {
  const { code, stderr, probes } = await app.run(['without.cjs'], { env: env() });
  expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: [[]] });
});
