import type { Credential, CredentialOptions } from '../identity/credential.js';
import type { Report, Resolution } from '../report/types.js';
import type { ComposedSetting } from '../rotation/compose.js';
import { createRotator, type Rotator } from '../rotation/rotator.js';
import { liveEnvironment } from '../settings/environment.js';
import { planSettings } from '../settings/plan.js';
import { publish } from '../support/channels.js';
import { systemClock } from '../support/clock.js';
import { isEnabled, readConfig } from '../support/config.js';
import type { BootstrapError } from '../support/errors.js';
import { createLog, type Log } from '../support/log.js';
import type { BootstrapOptions } from '../support/options.js';
import { openTelemetryGate } from '../telemetry/gate.js';
import type { ReadResults } from '../vault/client.js';
import { createCredential } from './credential.js';
import { lending } from './early-worker.js';
import { failLoudly, functionsCore } from './functions-host.js';
import { type JobReply, readForJob, resultsOf } from './job.js';
import { createOptionsGuard } from './options-guard.js';
import { hasWork } from './quick-look.js';
import { resolveRecord } from './resolve.js';
import { concludeSession, openSession, type Session, warningsAbout } from './session.js';
import { afterModule, telemetryModule, workerModule } from './siblings.js';
import { startMessage, tellOfFailures, tellOfStart } from './tell.js';
import type { OpenWorker, RunningJob } from './worker.js';
import { createWorkerHooks } from './worker-hooks.js';

/** The one state of a process, behind functions: nothing of it hangs on the object. */
export interface Engine extends Pick<Rotator, 'refresh' | 'repair' | 'onRotated' | 'ageMs' | 'nextRefreshAtMs'> {
  bootstrap(options?: BootstrapOptions): Promise<void>;
  bootstrapSync(options?: BootstrapOptions, early?: OpenWorker): void;
  preload(): Promise<void>;
  start(options?: BootstrapOptions, early?: OpenWorker): void;
  resolve(settings: Readonly<Record<string, string | undefined>>, options?: BootstrapOptions): Promise<Resolution>;
  report(): Report;
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

/**
 * `starting`: a bootstrap is under way in this thread. `started`: `vaultstrap/start` began one in another, and
 * something has to join it.
 */
type Phase = 'idle' | 'starting' | 'started' | 'ready' | 'failed';

const NOTHING_READ: ReadResults = new Map();

export function createEngine(): Engine {
  const clock = systemClock;
  let log: Log = createLog('warn');
  let phase: Phase = 'idle';
  let session: Session | undefined;
  let tokenSession: Session | undefined;
  const warned = new Set<string>();
  let failedWith: readonly ComposedSetting[] = [];
  /** What `start` began, until something joins it. */
  let job: RunningJob | undefined;
  let bootstrapping: Promise<void> | undefined;
  let durationMs: number | undefined;
  const rotator = createRotator(clock, () => log, afterModule);
  let closeGate: (() => void) | undefined;
  const guard = createOptionsGuard();
  const hooks = createWorkerHooks(rotator.repair, close);

  /** Opens a session; `undefined` when there is nothing to do. */
  function open(options: BootstrapOptions): Session | undefined {
    checkOptions(options);
    const env = rotator.environmentToPlan();
    if (!isEnabled(env, options) || !hasWork(env)) return undefined;
    let next: Session;
    try {
      next = openSession({
        env,
        realEnv: liveEnvironment,
        options,
        clock,
        ...(session && { earlier: { session, known: rotator.known() } }),
      });
    } catch (error) {
      // A malformed setting of our own: nothing can be resolved, and nothing raw may stay all the same.
      rotator.takeOut(planSettings(env, readConfig({}), clock.now()));
      throw failed(error as BootstrapError, []);
    }
    log = createLog(next.config.log);
    warnOnce(next.plan.warnings);
    if (next.plan.settings.length === 0) return undefined;
    warnOnce(warningsAbout(env));
    // A diagnostic report lists the environment.
    process.report.excludeEnv = true;
    session = next;
    return next;
  }

  function warnOnce(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (!warned.has(warning)) log.warn(warning);
      warned.add(warning);
    }
  }

