// Stands in for src/startup/siblings.ts: the whole engine on a vault in memory, its thread in this one.
import * as after from '../../src/after.js';
import type { SecretRead } from '../../src/settings/plan.js';
import type { Job, JobReply } from '../../src/startup/job.js';
import type { OpenWorker } from '../../src/startup/worker.js';
import { fail, type Result, succeed } from '../../src/support/failure.js';
import { Secret } from '../../src/support/secret.js';
import type { ReadAllLimits, ReadResults } from '../../src/vault/client.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { ABSENT, FORBIDDEN, OUTAGE } from './fixtures.js';
import { time } from './time.js';

const TROUBLES = { absent: ABSENT, forbidden: FORBIDDEN, outage: OUTAGE };
export type Trouble = keyof typeof TROUBLES;

/** Secrets by name; the value of version 2 of `a` is `a-2`. */
export interface MemoryVault {
  /** The number of the version that it has. */
  current(secret: string): number;
  set(secret: string): void;
  /** The version before is the newest again. */
  rollBack(secret: string): void;
  wasRolledBack(secret: string): boolean;
  trouble: Map<string, Trouble>;
  /**
   * From now on reads wait.
   *
   * @param late they hang, also when the others are there
   * @param decidesEarly what they answer is of the time when they began, and not when they end
   */
  hold(late?: readonly string[], decidesEarly?: boolean): void;
  isHeld(): boolean;
  release(): void;
}

interface Version {
  readonly n: number;
  readonly updatedMs: number;
}

function createVault() {
  const versions = new Map<string, Version[]>();
  const current = new Map<string, Version>();
  const rolledBack = new Set<string>();
  const trouble = new Map<string, Trouble>();
  let gate: PromiseWithResolvers<void> | undefined;
  let late: readonly string[] = [];
  let decidesEarly = false;

  function set(secret: string): Version {
    const all = versions.get(secret) ?? [];
    const version = { n: all.length + 1, updatedMs: time.nowMs };
    versions.set(secret, [...all, version]);
    current.set(secret, version);
    return version;
  }

  function read(secret: string): Result<SecretValue> {
    const kind = trouble.get(secret);
    if (kind) return fail(TROUBLES[kind]);
    const { n, updatedMs } = current.get(secret) ?? set(secret);
    const version = String(n).padStart(32, '0');
    return succeed({ value: new Secret(`${secret}-${n}`), version, updatedMs, repliedAtMs: time.nowMs });
  }

  const vault: MemoryVault = {
    current: (secret) => current.get(secret)?.n ?? 0,
    set,
    rollBack(secret) {
      const before = versions.get(secret)?.[vault.current(secret) - 2];
      if (!before) return;
      rolledBack.add(secret);
      current.set(secret, before);
    },
    wasRolledBack: (secret) => rolledBack.has(secret),
    trouble,
    hold(lateOnes = [], early = false) {
      gate ??= Promise.withResolvers();
      late = lateOnes;
      decidesEarly = early;
    },
    isHeld: () => gate !== undefined,
    release() {
      gate?.resolve();
      gate = undefined;
    },
  };

  const answers = (reads: Iterable<SecretRead>) => new Map([...reads].map(({ key, secret }) => [key, read(secret)]));

  async function readAll(wanted: Iterable<SecretRead>, { onSome }: ReadAllLimits): Promise<ReadResults> {
    const reads = [...wanted];
    const early = answers(reads);
    if (!gate) return early;
    const ended = gate.promise;
    if (onSome) {
      await Promise.resolve();
      onSome(answers(reads.filter(({ secret }) => !late.includes(secret))));
    }
    await ended;
    return decidesEarly ? early : answers(reads);
  }

  function reply({ reads }: Job): JobReply {
    const results = [...answers(reads)].map(
      ([key, result]) =>
        [key, result.ok ? succeed({ ...result.value, value: result.value.value.reveal() }) : result] as const,
    );
    return { results: new Map(results), tokens: [], requests: { token: 0, vault: 0, unauthorized: 0 } };
  }

  function openWorker(): OpenWorker {
    return {
      give(job) {
        const early = reply(job);
        const now = () => (decidesEarly ? early : reply(job));
        return { waitBlocking: now, wait: async () => gate?.promise.then(now) ?? now() };
      },
      dismiss() {},
    };
  }

  return { vault, readAll, openWorker };
}

let serving = createVault();

/** A new one, which engines read from now on. */
export function openVault(): MemoryVault {
  serving = createVault();
  return serving.vault;
}

export const afterModule = () => after;
export const workerModule = () => serving;
export const clientModule = () => ({
  createVaultClient: () => ({
    readAll: serving.readAll,
    rest() {},
    counts: { vault: 0, unauthorized: 0 },
    tokens: { requests: 0, seeds: () => [], plant() {}, givenBy: () => [] },
  }),
});
export const telemetryModule = () => {
  throw new Error('nobody has registered OpenTelemetry');
};
