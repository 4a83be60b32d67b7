import { detectSource } from '../identity/source.js';
import { liveEnvironment } from '../settings/environment.js';
import { systemClock } from '../support/clock.js';
import { type Failure, fact, fail, outage, type SafeCause, safeCause } from '../support/failure.js';
import { type Job, type JobReply, NO_REQUESTS, OVERTIME_MS } from './job.js';

/** What a process needs that takes the thread's place. */
export interface Substitute {
  /** The text of the worker. */
  readonly source: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The thread could not be started. */
export function replyWithoutThread(job: Job, substitute: Substitute, cause: SafeCause): JobReply {
  return cause.code === 'ERR_ACCESS_DENIED'
    ? failedReply(job, { ...FORBIDDEN, cause })
    : inChildProcess(job, substitute, { ...NOT_STARTED, cause });
}

/** The thread showed no more life. */
export function replyAfterLoss(job: Job, substitute: Substitute): JobReply {
  return inChildProcess(job, substitute, LOST);
}

/** The thread lives, and has let the deadline pass. */
export function replyTooLate(job: Job): JobReply {
  return failedReply(job, TIMED_OUT);
}

/** Whether a thread that is silent may be at work on that. */
export function mayBeLoadingSdk({ config }: Job): boolean {
  const source = detectSource(liveEnvironment());
  return config.client === 'sdk' || (source.ok && source.value.lane === 'sdk');
}

/** The one fallback: the same text, the same job, in a process of its own. */
function inChildProcess(job: Job, { source, env }: Substitute, otherwise: Failure): JobReply {
  const { serialize, deserialize } = process.getBuiltinModule('node:v8');
  const leftMs = job.deadlineMs - systemClock.monotonic();
  if (leftMs <= 0) return failedReply(job, TIMED_OUT);
  try {
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    const child = spawnSync(process.execPath, ['-'], {
      // Through the pipe, not the arguments: they can be read by other processes.
      input: `${clockAsHere()}globalThis.VAULTSTRAP_JOB=${JSON.stringify(serialize(job).toString('base64'))};\n${source}`,
      env: { ...env, VAULTSTRAP_ENABLED: 'false' },
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

/** The process counts on where this one is: a job's deadline and its tokens' ages are on this one's monotonic scale. */
function clockAsHere(): string {
  return `{const{uptime}=process;process.uptime=()=>uptime()+${process.uptime()}}`;
}

function failedReply(job: Job, failure: Failure): JobReply {
  return {
    results: new Map(job.reads.map(({ key }) => [key, fail(failure)])),
    tokens: [],
    requests: NO_REQUESTS,
  };
}

const PRELOAD_INSTEAD = 'Start with node --import vaultstrap/preload, which needs no worker thread';

const FORBIDDEN = fact(
  'OtherReasons',
  'ERR_WORKER_PERMISSION',
  'the permission model forbids the worker thread of a blocking start.',
  `${PRELOAD_INSTEAD}; or add --allow-worker.`,
);

const NOT_STARTED = outage(
  'OtherReasons',
  'ERR_WORKER_START',
  'neither the worker thread of the blocking start nor a process in its place could be started.',
  `${PRELOAD_INSTEAD}.`,
);

const LOST = outage(
  'OtherReasons',
  'ERR_WORKER_LOST',
  'the worker thread of the blocking start was lost, and so was the process that took its place.',
  'The instance may be short of memory. node --import vaultstrap/preload needs no worker thread.',
);

const TIMED_OUT = outage(
  'FetchTimedOut',
  'ERR_TIMEOUT',
  'no answer came before the deadline.',
  'Check that the network lets this process reach the identity endpoint and the vault. VAULTSTRAP_TIMEOUT_SECONDS sets how long to wait.',
);