  function checkOptions(options: BootstrapOptions): void {
    // Malformed options started nothing: the next ones are the first.
    if (phase === 'idle' || (phase === 'failed' && !session)) guard.accept(options);
    else guard.check(options);
  }

  /** Once ready, only references that have come since are a reason to start again. */
  function isDone(options: BootstrapOptions): boolean {
    if (phase !== 'ready') return false;
    checkOptions(options);
    // A reload of the Functions worker may have brought the raw references back.
    rotator.repair();
    const before = session?.plan.env ?? {};
    return Object.entries(liveEnvironment()).every(
      ([name, value]) =>
        rotator.hasWritten(name, value) ||
        value === before[name] ||
        name.startsWith('VAULTSTRAP_') ||
        !hasWork({ [name]: value }),
    );
  }

  function bootstrapSync(options: BootstrapOptions = {}, early?: OpenWorker): void {
    lending(early, (take) => {
      const current = isDone(options) ? undefined : (underWay(options) ?? open(options));
      if (!current) return;
      job ??= startJob(current, take);
      finish(current, job ? takeOver(current, job.waitBlocking()) : NOTHING_READ);
    });
    keepFresh();
  }

  /** For a start that only joins a preload, too: a worker thread has had no clock, the Functions worker no hooks. */
  function keepFresh(): void {
    rotator.startClock();
    if (phase === 'ready') hooks.attach();
  }

