import type { Plan, SecretRead } from '../settings/plan.js';
import { isInFile } from '../settings/scan.js';
import type { Clock } from '../support/clock.js';
import { fail, notLoaded, safeCause } from '../support/failure.js';
import type { Log } from '../support/log.js';
import { ageMs } from '../support/moment.js';
import { composeSettings } from './compose.js';
import type { createSecretFiles, SecretFiles } from './files.js';
import type { createRefreshes, Refreshes } from './refreshes.js';
import { createStanding, type SettingNote, type Standing } from './standing.js';
import { createTicker, type Ticker } from './ticker.js';

/** Holds the last good values of this process, applies them, and keeps them fresh. */
export interface Rotator
  extends Pick<Standing, 'environmentToPlan' | 'known' | 'takeOut' | 'begin' | 'repair' | 'rewrite'>,
    Readonly<Pick<Standing, 'generation' | 'composed'>> {
  /** Writes the files of a plan's compositions before their values are applied; `undefined` when there are none. */
  filesFor(plan: Plan): SecretFiles['place'] | undefined;
  startClock(): void;
  refresh: Refreshes['refresh'];
  refreshOrJoin: Refreshes['refreshOrJoin'];
  /** Whether this text in this variable is what we last wrote there. */
  hasWritten(name: string, value: string | undefined): boolean;
  onRotated: Refreshes['onRotated'];
  noteOf(setting: string): SettingNote;
  /** Since the last complete read; `undefined` before the first. */
  ageMs(): number | undefined;
  lastRefreshAtMs(): number | undefined;
  nextRefreshAtMs(): number | undefined;
  /** Stops the clock. */
  stop(): void;
  /** Puts the environment back as it was, and forgets everything. */
  reset(): void;
}

/** What most starts do without: refreshes, and what writes files. */
export type LoadLater = () => {
  readonly createRefreshes: typeof createRefreshes;
  readonly createSecretFiles: typeof createSecretFiles;
};

/** A deployment may replace the files under a running process: what its refreshes need is loaded before that. */
const LOAD_AHEAD_MS = 5000;

/** @param loadAhead loads all that refreshes need */
export function createRotator(clock: Clock, log: () => Log, loadLater: LoadLater, loadAhead: () => void): Rotator {
  const standing = createStanding(clock, log);
  const { environmentToPlan, known, takeOut, repair, rewrite, ledger } = standing;
  let files: SecretFiles | undefined;
  let ticker: Ticker | undefined;
  /** What the clock has been started for. */
  let clocked: Standing['input'];
  let loading: NodeJS.Timeout | undefined;
  let complained = false;
  let refreshes: Refreshes | undefined;

  function filesFor(plan: Plan): SecretFiles['place'] | undefined {
    // Of a plan before this one there may be some that nothing needs any more.
    if (!files && !plan.settings.some(({ segments }) => segments.some(isInFile))) return undefined;
    try {
      files ??= loadLater().createSecretFiles();
      return files.place;
    } catch (error) {
      return (compose) => compose(() => fail(notLoaded(error)));
    }
  }

  function theRefreshes(): Refreshes {
    refreshes ??= loadLater().createRefreshes(standing, { clock, log, composeSettings, filesFor, onUnsettled });
    return refreshes;
  }

  // Rejects when its code cannot be loaded any more.
  const refresh = async (urgentFor?: string) => theRefreshes().refresh(urgentFor);
  const refreshOrJoin = async () => theRefreshes().refreshOrJoin();

  function startClock(): void {
    const { input } = standing;
    if (!input || input === clocked) return;
    const { refreshMs } = input.config;
    // That of a start before, with another interval.
    if (refreshMs !== clocked?.config.refreshMs) stopClock();
    if (refreshMs === 0) return;
    // A version that is named never changes; but it may have to be read yet.
    const isFixed = ({ key, version }: SecretRead) => version !== undefined && !standing.held.get(key)?.failure;
    if ([...input.plan.reads.values()].every(isFixed)) return;
    clocked = input;
    ticker ??= createTicker(refreshMs, tick);
    ticker.start();
    clearTimeout(loading);
    loading = setTimeout(attempt, LOAD_AHEAD_MS, () => {
      loadAhead();
      theRefreshes().lookForUnsettled(LOAD_AHEAD_MS);
    }).unref();
  }

  /** Whether everything could be read. A secret that cannot be had is no exception. */
  async function tick(): Promise<boolean> {
    const before = standing.lastRead;
    try {
      await theRefreshes().tick();
      complained = false;
    } catch (error) {
      complain(error);
    }
    return standing.lastRead !== before;
  }

  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      complain(error);
    }
  }

  function complain(error: unknown): void {
    if (complained) return;
    complained = true;
    const { name, code } = safeCause(error);
    log().error(
      `a refresh failed as a whole (${[name, code].filter(Boolean).join(' ')}): all values stay as they are. If the files of the app were replaced under this process, restart it.`,
    );
  }

  function onUnsettled(waitMs: number, settleMs: number): void {
    // All instances that saw the change meanwhile know the same moment: they are spread, as thin as they came.
    ticker?.sooner(waitMs + Math.random() * settleMs);
  }

  function stopClock(): void {
    ticker?.stop();
    ticker = undefined;
    clocked = undefined;
    clearTimeout(loading);
  }

  function stop(): void {
    stopClock();
    standing.input?.client.rest();
  }

  return {
    environmentToPlan,
    known,
    takeOut,
    begin(input, composed, results, succeeded) {
      const before = standing.composed;
      standing.begin(input, composed, results, succeeded);
      // The first changes nothing for anybody.
      if (succeeded && before.length > 0) attempt(() => theRefreshes().tellOfStart(before));
    },
    filesFor,
    startClock,
    refresh,
    refreshOrJoin,
    repair,
    rewrite,
    hasWritten: ledger.hasWritten,
    onRotated: (listener, setting) => theRefreshes().onRotated(listener, setting),
    get generation() {
      return standing.generation;
    },
    get composed() {
      return standing.composed;
    },
    noteOf: (setting) => standing.notes.get(setting) ?? {},
    ageMs: () => standing.lastRead && ageMs(standing.lastRead, clock),
    lastRefreshAtMs: () => standing.lastRead?.wallMs,
    nextRefreshAtMs: () => ticker?.nextAtMs(),
    stop,
    reset() {
      stop();
      refreshes?.clear();
      refreshes = undefined;
      standing.reset();
      files?.remove();
    },
  };
}
