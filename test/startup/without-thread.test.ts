import { expect, test } from 'vitest';
import type { Job } from '../../src/startup/job.js';
import { replyWithoutThread } from '../../src/startup/without-thread.js';
import { systemClock } from '../../src/support/clock.js';

test('the process in the place of the thread counts on the scale of the deadline that it is given', () => {
  const source = `process.stdout.write(require('node:v8').serialize(process.uptime() * 1000));`;
  const begunMs = systemClock.monotonic();
  const job = { reads: [], deadlineMs: begunMs + 20_000 } as unknown as Job;
  const countedMs = replyWithoutThread(job, { source, env: {} }, {}) as unknown as number;

  expect(countedMs).toBeGreaterThan(begunMs);
  expect(countedMs).toBeLessThan(systemClock.monotonic());
});
