import type { Throttle } from '../types.js';

export interface Throttler {
  /** True if this request is one too many. Refused requests do not count, as in the service. */
  refuses(vault: string, throttle: Throttle | null): boolean;
  reset(): void;
}

/** A sliding window per vault, by the emulator's clock. */
export function createThrottler(nowMs: () => number): Throttler {
  const accepted = new Map<string, number[]>();
  return {
    refuses: (vault, throttle) => {
      if (!throttle) return false;
      const now = nowMs();
      const from = now - throttle.perSeconds * 1000;
      const recent = (accepted.get(vault) ?? []).filter((at) => at > from && at <= now);
      const refused = recent.length >= throttle.requests;
      if (!refused) recent.push(now);
      accepted.set(vault, recent);
      return refused;
    },
    reset: () => accepted.clear(),
  };
}
