import type { ChildProcess } from 'node:child_process';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMask } from './mask.js';

/** After this much silence a prompt is complete. */
const SETTLE_MS = 100;
/** What the command left behind may hold its output open for ever: after it has ended, this much silence is the end. */
const LINGER_MS = 1000;

/** Passes a command's output on to ours with texts concealed, and is ready when all of it is written. */
export async function passMasked(child: ChildProcess, patterns: readonly Buffer[]): Promise<void> {
  await Promise.all([
    pass(child, child.stdout, process.stdout, patterns),
    pass(child, child.stderr, process.stderr, patterns),
  ]);
}

async function pass(
  child: ChildProcess,
  from: Readable | null,
  to: NodeJS.WritableStream,
  patterns: readonly Buffer[],
): Promise<void> {
  if (!from) return;
  const mask = createMask(patterns);
  const settle = setTimeout(() => filter.push(mask.settle()), SETTLE_MS);
  clearTimeout(settle);
  const linger = setTimeout(() => from.push(null), LINGER_MS);
  clearTimeout(linger);
  const filter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(settle);
      done(null, mask.push(chunk));
      if (mask.canSettle) settle.refresh();
      if (child.exitCode !== null || child.signalCode !== null) linger.refresh();
    },
    flush(done) {
      clearTimeout(settle);
      clearTimeout(linger);
      done(null, mask.end());
    },
  });
  child.once('exit', () => linger.refresh());
  try {
    await pipeline(from, filter, to, { end: false });
  } catch (error) {
    // Nobody reads us any more: the command will hear of it at its next write, since its pipe is closed.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
