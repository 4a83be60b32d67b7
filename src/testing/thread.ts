// The emulator's own thread, seen from the main one: requests with a number out,
// answers with that number back.
import { isDate } from 'node:util/types';
import { Worker } from 'node:worker_threads';
import source from 'vaultstrap:source/testing/server/main';
import { isObject } from './check.js';
import { EmulatorError, type EmulatorErrorCode } from './errors.js';
import type { Answer, Call, CommandName, Commands, ServerSettings, Started } from './protocol.js';

export interface EmulatorThread {
  readonly started: Started;
  call<C extends CommandName>(command: C, ...args: Parameters<Commands[C]>): Promise<ReturnType<Commands[C]>>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** The result, or what the thread refused: thrown where it is awaited, so that its stack leads to the caller. */
function resultOf(answer: Answer): unknown {
  if ('failure' in answer) {
    throw new EmulatorError(answer.failure.code as EmulatorErrorCode, answer.failure.message);
  }
  return withOwnDates(answer.result);
}

/** What comes from a thread has Node's own `Date`; in jest and vm contexts the caller's is another. */
function withOwnDates(result: unknown): unknown {
  for (const one of Array.isArray(result) ? result : [result]) {
    if (!isObject(one)) continue;
    for (const [name, member] of Object.entries(one)) if (isDate(member)) one[name] = new Date(member.getTime());
  }
  return result;
}

/** The place of a crash without its message, which could quote a value. */
function describeCrash(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames.slice(0, 5)].join('\n');
}

export async function startThread(settings: ServerSettings): Promise<EmulatorThread> {
  // Nothing of this process's environment or arguments is the emulator's business.
  const worker = new Worker(source, {
    eval: true,
    name: 'vaultstrap-emulator',
    workerData: settings,
    argv: [],
    execArgv: [],
    env: {},
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let stopped: EmulatorError | undefined;

  // The thread keeps the process alive only while somebody waits for an answer:
  // a forgotten emulator must not hold up the end of a test run.
  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    return entry;
  };
  const expect = (id: number): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.ref();
    });
  const stop = (reason: EmulatorError): void => {
    stopped ??= reason;
    for (const id of [...waiting.keys()]) settle(id)?.reject(stopped);
  };

  worker.on('message', (answer: Answer) => {
    settle(answer.id)?.resolve(answer);
  });
  worker.on('error', (error: unknown) => {
    stop(new EmulatorError('ERR_EMULATOR_STOPPED', `the emulator's thread crashed: ${describeCrash(error)}`));
  });
  worker.on('exit', () => stop(new EmulatorError('ERR_EMULATOR_STOPPED', 'the emulator has ended')));

  let started: Started;
  try {
    started = resultOf(await expect(0)) as Started;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    started,
    call: async (command, ...args) => {
      if (stopped) throw stopped;
      const id = ++lastId;
      const call: Call = { id, command, args };
      worker.postMessage(call);
      return resultOf(await expect(id)) as never;
    },
    close: async () => {
      stop(new EmulatorError('ERR_EMULATOR_STOPPED', 'the emulator was closed'));
      await worker.terminate();
    },
  };
}
