import type { MessagePort, Worker } from 'node:worker_threads';
import WORKER_SOURCE from 'vaultstrap:source/startup/embedded/worker';
import { readEnvironment } from '../settings/environment.js';
import { systemClock } from '../support/clock.js';
import { type SafeCause, safeCause } from '../support/failure.js';
import { type Job, type JobReply, OVERTIME_MS } from './job.js';
import { createSignal, isFinished, type WorkerData } from './signal.js';

/** What to do when there is no thread, or none any more: loaded when that is so. */
type LoadOtherwise = () => typeof import('./without-thread.js');

/** No sign of life for this long after the start: it never began. */
const START_LIMIT_MS = 5000;
/** No sign of life for this long afterwards: it is lost. */
const SILENCE_LIMIT_MS = 3000;
/** Loading the SDK keeps the thread busy; on a small instance for many seconds. */
const SDK_SILENCE_LIMIT_MS = 30_000;
const SLICE_MS = 250;

/** A thread of its own, ready for a job. */
export interface OpenWorker {
  /** Once. */
  give(job: Job): RunningJob;
  /** There is no job after all. */
  dismiss(): void;
}

/** A job under way. */
export interface RunningJob {
  /** Blocks this thread until the reply is there. Never later than a little after the deadline. */
  waitBlocking(): JobReply;
  /** `undefined` when the thread was lost: nobody is blocked here, so the caller does the job itself. */
  wait(): Promise<JobReply | undefined>;
}

/**
 * Starts the thread; returns within milliseconds. It boots and loads what it needs while this thread finds out
 * what there is to fetch.
 */
export function openWorker(otherwise: LoadOtherwise): OpenWorker {
  const { Worker, MessageChannel, receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
  const signal = createSignal();
  const { port1, port2 } = new MessageChannel();
  let worker: Worker;
  try {
    // A thread boots in this folder, and dies there when the folder is gone; blocked, we would not hear of it.
    process.cwd();
    const workerData: WorkerData = { port: port2, signal };
    worker = new Worker(WORKER_SOURCE, {
      eval: true,
      // Neither preloads nor options meant for the app: a preloaded copy of us would recurse. A diagnostic report lists
      // the process's environment once more for each thread.
      execArgv: ['--report-exclude-env'],
      env: unprintable(workerEnvironment()),
      workerData,
      transferList: [port2],
      name: 'vaultstrap',
      // Not piped into this thread's: opening those takes milliseconds, and nothing is printed there.
      stdout: true,
      stderr: true,
      // Most of what it allocates is garbage at once: 3 MB less at the peak, and no slower.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
  } catch (error) {
    return withoutWorker(safeCause(error), otherwise);
  }
  // Its failures show in what it answers, or in its silence.
  worker.on('error', () => {});
  worker.unref();
  port1.unref();

  const received = (): JobReply | undefined => receiveMessageOnPort(port1)?.message;
  const thread: Thread = { worker, signal, port: port1, received, otherwise };
  return {
    give(job) {
      port1.postMessage(job);
      return {
        waitBlocking: () => waitBlocking(job, thread),
        wait: () => waitForMessage(job, thread),
      };
    },
    dismiss() {
      port1.close();
      void worker.terminate();
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly signal: Int32Array;
  readonly port: MessagePort;
  /** The reply, when it is there. */
  readonly received: () => JobReply | undefined;
  readonly otherwise: LoadOtherwise;
}

/** There is no thread: a process takes its place, unless that is forbidden too; who does not block needs neither. */
function withoutWorker(cause: SafeCause, otherwise: LoadOtherwise): OpenWorker {
  return {
    give: (job) => ({
      waitBlocking: () => otherwise().replyWithoutThread(job, substitute(), cause),
      wait: async () => undefined,
    }),
    dismiss: () => {},
  };
}

function substitute() {
  return { source: WORKER_SOURCE, env: workerEnvironment() };
}

/** Judges a worker by its signs of life, look by look, at most `SLICE_MS` apart. */
function createWatch(job: Job, { signal, otherwise }: Thread) {
  let seen = 0;
  let lastLifeMs = systemClock.monotonic();
  let lastLookMs = lastLifeMs;
  return {
    get seen() {
      return seen;
    },
    look(): 'alive' | 'lost' | 'late' {
      const nowMs = systemClock.monotonic();
      const count = Atomics.load(signal, 0);
      // Far longer between two looks than it should be: this process was stopped for a while, not the worker alone.
      if (count !== seen || nowMs - lastLookMs > SLICE_MS + 1000) lastLifeMs = nowMs;
      seen = count;
      lastLookMs = nowMs;
      if (nowMs > job.deadlineMs + OVERTIME_MS) return 'late';
      const silentMs = nowMs - lastLifeMs;
      if (silentMs <= (seen === 0 ? START_LIMIT_MS : SILENCE_LIMIT_MS)) return 'alive';
      return seen > 0 && silentMs <= SDK_SILENCE_LIMIT_MS && otherwise().mayBeLoadingSdk(job) ? 'alive' : 'lost';
    },
  };
}

function waitBlocking(job: Job, thread: Thread): JobReply {
  const { worker, signal, received, otherwise } = thread;
  const watch = createWatch(job, thread);
  while (!isFinished(signal)) {
    Atomics.wait(signal, 0, watch.seen, SLICE_MS);
    const state = watch.look();
    if (state === 'alive' || isFinished(signal)) continue;
    void worker.terminate();
    return state === 'late' ? otherwise().replyTooLate(job) : otherwise().replyAfterLoss(job, substitute());
  }
  return received() ?? otherwise().replyAfterLoss(job, substitute());
}

function waitForMessage(job: Job, thread: Thread): Promise<JobReply | undefined> {
  const { worker, signal, port, otherwise } = thread;
  return new Promise((resolve) => {
    const settle = (reply: JobReply | undefined) => {
      clearInterval(looking);
      port.close();
      resolve(reply);
    };
    const watch = createWatch(job, thread);
    function look(): void {
      const state = watch.look();
      // Behind a thread that was busy, its reply waits to be received.
      if (state === 'alive' || isFinished(signal)) return;
      void worker.terminate();
      settle(state === 'late' ? otherwise().replyTooLate(job) : undefined);
    }
    const looking = setInterval(() => {
      try {
        look();
      } catch {
        // What is loaded for a lost thread may be gone (a deployment): the caller's own try is a rejection, this is not.
        settle(undefined);
      }
    }, SLICE_MS);
    // Waiting keeps the process alive; having started did not.
    port.ref();
    port.once('message', settle);
    // A reply may still be on its way.
    const onExit = () => setImmediate(settle, undefined);
    if (worker.threadId < 0) onExit();
    else worker.once('exit', onExit);
  });
}

function workerEnvironment(): Record<string, string> {
  const env = readEnvironment();
  // Of Node's options the one that decides whom this process trusts: newer versions have it by thread.
  // https://github.com/nodejs/node/pull/60678
  const told = /.*--(no-)?use[-_]system[-_]ca\b/s.exec([env['NODE_OPTIONS'], ...process.execArgv].join(' '));
  // As Node reads them: the last one decides, also over the variable.
  if (told) env['NODE_USE_SYSTEM_CA'] = told[1] ? '0' : '1';
  delete env['NODE_OPTIONS'];
  delete env['NODE_V8_COVERAGE'];
  return env as Record<string, string>;
}

/** NODE_DEBUG=worker prints what a thread is started with; an inherited environment holds values. */
function unprintable<T extends object>(env: T): T {
  return Object.defineProperty(env, Symbol.for('nodejs.util.inspect.custom'), { value: () => '[environment]' });
}
