import { EmulatorError } from '../errors.js';

/** Beyond it headers, tokens and secrets have dates that nobody reads. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** The emulator's time: the machine's, moved by hand. It never stands still. */
export interface ServerClock {
  nowMs(): number;
  advance(ms: number): number;
  set(epochMs: number): number;
  reset(): void;
}

export function createClock(machineNowMs: () => number): ServerClock {
  let offsetMs = 0;
  const nowMs = () => machineNowMs() + offsetMs;
  const move = (toOffsetMs: number): number => {
    const toMs = machineNowMs() + toOffsetMs;
    if (!(toMs >= 0 && toMs <= LAST_MS)) {
      throw new EmulatorError('ERR_EMULATOR_STATE', 'the clock can be moved to a time from 1970 to 9999 only');
    }
    offsetMs = toOffsetMs;
    return toMs;
  };
  return {
    nowMs,
    advance: (ms) => move(offsetMs + ms),
    set: (epochMs) => move(epochMs - machineNowMs()),
    reset: () => {
      offsetMs = 0;
    },
  };
}

export const toSeconds = (epochMs: number): number => Math.floor(epochMs / 1000);
