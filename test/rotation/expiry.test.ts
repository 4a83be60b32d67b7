import { expect, test } from 'vitest';
import { createExpiryWatch } from '../../src/rotation/expiry.js';
import type { Held } from '../../src/rotation/held.js';
import type { Plan } from '../../src/settings/plan.js';
import { Secret } from '../../src/support/secret.js';

const NOW_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;

const plan = {
  reads: new Map(['pw', 'user'].map((secret) => [secret, { key: secret, vault: 'shop', secret }])),
  settings: [
    { setting: 'DB_PASSWORD', reads: ['pw'] },
    { setting: 'DB_USER', reads: ['user'] },
    { setting: 'DB_URL', reads: ['user', 'pw', 'pw'] },
  ],
} as unknown as Plan;

const held = (dates: { expiresOnMs?: number; notBeforeMs?: number }, version = 'a'.repeat(32)) =>
  new Map<string, Held>([
    ['pw', { good: { value: new Secret('canary'), version, ...dates } }],
    ['user', { good: { value: new Secret('canary'), version } }],
  ]);

test.each([
  [{ expiresOnMs: NOW_MS + 31 * DAY_MS }, undefined],
  [{ expiresOnMs: NOW_MS + 30 * DAY_MS }, 'expires on 2026-12-22, in 30 days.'],
  [{ expiresOnMs: NOW_MS + 1 }, 'expires on 2026-11-22, in a day.'],
  [{ expiresOnMs: NOW_MS }, 'expired on 2026-11-22. It is served all the same; rotate it.'],
  [{ expiresOnMs: -8.64e15 }, 'expired on -271821-04-20. It is served all the same; rotate it.'],
  [{ expiresOnMs: -9e99 }, 'expired on a day that no calendar has. It is served all the same; rotate it.'],
  [{ notBeforeMs: NOW_MS + DAY_MS }, 'is not meant to be used before 2026-11-23.'],
  [{ notBeforeMs: Date.UTC(12026, 10, 22) }, 'is not meant to be used before +012026-11-22.'],
  [{ notBeforeMs: NOW_MS }, undefined],
  [{}, undefined],
])('%o', (dates, text) => {
  const lines = createExpiryWatch().warnings(plan, held(dates), NOW_MS);
  expect(lines).toEqual(text === undefined ? [] : [`secret 'pw' in vault 'shop' (DB_PASSWORD, DB_URL) ${text}`]);
});

test('each state of each version is said once', () => {
  const watch = createExpiryWatch();
  const dates = { expiresOnMs: NOW_MS + 2 * DAY_MS };
  const at = (days: number, version?: string) =>
    watch.warnings(plan, held(dates, version), NOW_MS + days * DAY_MS).length;
  expect([at(0), at(1), at(2), at(3)]).toEqual([1, 0, 1, 0]);
  expect([at(3, 'b'.repeat(32)), at(3, 'b'.repeat(32))]).toEqual([1, 0]);
});

test('what could never be read has no dates', () => {
  expect(createExpiryWatch().warnings(plan, new Map([['pw', {}]]), NOW_MS)).toEqual([]);
  expect(createExpiryWatch().warnings(plan, new Map(), NOW_MS)).toEqual([]);
});
