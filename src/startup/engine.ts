import type { Credential, CredentialOptions } from '../identity/credential.js';
import type { Report, Resolution } from '../report/types.js';
import { createRotator, type Rotator } from '../rotation/rotator.js';
import { liveEnvironment } from '../settings/environment.js';
import { publish } from '../support/channels.js';
import { systemClock } from '../support/clock.js';
import { isEnabled } from '../support/config.js';
import type { BootstrapError } from '../support/errors.js';
import type { BootstrapOptions } from '../support/options.js';
import { openTelemetryGate } from '../telemetry/gate.js';
import type { ReadResults } from '../vault/client.js';
import { createEarlyStart } from './early-start.js';
import { lending } from './early-worker.js';
import { type JobReply, notRead, readForJob, resultsOf } from './job.js';
import { later, network } from './later.js';
import { concludeSession, openSession, type Session } from './session.js';
import { afterModule, telemetryModule, workerModule } from './siblings.js';
import { createStarts, type Starts } from './starts.js';
import { startMessage } from './tell.js';
import type { OpenWorker, RunningJob } from './worker.js';
import { createWorkerHooks } from './worker-hooks.js';

/** The one state of a process, behind functions: nothing of it hangs on the object. */
export interface Engine
  extends Pick<
    Rotator,
    'refresh' | 'refreshOrJoin' | 'repair' | 'hasWritten' | 'onRotated' | 'ageMs' | 'nextRefreshAtMs'
  > {
  bootstrap(options?: BootstrapOptions): Promise<void>;
  bootstrapSync(options?: BootstrapOptions, early?: OpenWorker): void;
  preload(): Promise<void>;
  start(options?: BootstrapOptions, early?: OpenWorker): void;
  resolve(settings: Readonly<Record<string, string | undefined>>, options?: BootstrapOptions): Promise<Resolution>;
  report(): Report;
  /** Those of the starts; `undefined` when nothing has asked for one. */
  options(): BootstrapOptions | undefined;
  /** Whether there was anything to resolve. */
  hasStarted(): boolean;
  /** One line of the log, at the level that the start was given. */
  warn(message: string): void;
  /** Which secrets the settings refer to; names only. */
  references(): readonly SecretUse[];
  credential(options?: CredentialOptions): Credential;
  close(): Promise<void>;
  reset(): Promise<void>;
}

export interface SecretUse {
  readonly setting: string;
  readonly vault: string;
  readonly secret: string;
}

const NOTHING_READ: ReadResults = new Map();

