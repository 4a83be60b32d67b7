import type { MessagePort, Worker } from 'node:worker_threads';
import WORKER_SOURCE from 'vaultstrap:source/startup/embedded/worker';
import { detectSource } from '../identity/source.js';
import { liveEnvironment, readEnvironment } from '../settings/environment.js';
import { systemClock } from '../support/clock.js';
import { type Failure, fail, type SafeCause, safeCause } from '../support/failure.js';
import type { Job, JobReply } from './job.js';
import { createSignal, isFinished, type WorkerData } from './signal.js';

/** No sign of life for this long after the start: it never began. */
const START_LIMIT_MS = 5000;
/** No sign of life for this long afterwards: it is lost. */
const SILENCE_LIMIT_MS = 3000;
/** Loading the SDK keeps the thread busy; on a small instance for many seconds. */
const SDK_SILENCE_LIMIT_MS = 30_000;
const SLICE_MS = 250;
/** The worker gives its answer at the deadline; this much later it will not come. */
const OVERTIME_MS = 1500;

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
export function openWorker(): OpenWorker {
  const { Worker, MessageChannel, receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
  const signal = createSignal();
  const { port1, port2 } = new MessageChannel();
  let worker: Worker;
  try {
    const workerData: WorkerData = { port: port2, signal };
    worker = new Worker(WORKER_SOURCE, {
      eval: true,
      // Neither preloads nor options meant for the app: a preloaded copy of us would recurse.
      execArgv: [],
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
    return withoutWorker(safeCause(error));
  }
  // Its failures show in what it answers, or in its silence.
  worker.on('error', () => {});
  worker.unref();
  port1.unref();

  const received = (): JobReply | undefined => receiveMessageOnPort(port1)?.message;
  return {
    give(job) {
      port1.postMessage(job);
      return {
        waitBlocking: () => waitBlocking(job, worker, signal, received),
        wait: () => waitForMessage(job, worker, signal, port1),
      };
    },
    dismiss() {
      port1.close();
      void worker.terminate();
    },
  };
}

/** There is no thread: a process takes its place, unless that is forbidden too; who does not block needs neither. */
function withoutWorker(cause: SafeCause): OpenWorker {
  const denied = cause.code === 'ERR_ACCESS_DENIED';
  return {
    give: (job) => ({
      waitBlocking: () =>
        denied ? failedReply(job, { ...FORBIDDEN, cause }) : inChildProcess(job, { ...NOT_STARTED, cause }),
      wait: async () => undefined,
    }),
    dismiss: () => {},
  };
}

/** Judges a worker by its signs of life, look by look, at most `SLICE_MS` apart. */
function createWatch(job: Job, signal: Int32Array) {
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
      return seen > 0 && silentMs <= SDK_SILENCE_LIMIT_MS && needsSdk(job) ? 'alive' : 'lost';
    },
  };
}

function waitBlocking(job: Job, worker: Worker, signal: Int32Array, received: () => JobReply | undefined): JobReply {
  const watch = createWatch(job, signal);
  while (!isFinished(signal)) {
    Atomics.wait(signal, 0, watch.seen, SLICE_MS);
    const state = watch.look();
    if (state === 'alive' || isFinished(signal)) continue;
    void worker.terminate();
    return state === 'late' ? failedReply(job, TIMED_OUT) : inChildProcess(job, LOST);
  }
  return received() ?? inChildProcess(job, LOST);
}

function waitForMessage(
  job: Job,
  worker: Worker,
  signal: Int32Array,
  port: MessagePort,
): Promise<JobReply | undefined> {
  return new Promise((resolve) => {
    const settle = (reply: JobReply | undefined) => {
      clearInterval(looking);
      port.close();
      resolve(reply);
    };
    const watch = createWatch(job, signal);
    const looking = setInterval(() => {
      const state = watch.look();
      if (state === 'alive') return;
      void worker.terminate();
      settle(state === 'late' ? failedReply(job, TIMED_OUT) : undefined);
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

/** The one fallback: the same text, the same job, in a process of its own. */
function inChildProcess(job: Job, otherwise: Failure): JobReply {
  const { serialize, deserialize } = process.getBuiltinModule('node:v8');
  const leftMs = job.deadlineMs - systemClock.monotonic();
  if (leftMs <= 0) return failedReply(job, TIMED_OUT);
  try {
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    const child = spawnSync(process.execPath, ['-'], {
      // Through the pipe, not the arguments: they can be read by other processes.
      input: `globalThis.VAULTSTRAP_JOB=${JSON.stringify(serialize(job).toString('base64'))};\n${WORKER_SOURCE}`,
      env: { ...workerEnvironment(), VAULTSTRAP_ENABLED: 'false' },
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: Math.ceil(leftMs) + OVERTIME_MS,
      maxBuffer: 256 * 1024 * 1024,
      windowsHide: true,
    });
    return deserialize(child.stdout) as JobReply;
  } catch (error) {
    return failedReply(job, { cause: safeCause(error), ...otherwise });
  }
}

function needsSdk({ config }: Job): boolean {
  const source = detectSource(liveEnvironment());
  return config.client === 'sdk' || (source.ok && source.value.lane === 'sdk');
}

function workerEnvironment(): Record<string, string> {
  const env = readEnvironment();
  delete env['NODE_OPTIONS'];
  delete env['NODE_V8_COVERAGE'];
  return env as Record<string, string>;
}

/** NODE_DEBUG=worker prints what a thread is started with; an inherited environment holds values. */
function unprintable<T extends object>(env: T): T {
  return Object.defineProperty(env, Symbol.for('nodejs.util.inspect.custom'), { value: () => '[environment]' });
}

function failedReply(job: Job, failure: Failure): JobReply {
  return {
    results: job.reads.map(({ key }) => [key, fail(failure)]),
    tokens: [],
    requests: { token: 0, vault: 0, unauthorized: 0 },
  };
}

const PRELOAD_INSTEAD = 'Start with node --import vaultstrap/preload, which needs no worker thread';

const FORBIDDEN: Failure = {
  status: 'OtherReasons',
  code: 'ERR_WORKER_PERMISSION',
  details: 'the permission model forbids the worker thread of a blocking start.',
  hint: `${PRELOAD_INSTEAD}; or add --allow-worker.`,
  retry: 'never',
};

const NOT_STARTED: Failure = {
  status: 'OtherReasons',
  code: 'ERR_WORKER_START',
  details: 'neither the worker thread of the blocking start nor a process in its place could be started.',
  hint: `${PRELOAD_INSTEAD}.`,
  retry: 'deadline',
};

const LOST: Failure = {
  status: 'OtherReasons',
  code: 'ERR_WORKER_LOST',
  details: 'the worker thread of the blocking start was lost, and so was the process that took its place.',
  hint: 'The instance may be short of memory. node --import vaultstrap/preload needs no worker thread.',
  retry: 'deadline',
};

const TIMED_OUT: Failure = {
  status: 'FetchTimedOut',
  code: 'ERR_TIMEOUT',
  details: 'no answer came before the deadline.',
  hint: 'Check the network road to the identity endpoint and the vault. VAULTSTRAP_TIMEOUT_SECONDS sets how long to wait.',
  retry: 'deadline',
};
