// The blocking start's worker thread, and its fallback child process. Bundled into one text
// (scripts/embedded-sources.mjs) and run with `eval`: built-ins only, no file beside it.
import type { Job, JobReply } from '../job.js';
import { BEAT_EVERY_MS, beat, finish, type WorkerData } from '../signal.js';
import { runJob } from './run-job.js';

process.report.excludeEnv = true;
const { workerData, isMainThread, receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');

if (isMainThread) void asChildProcess();
else asWorkerThread(workerData as WorkerData);

function asWorkerThread({ port, signal }: WorkerData): void {
  beat(signal);
  const beating = setInterval(beat, BEAT_EVERY_MS, signal);
  // A blocked main thread never sees the `error` event: whatever ends this thread must say so itself.
  process.on('exit', () => finish(signal));
  const begin = async (job: Job) => {
    const reply = await runJob(job);
    clearInterval(beating);
    port.postMessage(reply);
    finish(signal);
    port.close();
  };
  // Mostly it is there already: waiting for the event would put a turn of the loop before the first request.
  const job = receiveMessageOnPort(port)?.message as Job | undefined;
  if (job) return void begin(job);
  port.once('message', begin);
  // It is being put together meanwhile.
  setImmediate(() => process.getBuiltinModule('node:tls'));
}

/** The job comes as the base64 text in `VAULTSTRAP_JOB`, put before this script on stdin. */
async function asChildProcess(): Promise<void> {
  const { deserialize, serialize } = process.getBuiltinModule('node:v8');
  const job = deserialize(
    Buffer.from((globalThis as { VAULTSTRAP_JOB?: string }).VAULTSTRAP_JOB ?? '', 'base64'),
  ) as Job;
  const reply: JobReply = await runJob(job);
  process.stdout.write(serialize(reply));
}
