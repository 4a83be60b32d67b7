import type { TokenSeed } from '../identity/tokens.js';
import type { SecretRead } from '../settings/plan.js';
import type { RequestCounts } from '../support/channels.js';
import { systemClock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { fail, notLoaded, type Result, succeed } from '../support/failure.js';
import { Secret } from '../support/secret.js';
import type { ReadResults, VaultClient } from '../vault/client.js';
import type { SecretValue } from '../vault/reader.js';

/** All that a start has to fetch, in a form that crosses threads and processes. */
export interface Job {
  readonly reads: readonly SecretRead[];
  readonly config: Config;
  readonly sdkAnchors: readonly string[];
  /** On the monotonic scale, which both sides share; the wall clock may jump just after a boot. */
  readonly deadlineMs: number;
  readonly failFast: boolean;
  /** The start will fail anyway: every secret is tried once, briefly, so that the error lists all there is. */
  readonly isDoomed: boolean;
  /** Of a start before this one in the same process. */
  readonly tokens: readonly TokenSeed[];
}

const DOOMED_LIMIT_MS = 2000;
/** Whoever does a job gives its answer at the deadline; this much later it will not come. */
export const OVERTIME_MS = 1500;

type PlainValue = Omit<SecretValue, 'value'> & { readonly value: string };

export interface JobReply {
  readonly results: ReadonlyMap<string, Result<PlainValue>>;
  /** So that the first refresh need not ask for a token again. */
  readonly tokens: readonly TokenSeed[];
  readonly requests: RequestCounts;
}

export const NO_REQUESTS: RequestCounts = { token: 0, vault: 0, unauthorized: 0 };

/** Reads all that a job asks for, on whichever side. */
export function readForJob(client: Pick<VaultClient, 'readAll'>, job: Job): Promise<ReadResults> {
  const nowMs = systemClock.monotonic();
  const limitMs = job.isDoomed ? nowMs + DOOMED_LIMIT_MS : job.deadlineMs;
  return client.readAll(job.reads, {
    deadlineMs: Math.min(job.deadlineMs, limitMs),
    failFast: job.failFast,
    ...(job.isDoomed && { retryUntilMs: nowMs }),
  });
}

export function resultsOf(reply: JobReply): ReadResults {
  const results = new Map<string, Result<SecretValue>>();
  reply.results.forEach((result, key) => {
    results.set(key, result.ok ? succeed({ ...result.value, value: new Secret(result.value.value) }) : result);
  });
  return results;
}

/** What does the job could not be loaded. */
export function notRead({ reads }: Job, error: unknown): ReadResults {
  const result = fail(notLoaded(error));
  return new Map(reads.map(({ key }) => [key, result]));
}
