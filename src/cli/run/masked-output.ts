import type { ChildProcess } from 'node:child_process';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMask } from './mask.js';

/** After this much silence a prompt is complete. */
const SETTLE_MS = 100;
/** What the command left behind may hold its output open for ever: after it has ended, this much silence is the end. */
const LINGER_MS = 1000;

/**
 * Passes a command's output on to ours with texts concealed, and is ready when all of it is written.
 *
 * @returns `false` when some of it could not be.
 */
export async function passMasked(child: ChildProcess, patterns: readonly Buffer[]): Promise<boolean> {
  const written = await Promise.all([
    pass(child, child.stdout, process.stdout, patterns),
    pass(child, child.stderr, process.stderr, patterns),
  ]);
  return written.every(Boolean);
}

async function pass(
  child: ChildProcess,
  from: Readable | null,
  to: NodeJS.WritableStream,
  patterns: readonly Buffer[],
): Promise<boolean> {
  if (!from) return true;
  const mask = createMask(patterns);
  const settle = countdown(SETTLE_MS, () => filter.push(mask.settle()));
  const linger = countdown(LINGER_MS, () => from.push(null));
  const filter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      settle.stop();
      done(null, mask.push(chunk));
      if (mask.canSettle) settle.restart();
      if (hasEnded(child)) linger.restart();
    },
    flush(done) {
      settle.stop();
      linger.stop();
      done(null, mask.end());
    },
  });
  child.once('exit', linger.restart);
  try {
    await pipeline(from, filter, to, { end: false });
    return true;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // Nobody reads us any more: the command will hear of it at its next write, since its pipe is closed.
    if (code === 'EPIPE') return true;
    // It cannot hear of what befell what it wrote before; that standard output is lost, is told by whoever has it.
    if (syscall !== 'write') throw error;
    return false;
  } finally {
    child.removeListener('exit', linger.restart);
    settle.stop();
    linger.stop();
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function countdown(delayMs: number, run: () => void): { restart(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(run, delayMs);
    },
    stop: () => clearTimeout(timer),
  };
}
