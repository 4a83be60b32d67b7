import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../scripts/embedded-sources.mjs';
import type { Report } from '../../../src/index.js';
import { leaksIn } from '../../process/support/canary.js';

export interface ExampleApp {
  url(path: string): string;
  report(): Promise<Report>;
  /** Ends it in its own way, and fails when it printed a secret or did not end well. */
  stop(): Promise<void>;
}

/** `examples/<name>/app.mjs` as it stands, in a process of its own, with the built package. */
export async function startExample(name: string, env: Readonly<Record<string, string>>): Promise<ExampleApp> {
  if (!existsSync(path.join(root, 'dist/index.cjs'))) throw new Error('There is no dist/: npm run build');
  const { PATH, SystemRoot } = process.env;
  const child = fork(path.join(root, 'examples', name, 'app.mjs'), {
    env: { PATH, SystemRoot, PORT: '0', ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const streams = [child.stdout, child.stderr].flatMap((stream) => stream ?? []);
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // Not `close` of the child: there is none after a `disconnect()` from this side.
  const ended = Promise.all([once(child, 'exit'), ...streams.map((stream) => once(stream, 'close'))]).then(
    ([[code, signal]]) => ({ code, signal }),
  );
  const overdue = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [first] = await Promise.race([
    once(child, 'message'),
    ended.then(({ code }) => {
      clearTimeout(overdue);
      throw new Error(`${name} ended with ${code} before it listened:\n${output}`);
    }),
  ]);
  const { port } = first as { port: number };
  const url = (target: string) => `http://127.0.0.1:${port}${target}`;
  return {
    url,
    report: async () => (await (await fetch(url('/report'))).json()) as Report,
    async stop() {
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const { code, signal } = await ended;
      clearTimeout(late);
      clearTimeout(overdue);
      const leaks = leaksIn(output);
      if (leaks.length > 0 || code !== 0) throw new Error(`${name} ended with ${code ?? signal}:\n${output}`);
    },
  };
}
