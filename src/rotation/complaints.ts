import type { Clock } from '../support/clock.js';
import type { Failure } from '../support/failure.js';
import type { Log } from '../support/log.js';
import { textOf } from './changes.js';
import type { ComposedSetting } from './compose.js';

const EVERY_MS = 3_600_000;
/** Stands for all settings of the platform; no setting has this name. */
const PLATFORM = '';

/** What is said of settings that cannot be read: a refusal is an error at once and hourly, what may pass a warning. */
export interface Complaints {
  make(composed: ComposedSetting, failure: Failure): void;
  /** It could be read again: the next failure is news. */
  settle(setting: string): void;
  clear(): void;
}

export function createComplaints(clock: Clock, log: () => Log): Complaints {
  const made = new Map<string, { atMs: number; refused: boolean }>();
  return {
    make(composed, { details, hint, code, retry, absent }) {
      const { setting, origin } = composed.planned;
      const refused = retry === 'never';
      // The platform's own choice of identity is invisible to us: its value stays, and this is said once.
      const ofPlatform = origin === 'platform' && refused && !absent;
      const key = ofPlatform ? PLATFORM : setting;
      const last = made.get(key);
      const recent = last && (ofPlatform || clock.monotonic() - last.atMs < EVERY_MS);
      if (recent && (last.refused || !refused)) return;
      made.set(key, { atMs: clock.monotonic(), refused });
      if (ofPlatform) {
        log().warn(
          `${setting} keeps the value that the platform resolved, and does not rotate (${code}): ${details} If the platform resolves references with a user-assigned identity, name it in VAULTSTRAP_IDENTITY.`,
        );
        return;
      }
      const what = textOf(composed) === undefined ? 'is not resolved' : 'keeps its last good value';
      const line = `${setting} ${what} (${code}): ${details} Hint: ${hint}`;
      if (refused) log().error(`${line} A restart now would fail.`);
      else log().warn(line);
    },
    settle: (setting) => void made.delete(setting),
    clear: () => made.clear(),
  };
}
