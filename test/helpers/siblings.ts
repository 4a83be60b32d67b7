// Stands in for src/startup/siblings.ts when tests run on the sources: there is no `require` in an ES module.
import * as after from '../../src/after.js';
import * as client from '../../src/client.js';
import * as telemetry from '../../src/telemetry.js';
import * as worker from '../../src/worker.js';

export const afterModule = () => after;
export const clientModule = () => client;
export const telemetryModule = () => telemetry;
export const workerModule = () => worker;