export function createEngine(): Engine {
  const clock = systemClock;
  const rotator = createRotator(clock, () => starts.log(), later, loadAhead);
  const starts: Starts = createStarts(clock, rotator, tellChannel);
  const hooks = createWorkerHooks(rotator.repair, close);
  const begun = createEarlyStart(starts);
  let bootstrapping: Promise<void> | undefined;
  let resets = 0;
  let tokenSession: Session | undefined;
  /** The one whose tokens served the last `resolve`. */
  let resolving: Session | undefined;
  let closeGate: (() => void) | undefined;

  function bootstrapSync(options: BootstrapOptions = {}, early?: OpenWorker): void {
    lending(early, (take) => {
      let joins: boolean;
      do {
        joins = starts.isUnderWay;
        const current = starts.openOrJoin(options);
        if (!current) return;
        starts.finish(current, waitBlocking(current, take));
        // References may have come since it began: a `.env` file, loaded between start and register.
      } while (joins);
    });
    keepFresh();
  }

  function waitBlocking(current: Session, take: () => OpenWorker | undefined): ReadResults {
    let reply: JobReply | undefined;
    try {
      reply = (begun.jobOf(current) ?? startJob(current, take))?.waitBlocking();
    } catch (error) {
      return notRead(current.job, error);
    }
    return reply ? takeOver(current, reply) : NOTHING_READ;
  }

  /** For a start that only joins a preload, too: a worker thread has had no clock, the Functions worker no hooks. */
  function keepFresh(): void {
    rotator.startClock();
    if (starts.phase === 'ready') hooks.attach();
  }

  /** `undefined` when there is nothing to fetch. */
  function startJob(current: Session, take: () => OpenWorker | undefined): RunningJob | undefined {
    if (current.job.reads.length === 0) return undefined;
    return (take() ?? workerModule().openWorker(afterModule)).give(current.job);
  }

  function bootstrap(options: BootstrapOptions = {}): Promise<void> {
    return share(() => bootstrapOnce(options).then(keepFresh), options);
  }

  /** A preloaded worker thread has no clock of its own, unless its code imports `register`. */
  function preload(): Promise<void> {
    // Later: the program waits.
    const keepFreshLater = () => void (isWorkerThread() || setImmediate(keepFresh).unref());
    return share(() => bootstrapOnce({}).then(keepFreshLater), {});
  }

  /** Callers share one start, and each looks behind it for what has come since; one with other options is told of them. */
  async function share(begin: () => Promise<void>, options: BootstrapOptions): Promise<void> {
    starts.checkOptions(options);
    const resetsBefore = resets;
    const lookAgain = () => (resets === resetsBefore ? begin() : undefined);
    const running = bootstrapping ? bootstrapping.then(lookAgain) : begin();
    bootstrapping = running;
    try {
      await running;
    } finally {
      if (bootstrapping === running) bootstrapping = undefined;
    }
  }

  async function bootstrapOnce(options: BootstrapOptions): Promise<void> {
    const joins = starts.isUnderWay;
    const current = starts.openOrJoin(options);
    if (!current) return;
    if (current.job.reads.length === 0) starts.finish(current, NOTHING_READ);
    else if (!(await readAndFinish(current)) && starts.phase !== 'failed') return;
    // One that was overtaken by one that failed begins anew: that has taken out what had come meanwhile.
    if (joins || starts.phase === 'failed') await bootstrapOnce(options);
  }

  /** False when another start was faster. */
  async function readAndFinish(current: Session): Promise<boolean> {
    starts.phase = 'starting';
    const reply = await begun.jobOf(current)?.wait();
    if (starts.wasOvertaken(current)) return false;
    const results = reply ? takeOver(current, reply) : await readHere(current).finally(current.client.rest);
    // In the same turn as what follows from it: a blocking start may come in between any two.
    if (starts.wasOvertaken(current)) return false;
    starts.finish(current, results);
    return true;
  }

  function takeOver({ client }: Session, reply: JobReply): ReadResults {
    begun.forget();
    client.adopt(reply);
    return resultsOf(reply);
  }

  function start(options: BootstrapOptions = {}, early?: OpenWorker): void {
    lending(early, (take) => {
      starts.checkOptions(options);
      if (starts.phase === 'idle') startOnce(options, take);
    });
  }

  function startOnce(options: BootstrapOptions, take: () => OpenWorker | undefined): void {
    const current = starts.open(options);
    if (!current) return;
    starts.phase = 'started';
    begun.begin(current, startJob(current, take));
    // Whoever reads too early finds nothing rather than a raw reference.
    rotator.takeOut(current.plan);
  }

  /** For telemetry; before that, nobody listens. */
  function tellChannel(session: Session, error: BootstrapError | undefined): void {
    closeGate ??= openTelemetryGate(telemetryModule, report);
    publish('start', startMessage(session, starts, rotator, error));
  }

  function report(): Report {
    const { phase, session } = starts;
    const status = phase === 'failed' ? 'failed' : 'idle';
    if (!session) return later().idleReport(status);
    const whole = later().reportProcess(session, starts, rotator, clock.now());
    // While a later start is under way the values of the one before it are there.
    return phase !== 'failed' && rotator.generation > 0 ? whole : { ...whole, status };
  }

  function references(): readonly SecretUse[] {
    const plan = starts.session?.plan;
    return (plan?.settings ?? []).flatMap(({ setting, reads }) =>
      reads.flatMap((key) => {
        const { vault, secret } = plan?.reads.get(key) ?? {};
        return vault && secret ? [{ setting, vault, secret }] : [];
      }),
    );
  }

  /** Tokens come from the session's cache; an app without references has one for tokens alone. */
  function tokenContext() {
    tokenSession ??= starts.session ?? openSession({ env: {}, realEnv: liveEnvironment, options: {}, clock });
    const { client, config } = starts.session ?? tokenSession;
    return { client, defaultIdentity: config.identity };
  }

  async function close(): Promise<void> {
    rotator.stop();
    starts.session?.client.rest();
    hooks.release();
  }

  return {
    bootstrap,
    bootstrapSync,
    preload,
    start,
    refresh: rotator.refresh,
    refreshOrJoin: rotator.refreshOrJoin,
    resolve(settings, options = {}) {
      const input = { realEnv: liveEnvironment, options, clock };
      // The process's: the endpoint bears few calls, and who resolves often asks for none that is in hand.
      const tokensOf = () => {
        resolving = starts.session ?? tokenSession ?? resolving ?? openSession({ ...input, env: {} });
        return resolving.client.tokens;
      };
      const open = () =>
        isEnabled(liveEnvironment(), options) ? openSession({ ...input, env: settings, tokensOf }) : undefined;
      return later().resolveRecord(settings, { open, concludeSession, clock });
    },
    report,
    options: () => starts.options,
    hasStarted: () => starts.session !== undefined,
    warn: (message) => starts.log().warn(message),
    repair: rotator.repair,
    hasWritten: rotator.hasWritten,
    onRotated: rotator.onRotated,
    ageMs: rotator.ageMs,
    nextRefreshAtMs: rotator.nextRefreshAtMs,
    references,
    credential: (options = {}) => later().createCredential(options, tokenContext, clock),
    close,
    async reset() {
      await close();
      closeGate?.();
      closeGate = undefined;
      rotator.reset();
      starts.reset();
      tokenSession = resolving = undefined;
      begun.forget();
      bootstrapping = undefined;
      resets++;
    },
  };
}

async function readHere({ client, job }: Session): Promise<ReadResults> {
  try {
    return await readForJob(client, job);
  } catch (error) {
    return notRead(job, error);
  }
}

function loadAhead(): void {
  later();
  network();
}

/** Node marks so what a thread must not do. The documented way loads `node:worker_threads`, which takes most of a millisecond. */
function isWorkerThread(): boolean {
  return (process.chdir as { disabled?: true }).disabled === true;
}
