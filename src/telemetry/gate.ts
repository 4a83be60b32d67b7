import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { Report } from '../report/types.js';
import { CHANNELS, type Messages } from '../support/channels.js';
import type { Telemetry } from './opentelemetry.js';

/** What an app has registered with `@opentelemetry/api`. */
export interface Registered {
  readonly trace?: TracerProvider;
  readonly metrics?: MeterProvider;
}

/** Where `@opentelemetry/api` 1.x keeps what an app has registered (its `internal/global-utils`), whichever copy did. */
const OPENTELEMETRY = Symbol.for('opentelemetry.js.api.1');

export function registered(): Registered {
  return (globalThis as { [OPENTELEMETRY]?: Registered })[OPENTELEMETRY] ?? {};
}

/** What happened before the app registered OpenTelemetry is told when it has. */
const MOST_KEPT = 20;

/**
 * Listens to our own channels. Nothing is loaded until the app has registered OpenTelemetry; an app that never
 * does pays for one look at a global per refresh.
 */
export function openTelemetryGate(
  load: () => { createTelemetry(report: () => Report): Telemetry },
  report: () => Report,
) {
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel');
  let telemetry: Telemetry | undefined;
  let kept: (() => void)[] = [];

  const listeners = CHANNELS.map((name) => {
    const hear = (message: unknown) => {
      const tell = () => telemetry?.[name](message as never);
      if (telemetry) return tell();
      if (kept.length < MOST_KEPT) kept.push(tell);
      const { trace, metrics } = registered();
      if (!trace && !metrics) return;
      telemetry = load().createTelemetry(report);
      for (const one of kept) one();
      kept = [];
    };
    const listener = (message: unknown) => {
      try {
        hear(message);
      } catch {
        // An exporter that stumbles would end the process: what a subscriber throws is uncaught.
      }
    };
    subscribe(`vaultstrap:${name}`, listener);
    return { channel: `vaultstrap:${name}`, listener };
  });

  /** Stops listening. */
  return (): void => {
    for (const { channel, listener } of listeners) unsubscribe(channel, listener);
    telemetry?.stop();
  };
}

/** For every message a way to tell it. */
export type Tellers = { readonly [N in keyof Messages]: (message: Messages[N]) => void };
