import { expect } from 'vitest';
import { until } from '../../helpers/until.js';
import type { RunningChild } from '../../process/support/app.js';
import { leaksIn } from '../../process/support/canary.js';
import { PRICE, type Shop } from './shop.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

/** Undefined while nobody listens. Each time over a new connection, which a cluster gives to the next process. */
export async function ask(port: number): Promise<Answer | undefined> {
  const headers = { Connection: 'close' };
  const response = await fetch(`http://127.0.0.1:${port}/price`, { headers }).catch(() => undefined);
  if (!response) return undefined;
  const answer = { status: response.status, body: await response.text(), headers: response.headers };
  expect(leaksIn(JSON.stringify([answer.body, ...answer.headers]))).toEqual([]);
  return answer;
}

/** The first answer of a server that starts; it must be the price, there is no second try. */
export async function expectPriceAtOnce(port: number, server: RunningChild): Promise<void> {
  let answer: Answer | undefined;
  await until(async () => {
    answer = await ask(port);
    return answer !== undefined || server.child.exitCode !== null;
  }, 60_000);
  if (!answer) expect.fail(`it ended before it answered: ${(await server.outcome).stderr}`);
  expect([answer.status, answer.body]).toEqual([200, PRICE]);
}

/** The price again, after the key was rotated. */
export async function expectItFollows(port: number, shop: Shop): Promise<void> {
  await shop.rotate();
  await until(async () => (await ask(port))?.status === 200);
}

/** Ends it, and fails when secrets were in its output. */
export async function end(server: RunningChild | undefined): Promise<void> {
  server?.child.kill('SIGTERM');
  await server?.outcome;
}
