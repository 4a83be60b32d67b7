// Spans and metrics, as the in-memory exporters of the real SDK of OpenTelemetry receive them.
import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bootstrap, credential, refresh } from '../../src/index.js';
import { engine } from '../../src/startup/state.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { findCanary } from '../helpers/canary.js';
import { keepEnvironment } from '../helpers/environment.js';
import { ref } from '../helpers/fixtures.js';

const CANARY = 'c4nary-of-telemetry';
const NAMES = ['VS_TELE_A', 'VS_TELE_B'] as const;
const restore = keepEnvironment();

let azure: Emulator;
const spans = new InMemorySpanExporter();
const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 3_600_000 });

beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: { a: CANARY, b: CANARY } } });
});
afterEach(async () => {
  trace.disable();
  metrics.disable();
  await engine().reset();
  restore();
  await azure.reset();
  spans.reset();
  points.reset();
});
afterAll(async () => {
  await reader.shutdown();
  await azure?.close();
});

function registerOpenTelemetry(): void {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
}

const start = async () => {
  Object.assign(process.env, azure.env, { VAULTSTRAP_LOG: 'silent', VAULTSTRAP_REFRESH_SECONDS: '86400' });
  process.env[NAMES[0]] = ref('a');
  process.env[NAMES[1]] = ref('b');
  await bootstrap();
};
/** The start is told of behind what loads next. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const told = () =>
  spans.getFinishedSpans().map(({ name, kind, status, attributes }) => ({ name, kind, status, attributes }));

test('a start, a token, a refresh that changed something, and one that could not', async () => {
  registerOpenTelemetry();
  await start();
  await nextTurn();
  await azure.vault('shop').set('a', `${CANARY}-2`);
  await refresh();
  await azure.faults.add({ target: 'vault', secret: 'b', status: 403 });
  await refresh();

  expect(told()).toEqual([
    {
      name: 'vaultstrap start',
      kind: SpanKind.INTERNAL,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'vaultstrap.status': 'ready',
        'vaultstrap.settings': 2,
        'vaultstrap.requests.token': 1,
        'vaultstrap.requests.vault': 2,
      },
    },
    expect.objectContaining({
      name: 'vaultstrap refresh',
      attributes: { 'vaultstrap.generation': 2, 'vaultstrap.changed': 1, 'vaultstrap.failed': 0 },
    }),
    expect.objectContaining({
      name: 'vaultstrap refresh',
      status: { code: SpanStatusCode.ERROR, message: expect.stringMatching(/^ERR_/) },
      attributes: expect.objectContaining({ 'vaultstrap.failed': 1, 'error.type': expect.stringMatching(/^ERR_/) }),
    }),
  ]);
  for (const { startTime, endTime } of spans.getFinishedSpans()) {
    expect(endTime[0] * 1e9 + endTime[1]).toBeGreaterThanOrEqual(startTime[0] * 1e9 + startTime[1]);
  }
  expect(findCanary(spans.getFinishedSpans(), CANARY)).toEqual([]);
});

test('a token of credential(), with its resource and without itself', async () => {
  registerOpenTelemetry();
  await start();
  await nextTurn();
  spans.reset();
  const { token } = await credential().getToken('https://storage.azure.com/.default');
  await azure.faults.add({ target: 'identity', status: 400 });
  await expect(credential().getToken('https://database.windows.net/.default')).rejects.toThrow();

  expect(told()).toEqual([
    {
      name: 'vaultstrap token',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'vaultstrap.identity.source': 'app-service-2019',
        'vaultstrap.resource': 'https://storage.azure.com',
      },
    },
    expect.objectContaining({ status: { code: SpanStatusCode.ERROR, message: expect.stringMatching(/^ERR_/) } }),
  ]);
  expect(findCanary(spans.getFinishedSpans(), token)).toEqual([]);
});

test('an app that registers OpenTelemetry after the start hears of the start, too', async () => {
  await start();
  await nextTurn();
  expect(told()).toEqual([]);
  registerOpenTelemetry();
  await refresh();
  expect(told().map(({ name }) => name)).toEqual(['vaultstrap start', 'vaultstrap refresh']);
});

test('a start that failed', async () => {
  registerOpenTelemetry();
  await azure.vault('shop').delete('b');
  await expect(start()).rejects.toThrow('VS_TELE_B');
  await nextTurn();
  expect(told()).toEqual([
    expect.objectContaining({
      name: 'vaultstrap start',
      status: { code: SpanStatusCode.ERROR, message: 'ERR_SECRET_NOT_FOUND' },
      attributes: expect.objectContaining({ 'vaultstrap.status': 'failed', 'error.type': 'ERR_SECRET_NOT_FOUND' }),
    }),
  ]);
});

test('metrics: durations, rotations, how settings stand', async () => {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  await start();
  await nextTurn();
  await azure.vault('shop').set('a', `${CANARY}-2`);
  await refresh();
  await reader.forceFlush();

  const exported = points.getMetrics().at(-1)?.scopeMetrics ?? [];
  expect(exported.map(({ scope }) => scope.name)).toEqual(['vaultstrap']);
  const byName = new Map(exported.flatMap((scope) => scope.metrics).map((one) => [one.descriptor.name, one]));
  expect([...byName].map(([name, { descriptor }]) => [name, descriptor.unit]).sort()).toEqual([
    ['vaultstrap.age', 's'],
    ['vaultstrap.refresh.duration', 's'],
    ['vaultstrap.rotations', '{rotation}'],
    ['vaultstrap.settings', '{setting}'],
    ['vaultstrap.start.duration', 's'],
  ]);
  for (const name of ['vaultstrap.start.duration', 'vaultstrap.refresh.duration']) {
    const [point] = byName.get(name)?.dataPoints ?? [];
    // In seconds: the buckets of OpenTelemetry itself are for milliseconds, all of ours would be in the first.
    const boundaries = (point?.value as Histogram | undefined)?.buckets.boundaries ?? [];
    expect([boundaries[0], boundaries.at(-1)]).toEqual([0.005, 10]);
  }
  expect(byName.get('vaultstrap.rotations')?.dataPoints).toMatchObject([
    { value: 1, attributes: { 'vaultstrap.setting': 'VS_TELE_A' } },
  ]);
  expect(byName.get('vaultstrap.settings')?.dataPoints).toMatchObject([
    { value: 2, attributes: { 'vaultstrap.status': 'Resolved', 'vaultstrap.kept': false } },
  ]);
  expect(findCanary(exported, CANARY)).toEqual([]);
});

test('an exporter that stumbles harms nobody', async () => {
  registerOpenTelemetry();
  spans.export = () => {
    throw new Error('out of ink');
  };
  try {
    await start();
    await nextTurn();
    expect(await refresh()).toMatchObject({ failed: [] });
  } finally {
    delete (spans as Partial<InMemorySpanExporter>).export;
  }
});
