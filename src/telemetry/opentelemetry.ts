import type { Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Report } from '../report/types.js';
import type { Timed } from '../support/channels.js';
import { registered, type Tellers } from './gate.js';

declare const VAULTSTRAP_VERSION: string;

/** Spans and metrics of ours; names, counts and times, no value and no token. */
export interface Telemetry extends Tellers {
  stop(): void;
}

// The API's enums, as numbers: its package is the app's, and is not loaded a second time.
const CLIENT = 2 as SpanKind.CLIENT;
const INTERNAL = 0 as SpanKind.INTERNAL;
const ERROR = 2 as SpanStatusCode.ERROR;

/**
 * Buckets in seconds; those that an SDK takes by itself are meant for milliseconds, and would put all into one.
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ (`http.client.request.duration`)
 */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Through the providers that the app has registered with `@opentelemetry/api`. Names after the semantic conventions:
 * dots between, units in seconds, `error.type` for what failed.
 * https://opentelemetry.io/docs/specs/semconv/general/naming/
 */
export function createTelemetry(report: () => Report): Telemetry {
  const { trace, metrics } = registered();
  const version = typeof VAULTSTRAP_VERSION === 'string' ? VAULTSTRAP_VERSION : '0.0.0';
  const tracer = trace?.getTracer('vaultstrap', version);
  const meter = metrics?.getMeter('vaultstrap', version);

  const seconds = (name: string, description: string) =>
    meter?.createHistogram(`vaultstrap.${name}.duration`, {
      unit: 's',
      description,
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  const durations = {
    start: seconds('start', 'How long the start took.'),
    refresh: seconds('refresh', 'How long it took to read every secret again.'),
    token: seconds('token', 'How long a token took, tries included.'),
  };
  const rotations = meter?.createCounter('vaultstrap.rotations', {
    unit: '{rotation}',
    description: 'Settings that got another value or version.',
  });
  const standing = meter?.createObservableGauge('vaultstrap.settings', {
    unit: '{setting}',
    description: 'Settings by status; kept ones live on an older value.',
  });
  const age = meter?.createObservableGauge('vaultstrap.age', {
    unit: 's',
    description: 'Since the last complete read began.',
  });
  const observeSettings: Parameters<NonNullable<typeof standing>['addCallback']>[0] = (result) => {
    const counts = new Map<string, { attributes: Attributes; count: number }>();
    for (const { status, kept } of report().settings) {
      const attributes = { 'vaultstrap.status': status, 'vaultstrap.kept': kept === true };
      const key = `${status} ${attributes['vaultstrap.kept']}`;
      counts.set(key, { attributes, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    for (const { attributes, count } of counts.values()) result.observe(count, attributes);
  };
  const observeAge: typeof observeSettings = (result) => {
    const { lastRefreshAt } = report();
    if (lastRefreshAt) result.observe(Math.max(0, (Date.now() - Date.parse(lastRefreshAt)) / 1000));
  };
  standing?.addCallback(observeSettings);
  age?.addCallback(observeAge);

  function tell(
    name: keyof typeof durations,
    { startedAtMs, durationMs }: Timed,
    { span: attributes = {}, metric = {}, code, kind = INTERNAL }: Told,
  ): void {
    const failed: Attributes = code === undefined ? {} : { 'error.type': code };
    durations[name]?.record(durationMs / 1000, { ...metric, ...failed });
    const span = tracer?.startSpan(`vaultstrap ${name}`, {
      kind,
      startTime: startedAtMs,
      attributes: { ...metric, ...attributes, ...failed },
    });
    if (code !== undefined) span?.setStatus({ code: ERROR, message: code });
    span?.end(startedAtMs + durationMs);
  }

  return {
    start(message) {
      const { status, settings, requests, code } = message;
      tell('start', message, {
        metric: { 'vaultstrap.status': status },
        span: {
          'vaultstrap.settings': settings,
          'vaultstrap.requests.token': requests.token,
          'vaultstrap.requests.vault': requests.vault,
        },
        ...(code !== undefined && { code }),
      });
    },
    refresh(message) {
      const { generation, changed, failed } = message;
      tell('refresh', message, {
        span: {
          'vaultstrap.generation': generation,
          'vaultstrap.changed': changed.length,
          'vaultstrap.failed': failed.length,
        },
        ...(failed.length > 0 && {
          code: report().settings.find(({ setting }) => setting === failed[0])?.code ?? '_OTHER',
        }),
      });
    },
    rotated({ changed }) {
      for (const { setting } of changed) rotations?.add(1, { 'vaultstrap.setting': setting });
    },
    token(message) {
      const { source, resource, code } = message;
      tell('token', message, {
        kind: CLIENT,
        metric: { 'vaultstrap.identity.source': source },
        span: { 'vaultstrap.resource': resource },
        ...(code !== undefined && { code }),
      });
    },
    stop() {
      standing?.removeCallback(observeSettings);
      age?.removeCallback(observeAge);
    },
  };
}

interface Told {
  /** On the span only. */
  readonly span?: Attributes;
  /** On the span and the metric: few values each. */
  readonly metric?: Attributes;
  /** What failed. */
  readonly code?: string;
  readonly kind?: SpanKind;
}
