import type { Rotator } from '../rotation/rotator.js';
import { liveEnvironment, readEnvironment } from '../settings/environment.js';
import { mentionsOf } from '../settings/mentions.js';
import { planSettings } from '../settings/plan.js';
import type { Clock } from '../support/clock.js';
import { type Config, isEnabled, readConfig } from '../support/config.js';
import { type BootstrapError, failureLines } from '../support/errors.js';
import { createLog, type Log } from '../support/log.js';
import type { BootstrapOptions } from '../support/options.js';
import type { ReadResults } from '../vault/client.js';
import { failLoudly, functionsCore } from './functions-host.js';
import { later } from './later.js';
import { refuseOthers } from './options-guard.js';
import { hasWork } from './quick-look.js';
import { concludeSession, openSession, type Session, warningsAbout } from './session.js';
import { tellOfStart } from './tell.js';

/**
 * `starting`: a bootstrap is under way in this thread. `started`: `vaultstrap/start` began one in another, and
 * something has to join it.
 */
type Phase = 'idle' | 'starting' | 'started' | 'ready' | 'failed';

/** The starts of this process, one after the other: what each begins with, and what it comes to. */
export interface Starts {
  phase: Phase;
  /** Those in force; `undefined` when nothing has asked for a start. */
  readonly options: BootstrapOptions | undefined;
  /** There is one to join. */
  readonly isUnderWay: boolean;
  readonly session: Session | undefined;
  readonly durationMs: number | undefined;
  log(): Log;
  /** Those in force. @throws VaultstrapError `ERR_ALREADY_STARTED` for others. */
  checkOptions(options: BootstrapOptions): BootstrapOptions;
  /** Opens a session, with the options in force; `undefined` when there is nothing to do. */
  open(options: BootstrapOptions): Session | undefined;
  /** The one that is under way, or else a new one; `undefined` when there is nothing left to do. */
  openOrJoin(options: BootstrapOptions): Session | undefined;
  /** Whether another start has done a session's work while it was waiting. */
  wasOvertaken(session: Session): boolean;
  /** Applies what was read, in one synchronous step, and does all that follows from it. */
  finish(session: Session, results: ReadResults): void;
  reset(): void;
}

/** @param onEnd is called behind each, when the program goes on */
export function createStarts(
  clock: Clock,
  rotator: Rotator,
  onEnd: (session: Session, error: BootstrapError | undefined) => void,
): Starts {
  let optionsInForce: BootstrapOptions | undefined;
  const warned = new Set<string>();
  let log = createLog('warn');
  let phase: Phase = 'idle';
  let session: Session | undefined;
  let durationMs: number | undefined;
  /** What has failed, and no later start has made good. */
  let failure: BootstrapError | undefined;

  function checkOptions(options: BootstrapOptions): BootstrapOptions {
    // Malformed options started nothing: the next ones are the first.
    if (!session || !optionsInForce) optionsInForce = { ...options };
    else refuseOthers(options, optionsInForce);
    return optionsInForce;
  }

  function open(given: BootstrapOptions): Session | undefined {
    const options = checkOptions(given);
    const env = rotator.environmentToPlan();
    if (!isEnabled(env, options) || !hasWork(env)) return nothingToDo();
    // A diagnostic report lists the environment, with values that were inherited: also when this start comes to nothing.
    process.report.excludeEnv = true;
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
      // A malformed setting of our own: nothing can be resolved.
      throw failed(error as BootstrapError, readConfig({}));
    }
    log = createLog(next.config.log);
    warnOnce(next.plan.warnings);
    if (next.plan.near.length > 0) warnOnce(later().linesOnMisspelt(next.plan));
    if (next.plan.settings.length === 0) return nothingToDo();
    warnOnce(warningsAbout(env));
    session = next;
    return next;
  }

  /** What failed before, if anything, is no setting any more. */
  function nothingToDo(): undefined {
    if (phase !== 'failed') return;
    phase = 'idle';
    session = failure = undefined;
  }

  function warnOnce(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (!warned.has(warning)) log.warn(warning);
      warned.add(warning);
    }
  }

  const isUnderWay = () => phase === 'starting' || phase === 'started';

  function openOrJoin(options: BootstrapOptions): Session | undefined {
    if (isUnderWay()) {
      checkOptions(options);
      return session;
    }
    return isDone(options) ? undefined : open(options);
  }

  /** Once ready, only references that have come since are a reason to start again, and templates of what is there. */
  function isDone(options: BootstrapOptions): boolean {
    if (phase !== 'ready') return false;
    checkOptions(options);
    // A reload of the Functions worker may have brought the raw references back, or a `.env` file that overrides.
    rotator.rewrite();
    const before = session?.plan.env ?? {};
    const ours = new Set(rotator.composed.flatMap(({ planned }) => planned.names));
    const mentionsOurs = (text = '') => mentionsOf([text]).braced.some((name) => ours.has(name));
    return Object.entries(readEnvironment()).every(
      ([name, value]) =>
        rotator.hasWritten(name, value) ||
        value === before[name] ||
        name.startsWith('VAULTSTRAP_') ||
        !(hasWork({ [name]: value }) || mentionsOurs(value)),
    );
  }

  function finish(current: Session, results: ReadResults): void {
    // A refresh may have been faster: what it found since the session was opened is newer.
    const latest = rotator.known();
    results.forEach((result, key) => {
      latest.set(key, result);
    });
    const { composed, error } = concludeSession(current, latest, rotator.filesFor(current.plan));
    rotator.begin(current, composed, results, error === undefined);
    durationMs = Math.round(clock.monotonic() - current.began.monotonicMs);
    if (error) {
      failed(error, current.config);
    } else {
      phase = 'ready';
      failure = undefined;
    }
    // Later: the program waits, and may be about to register OpenTelemetry.
    setImmediate(() => void (session === current && onEnd(current, error))).unref();
    if (error) throw error;
    tellOfStart(log, composed, durationMs);
  }

  /** A failed start, made known to the Functions host; returns the error to throw. */
  function failed(error: BootstrapError, config: Config): BootstrapError {
    phase = 'failed';
    failure = error;
    // Nothing raw may stay, what has come since it began neither; values may, and come back where they were wiped.
    if (session) rotator.rewrite();
    rotator.takeOut(planSettings(readEnvironment(), config, clock.now()));
    const core = functionsCore(liveEnvironment());
    if (core) {
      // One line each: the Functions host makes one log entry of every line.
      for (const line of failureLines(error.failures)) log.error(line);
      failLoudly(core, () => failure);
    }
    return error;
  }

  return {
    get phase() {
      return phase;
    },
    set phase(next) {
      phase = next;
    },
    get options() {
      return optionsInForce;
    },
    get isUnderWay() {
      return isUnderWay();
    },
    get session() {
      return session;
    },
    get durationMs() {
      return durationMs;
    },
    log: () => log,
    checkOptions,
    open,
    openOrJoin,
    wasOvertaken: (current) => phase !== 'starting' || session !== current,
    finish,
    reset() {
      phase = 'idle';
      optionsInForce = session = durationMs = failure = undefined;
    },
  };
}
