import { liveEnvironment } from '../../settings/environment.js';
import { systemClock } from '../../support/clock.js';
import { succeed } from '../../support/failure.js';
import { createVaultClient } from '../../vault/client.js';
import { type Job, type JobReply, readForJob } from '../job.js';

/** Runs a job where it was sent: in the worker thread, or the child process that takes its place. */
export async function runJob(job: Job): Promise<JobReply> {
  const { config, sdkAnchors } = job;
  const client = createVaultClient({ config, clock: systemClock, env: liveEnvironment, sdkAnchors });
  client.tokens.plant(job.tokens);
  const results = await readForJob(client, job);
  client.rest();
  return {
    results: new Map(
      [...results].map(([key, result]) => [
        key,
        result.ok ? succeed({ ...result.value, value: result.value.value.reveal() }) : result,
      ]),
    ),
    tokens: client.tokens.seeds(),
    requests: { token: client.tokens.requests, ...client.counts },
  };
}
