// The Functions Node worker (test/process/support/functions-worker.cjs) on a whole app folder: its own package.json
// says which files are loaded.
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { NODE } from '../../process/support/app.js';
import type { Example } from './example.js';

const WORKER = fileURLToPath(new URL('../../process/support/functions-worker.cjs', import.meta.url));
const REQUEST = { method: 'GET', url: 'http://localhost/api/price', headers: {}, query: {}, params: {} };

export interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly error?: string;
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly status?: string;
  readonly body?: string;
  readonly names?: readonly string[];
}

export interface WorkerPlan {
  /** Default: that of package.json. */
  readonly main?: string;
  readonly settings: Readonly<Record<string, string>>;
  /** In a placeholder whose environment is filled afterwards, as on most plans. */
  readonly specialized?: boolean;
  /** Happens between two invocations of the function `price`. */
  readonly between?: () => Promise<void>;
}

/** What came of the steps: loading, the two invocations, the end. */
export async function runWorker(example: Example, plan: WorkerPlan): Promise<readonly Step[]> {
  const { main = example.manifest.main ?? '', settings, specialized = false, between } = plan;
  const app = { ...settings, FUNCTIONS_WORKER_RUNTIME: 'node' };
  const go = example.path('go');
  const invoke = [{ name: 'price', data: { http: REQUEST } }];
  if (between) invoke.push({ ...invoke[0], name: 'price', data: { http: REQUEST }, ...{ waitFor: go } });
  example.write({
    'plan.json': JSON.stringify({
      dir: example.dir,
      main: inLoadingOrder(globSync(main, { cwd: example.dir })),
      mode: specialized ? 'specialized' : 'normal',
      settings: app,
      invoke,
    }),
  });
  const child = example.start([WORKER, 'plan.json', '--functions-uri', 'http://127.0.0.1/'], {
    command: NODE,
    env: { ...(!specialized && app), PROBE_MODULE: example.path('probe.cjs') },
  });
  try {
    await between?.();
  } finally {
    // Whatever came of it: the worker waits for this, and would outlive the tests.
    example.write({ go: '' });
  }
  const outcome = await child.outcome;
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.probes as Step[];
}

/** Shallower folders first, then byte order, whatever order the pattern has. */
function inLoadingOrder(files: readonly string[]): readonly string[] {
  const depth = (file: string) => file.split(/[/\\]/).length;
  return [...files].sort((a, b) => depth(a) - depth(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
