import type { Failure } from '../support/failure.js';

/** How long a vault is left in peace after its n-th 429 in a row, when it does not say. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

interface Circuit {
  readonly failure: Failure;
  readonly openedMs: number;
  readonly untilMs: number;
  readonly count: number;
}

/** One circuit per vault: a 429 speaks for all its secrets, and is not asked for again one by one. */
export interface Circuits {
  /** The failure that stands for a request now, while the circuit is open. */
  failureFor(host: string): Failure | undefined;
  /** By a 429 to what began then: the many reads that were under way together are one, however late they are answered. */
  open(host: string, failure: Failure, beganMs: number): void;
  /** By a success that began then; one that was under way before the 429 says nothing. */
  close(host: string, beganMs: number): void;
}

/** `now` is monotonic. https://learn.microsoft.com/azure/key-vault/general/overview-throttling */
export function createCircuits(now: () => number, random: () => number = Math.random): Circuits {
  const circuits = new Map<string, Circuit>();
  return {
    failureFor(host) {
      const circuit = circuits.get(host);
      return circuit && now() < circuit.untilMs ? circuit.failure : undefined;
    },
    open(host, failure, beganMs) {
      const before = circuits.get(host);
      if (before && beganMs < before.untilMs) return;
      const count = (before?.count ?? 0) + 1;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS) * (0.5 + random());
      circuits.set(host, {
        failure,
        count,
        openedMs: now(),
        untilMs: now() + Math.max(pauseMs, failure.retryAfterMs ?? 0),
      });
    },
    close(host, beganMs) {
      if ((circuits.get(host)?.openedMs ?? beganMs) <= beganMs) circuits.delete(host);
    },
  };
}