  /** `undefined` when there is nothing to fetch. */
  function startJob(current: Session, take: () => OpenWorker | undefined): RunningJob | undefined {
    if (current.job.reads.length === 0) return undefined;
    return (take() ?? workerModule().openWorker(current.job.env)).give(current.job);
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

  /** Callers share one start; one with other options is told of them. */
  function share(begin: () => Promise<void>, options: BootstrapOptions): Promise<void> {
    bootstrapping ??= begin().finally(() => {
      bootstrapping = undefined;
    });
    const running = bootstrapping;
    return new Promise((resolve, reject) => {
      try {
        checkOptions(options);
      } catch (error) {
        running.catch(() => {});
        return reject(error);
      }
      running.then(resolve, reject);
    });
  }

  async function bootstrapOnce(options: BootstrapOptions): Promise<void> {
    if (isDone(options)) return;
    const current = underWay(options) ?? open(options);
    if (!current) return;
    if (current.job.reads.length === 0) return finish(current, NOTHING_READ);
    if (phase !== 'started') phase = 'starting';
    const reply = await job?.wait();
    const results = reply
      ? takeOver(current, reply)
      : await readForJob(current.client, current.job).finally(current.client.rest);
    if (!wasOvertaken(current)) finish(current, results);
  }

  /** By a blocking start, while this one was waiting. */
  function wasOvertaken(current: Session): boolean {
    return phase === 'ready' || session !== current;
  }

  function underWay(options: BootstrapOptions): Session | undefined {
    if (phase !== 'starting' && phase !== 'started') return undefined;
    checkOptions(options);
    return session;
  }

  function takeOver({ client }: Session, reply: JobReply): ReadResults {
    job = undefined;
    client.adopt(reply);
    return resultsOf(reply);
  }

  function start(options: BootstrapOptions = {}, early?: OpenWorker): void {
    lending(early, (take) => {
      checkOptions(options);
      if (phase === 'idle') startOnce(options, take);
    });
  }

  function startOnce(options: BootstrapOptions, take: () => OpenWorker | undefined): void {
    const current = open(options);
    if (!current) return;
    phase = 'started';
    job = startJob(current, take);
    // Whoever reads too early finds nothing rather than a raw reference.
    rotator.takeOut(current.plan);
    const complain = () => {
      if (phase !== 'started') return;
      phase = 'failed';
      log.error(
        "vaultstrap/start began to resolve settings and nothing joined it, so they are missing. Import 'vaultstrap/register' behind the heavy modules.",
      );
    };
    setTimeout(complain, current.config.timeoutMs).unref();
    process.once('exit', complain);
  }

  /** Applies, in one synchronous step, and does all that follows from it. */
  function finish(current: Session, results: ReadResults): void {
    const { composed, error } = concludeSession(current, results, rotator.filesFor(current.plan));
    rotator.begin(current, composed, results, error === undefined);
    durationMs = Math.round(clock.monotonic() - current.startedMonotonicMs);
    if (error) {
      failed(error, composed);
    } else {
      phase = 'ready';
      failedWith = [];
    }
    // Later: the program waits, and may be about to register OpenTelemetry.
    setImmediate(tellChannel, current, error).unref();
    if (error) throw error;
    tellOfStart(log, composed, durationMs);
  }

  /** For telemetry; before that, nobody listens. */
  function tellChannel(current: Session, error: BootstrapError | undefined): void {
    if (session !== current) return;
    closeGate ??= openTelemetryGate(telemetryModule, report);
    publish('start', startMessage(current, settingsNow(), rotator, error, durationMs ?? 0));
  }

  function settingsNow(): readonly ComposedSetting[] {
    return phase === 'failed' ? failedWith : rotator.composed;
  }

  /** A failed start, made known to the Functions host; returns the error to throw. */
  function failed(error: BootstrapError, composed: readonly ComposedSetting[]): BootstrapError {
    phase = 'failed';
    failedWith = composed;
    const core = functionsCore(liveEnvironment());
    if (core) {
      tellOfFailures(log, error.failures);
      failLoudly(core, error);
    }
    return error;
  }

  function report(): Report {
    if (!session) {
      const status = phase === 'failed' ? 'failed' : 'idle';
      return { status, generation: 0, requests: { token: 0, vault: 0, unauthorized: 0 }, settings: [] };
    }
    const whole = afterModule().reportProcess(session, settingsNow(), rotator, clock.now(), durationMs);
    return { ...whole, status: phase === 'ready' ? whole.status : phase === 'failed' ? 'failed' : 'idle' };
  }

  function references(): readonly SecretUse[] {
    const { settings, reads } = session?.plan ?? { settings: [], reads: new Map<string, never>() };
    return settings.flatMap(({ setting, reads: keys }) =>
      keys.flatMap((key) => {
        const read = reads.get(key);
        return read ? [{ setting, vault: read.vault, secret: read.secret }] : [];
      }),
    );
  }

  /** Tokens come from the session's cache; an app without references has one for tokens alone. */
  function tokenContext() {
    tokenSession ??= session ?? openSession({ env: {}, realEnv: liveEnvironment, options: {}, clock });
    const { client, config } = session ?? tokenSession;
    return { client, defaultIdentity: config.identity };
  }

  async function close(): Promise<void> {
    rotator.stop();
    session?.client.rest();
    hooks.release();
  }

  return {
    bootstrap,
    bootstrapSync,
    preload,
    start,
    refresh: rotator.refresh,
    resolve: (settings, options = {}) => resolveRecord(settings, options, clock),
    report,
    repair: rotator.repair,
    onRotated: rotator.onRotated,
    ageMs: rotator.ageMs,
    nextRefreshAtMs: rotator.nextRefreshAtMs,
    references,
    credential: (options = {}) => createCredential(options, tokenContext),
    close,
    async reset() {
      await close();
      closeGate?.();
      closeGate = undefined;
      rotator.reset();
      phase = 'idle';
      session = undefined;
      tokenSession = undefined;
      job = undefined;
      bootstrapping = undefined;
      failedWith = [];
      durationMs = undefined;
    },
  };
}

/** Node marks so what a thread must not do. The documented way loads `node:worker_threads`, which takes most of a millisecond. */
function isWorkerThread(): boolean {
  return (process.chdir as { disabled?: true }).disabled === true;
}
