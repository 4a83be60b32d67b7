// The token cache against a model of it, over all that can come in between: hours, wrong clocks, failures, refusals, seeds.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SYSTEM_ASSIGNED } from '../../src/support/identity-selector.js';
import { Secret } from '../../src/support/secret.js';
import { asker, jumpingClock, sendJson, serve, VAULT_RESOURCE } from '../identity/harness.js';

const HOUR_MS = 3_600_000;
const LIFE_MS = HOUR_MS;

const ahead = fc.constantFrom(0, 0, -3 * HOUR_MS, -1000, 1000, 3 * HOUR_MS);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ask' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2 * HOUR_MS }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set clock' as const), aheadMs: ahead }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set endpoint' as const), answers: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('plant' as const) }) },
);
const run = fc.record({ relative: fc.boolean(), steps: fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }) });

test('a good token is never withheld, and one that has expired is not given out while the clock is right', async () => {
  /** True time is the monotonic one. */
  let clock = jumpingClock();
  let aheadMs = 0;
  let endpoint = { answers: true, relative: false };
  const issued: { readonly endsMs: number; readonly looksExpired: boolean; readonly aheadMs: number }[] = [];
  const server = await serve((_request, response) => {
    if (!endpoint.answers) return sendJson(response, {}, 400);
    const looksExpired = !endpoint.relative && aheadMs >= LIFE_MS;
    const access_token = String(issued.push({ endsMs: clock.monotonic() + LIFE_MS, looksExpired, aheadMs }) - 1);
    const expires_on = String((clock.now() + LIFE_MS) / 1000);
    return sendJson(response, {
      access_token,
      ...(endpoint.relative ? { expires_in: LIFE_MS / 1000 } : { expires_on }),
    });
  });
  let told = 0;
  const onToken = () => void told++;
  subscribe('vaultstrap:token', onToken);

  await fc.assert(
    fc.asyncProperty(run, async ({ relative, steps }) => {
      clock = jumpingClock();
      aheadMs = 0;
      endpoint = { answers: true, relative };
      issued.length = 0;
      told = 0;
      const { monotonic, now, sleep } = clock;
      const { ask, cache } = asker(
        { IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: 'h' },
        { monotonic, sleep, now: () => now() + aheadMs },
      );
      let seeds = cache.seeds();
      let last: (typeof issued)[number] | undefined;
      for (const one of steps) {
        if (one.kind === 'wait') clock.advance(one.ms);
        else if (one.kind === 'set clock') aheadMs = one.aheadMs;
        else if (one.kind === 'set endpoint') endpoint = { answers: one.answers, relative };
        else if (one.kind === 'plant') {
          cache.plant(seeds);
          seeds = cache.seeds();
        } else if (one.kind === 'refuse') {
          const [held] = cache.seeds();
          if (held) cache.refuse(VAULT_RESOURCE, SYSTEM_ASSIGNED, new Secret(held.token));
          last = undefined;
        } else {
          const before = cache.requests;
          const results = await Promise.all([ask(), ask(), ask()]);
          expect(cache.requests - before).toBeLessThanOrEqual(1);
          for (const result of results) {
            if (result.ok) {
              last = issued[Number(result.value.token.reveal())];
              if (aheadMs >= 0 && !last?.looksExpired) expect(last?.endsMs).toBeGreaterThan(clock.monotonic());
            } else {
              expect(endpoint.answers).toBe(false);
              if (aheadMs === 0 && last?.aheadMs === 0) expect(last.endsMs).toBeLessThanOrEqual(clock.monotonic());
            }
          }
        }
        while (told < cache.requests) await new Promise((resolve) => setImmediate(resolve));
      }
    }),
    { numRuns: 150 },
  );
  unsubscribe('vaultstrap:token', onToken);
  await server.close();
});
