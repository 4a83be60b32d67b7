import { failsStart } from '../settings/scan.js';
import type { Clock } from '../support/clock.js';
import type { Failure } from '../support/failure.js';
import type { Log } from '../support/log.js';
import { textOf } from './changes.js';
import type { ComposedSetting } from './compose.js';
import { type Trouble, troubleLines, WOULD_FAIL } from './trouble.js';

const EVERY_MS = 3_600_000;
/** Stands for all settings of the platform; no setting has this name. */
const PLATFORM = '';

/** What is said of settings that cannot be read: a refusal is an error at once and hourly, what may pass a warning. */
export interface Complaints {
  /** @param startedMs when the start began, which has said why what it went without could not be had */
  note(composed: ComposedSetting, failure: Failure, startedMs: number): void;
  /** It could be read again: the next failure is news. */
  settle(setting: string): void;
  /** Says what has been noted since. */
  flush(): void;
}

interface Complaint {
  readonly atMs: number;
  readonly refused: boolean;
  readonly becomes: Trouble['becomes'];
  readonly code: Failure['code'];
}

export function createComplaints(clock: Clock, log: () => Log): Complaints {
  const made = new Map<string, Complaint>();
  let noted: (Trouble & { readonly refused: boolean })[] = [];

  function isNews(key: string, now: Omit<Complaint, 'atMs'>, atStart?: Complaint): boolean {
    const onlyOnce = key === PLATFORM;
    const last = made.get(key) ?? atStart;
    // A value that was kept and is taken out now is another piece of news; and so is another refusal, which comes of
    // somebody's mending. What may pass has many faces.
    const recent = last && (onlyOnce || (last.becomes === now.becomes && clock.monotonic() - last.atMs < EVERY_MS));
    if (recent && (!now.refused || (last.refused && (onlyOnce || last.code === now.code)))) return false;
    made.set(key, { atMs: clock.monotonic(), ...now });
    return true;
  }

  return {
    note(composed, failure, startedMs) {
      const { setting, origin } = composed.planned;
      // What this start went without, the next one goes without.
      const refused = composed.outcome.kind !== 'failed' && failsStart(composed.planned, failure);
      // The platform's own choice of identity is invisible to us: its value stays, and this is said once.
      const isForUs = refused || failure.status === 'MSINotEnabled';
      const ofPlatform = origin === 'platform' && isForUs && !failure.absent;
      const becomes = textOf(composed) === undefined ? 'unresolved' : 'kept';
      const { code } = failure;
      const isTold = !ofPlatform && failureOfStart(composed)?.code === code;
      const atStart = isTold ? ({ atMs: startedMs, refused: false, becomes, code } as const) : undefined;
      if (!isNews(ofPlatform ? PLATFORM : setting, { refused, becomes, code }, atStart)) return;
      if (ofPlatform) {
        log().warn(
          `${setting} keeps the value that the platform resolved, and does not rotate (${failure.code}): ${failure.details} If the platform resolves references with a user-assigned identity, name it in VAULTSTRAP_IDENTITY.`,
        );
        return;
      }
      noted.push({ setting, becomes, failure, refused });
    },
    settle: (setting) => void made.delete(setting),
    flush() {
      const [refused, passing] = [true, false].map((kind) => noted.filter((trouble) => trouble.refused === kind));
      noted = [];
      for (const line of troubleLines(refused ?? [], WOULD_FAIL)) log().error(line);
      for (const line of troubleLines(passing ?? [])) log().warn(line);
    },
  };
}

/** Why a setting has gone without a value, or with an inherited one, ever since the start. */
function failureOfStart({ outcome }: ComposedSetting): Failure | undefined {
  return outcome.kind === 'failed' ? outcome.failure : outcome.kind === 'current' ? outcome.because : undefined;
}
