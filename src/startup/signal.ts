import type { MessagePort } from 'node:worker_threads';

/** What the worker thread is given. */
export interface WorkerData {
  /** The job comes in here, the reply goes out. */
  readonly port: MessagePort;
  /** Shared: [0] counts signs of life, [1] is 1 when the worker has finished. */
  readonly signal: Int32Array;
}

export const BEAT_EVERY_MS = 250;

export function createSignal(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** A sign of life. */
export function beat(signal: Int32Array): void {
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
}

/** The last one: the reply is in the port, or there will be none. */
export function finish(signal: Int32Array): void {
  Atomics.store(signal, 1, 1);
  beat(signal);
}

export function isFinished(signal: Int32Array): boolean {
  return Atomics.load(signal, 1) === 1;
}
