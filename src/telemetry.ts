// Loaded when an app has registered OpenTelemetry, and never otherwise.
export { createTelemetry } from './telemetry/opentelemetry.js';
