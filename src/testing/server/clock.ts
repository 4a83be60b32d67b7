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
  return {
    nowMs,
    advance: (ms) => {
      offsetMs += ms;
      return nowMs();
    },
    set: (epochMs) => {
      offsetMs = epochMs - machineNowMs();
      return nowMs();
    },
    reset: () => {
      offsetMs = 0;
    },
  };
}

export const toSeconds = (epochMs: number): number => Math.floor(epochMs / 1000);
