// Every fault of the identity endpoint and of a vault, in every lane, at a start: what it is called, whether it is
// reported at once or tried until the deadline, that nothing is asked that need not be, and that nothing is said.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/support/clock.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { keepEnvironment, removeVariables, STEERING } from '../helpers/environment.js';
import { findCanaries } from '../identity/harness.js';
import { bearerRequests, reader, readOf, tokenRequests, value } from '../vault/harness.js';
import { leapingClock, readUnder, WITHIN_MS } from './support/client.js';
import { IDENTITY_FAULTS, type IdentityFault, type Promised, VAULT_FAULTS, type VaultFault } from './support/matrix.js';
import { type Servers, startServers } from './support/servers.js';
import { count } from './support/tally.js';

/** Which code asks the identity endpoint, and which the vault. */
const LANES: readonly { lane: string; options: BootstrapOptions; bySdk: boolean }[] = [
  { lane: 'direct', options: { client: 'direct' }, bySdk: false },
  { lane: 'sdk, with our tokens', options: { client: 'sdk' }, bySdk: false },
  { lane: 'sdk, with its own tokens', options: {}, bySdk: true },
];
const HOST = 'faulty.vault.azure.net';
const SECRET = 'CANARY-VALUE-0f7d';
/** A try that hangs lasts as long as there is time. */
const SHORT_MS = 300;

let azure: Emulator;
let servers: Servers;
let restore: () => void;
beforeAll(async () => {
  const faulty = Object.fromEntries(VAULT_FAULTS.map((_, i) => [`faulty-${i}`, { x: SECRET }]));
  [azure, servers] = await Promise.all([
    startEmulator({ vaults: { faulty: { x: SECRET }, ...faulty } }),
    startServers(),
  ]);
});
afterAll(() => Promise.all([azure.close(), servers.close()]));
beforeEach(() => {
  restore = keepEnvironment();
  // The SDK reads the environment itself; on an empty path it finds no developer's tool.
  removeVariables(STEERING);
  process.env['PATH'] = '';
  process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = azure.identityEndpoint;
});
afterEach(async () => {
  restore();
  await azure.reset();
  // Whatever redirected or pretended: nobody followed, nobody came.
  expect(servers.trap.seen).toEqual([]);
});

const envFor = (bySdk: boolean) => azure.envFor(bySdk ? 'imds' : 'app-service-2019');
const canaries = () => [SECRET, azure.env['IDENTITY_HEADER'] ?? '', 'eyJ', 'forged'];

/** What hangs until the very end may be given up a moment before it says so itself. */
const codeOf = ({ code, slow }: Pick<VaultFault, 'code' | 'slow'>) =>
  slow ? expect.stringMatching(`^(${code}|ERR_TIMEOUT)$`) : code;

function expectTries(row: Pick<VaultFault, 'what' | 'tries' | 'slow'>, tries: number, tookMs: number): void {
  const about = `${row.what}: ${tries} tries`;
  if (row.slow) expect(tries, about).toBe(1);
  else if (row.tries !== 'outage') expect(tries, about).toBe(row.tries);
  else {
    expect(tries, about).toBeGreaterThan(3);
    // The last try comes just before the deadline.
    expect(tookMs, about).toBeGreaterThan(WITHIN_MS - 1000);
  }
}

async function runIdentityFault(row: IdentityFault, { options, bySdk }: (typeof LANES)[number]) {
  const promised: Promised = bySdk && row.bySdk ? row.bySdk : row;
  if (row.fault) await azure.faults.add({ target: 'identity', ...(await row.fault(azure, servers)) });
  const leaping = leapingClock();
  const clock = row.slow ? systemClock : leaping;
  const run = await readUnder(
    { ...envFor(bySdk), ...row.env?.(servers) },
    { hosts: [HOST], clock, options, ...(row.slow && { withinMs: SHORT_MS }) },
  );
  const code = codeOf({ ...row, ...promised });
  expect(run.outcomes[0]).toMatchObject({ status: promised.status, code, hint: expect.stringMatching(/\w/) });
  expect(findCanaries(run.outcomes, canaries())).toEqual([]);
  expectTries({ ...row, tries: promised.tries }, run.tokenRequests, run.tookMs);
  if (row.waitsMs !== undefined) expect(Math.min(...leaping.sleeps)).toBeGreaterThanOrEqual(row.waitsMs);
  // Without a token no vault is asked; one that it refuses is renewed once.
  const asked = (await azure.requests()).filter(({ target }) => target === 'vault').length;
  if (row.givesToken) expect(asked).toBeGreaterThanOrEqual(2);
  else expect(asked).toBe(0);
}

async function runVaultFault(given: VaultFault, { options, bySdk }: (typeof LANES)[number]) {
  const inSdkLane = options.client !== 'direct';
  const row: VaultFault = { ...given, ...(inSdkLane && given.inSdkLane) };
  const handle = row.fault && (await azure.faults.add({ target: 'vault', ...row.fault(servers) }));
  const settings = { ...envFor(bySdk), ...row.env?.(servers) };
  if (settings['NODE_TLS_REJECT_UNAUTHORIZED']) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const leaping = leapingClock();
  const clock = row.slow ? systemClock : leaping;
  const run = await readUnder(settings, {
    hosts: [row.host ?? HOST],
    clock,
    options,
    ...(row.slow && { withinMs: SHORT_MS }),
  });
  const code = codeOf(row);
  expect(run.outcomes[0]).toMatchObject({ status: row.status, code, hint: expect.stringMatching(/\w/) });
  expect(findCanaries(run.outcomes, canaries())).toEqual([]);
  if (row.host && run.outcomes[0]?.retry === 'deadline') return;
  const requests = handle ? await handle.hits() : run.vaultRequests;
  // The SDK has rounds of its own about a challenge: its first request has no token, and claims are asked for again.
  if (inSdkLane && row.status === 'UnauthorizedClient') expect(requests).toBeLessThanOrEqual(6);
  else expectTries(row, requests, run.tookMs);
  if (row.waitsMs !== undefined) expect(Math.min(...leaping.sleeps)).toBeGreaterThanOrEqual(row.waitsMs);
}

describe.each(LANES)('$lane', (lane) => {
  beforeAll(async () => {
    // Loads the SDK, which may take longer than a test of a hang waits; a token would stay in its cache.
    process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = azure.identityEndpoint;
    await azure.faults.add({ target: 'identity', status: 400 });
    await readUnder(envFor(lane.bySdk), { hosts: [HOST], clock: systemClock, options: lane.options });
    await azure.reset();
  });
  const rows = IDENTITY_FAULTS.filter(({ env, bySdk }) => !lane.bySdk || (bySdk && !env));
  test.for(rows)('identity endpoint: $what', async (row, { task }) => {
    await runIdentityFault(row, lane);
    count(task);
  });
  test.for(VAULT_FAULTS)('vault: $what', async (row, { task }) => {
    await runVaultFault(row, lane);
    count(task);
  });
});

// The identity comes first: what it answers is the answer, whatever the vaults would say. All vaults at once.
describe.each(LANES.filter(({ bySdk }) => !bySdk))('$lane: while vaults fail in every way', ({ options }) => {
  const rows = VAULT_FAULTS.flatMap((row, i) => (row.fault ? [{ ...row, vault: `faulty-${i}` }] : []));

  test.for(IDENTITY_FAULTS)('identity endpoint: $what', async (row, { task }) => {
    for (const { vault, fault } of rows) await azure.faults.add({ target: 'vault', vault, ...fault?.(servers) });
    if (row.fault) await azure.faults.add({ target: 'identity', ...(await row.fault(azure, servers)) });
    // With a token in hand the vaults are asked: what hangs there would be waited for.
    const asked = rows.filter((one) => !row.givesToken || !one.slow);
    const run = await readUnder(
      { ...azure.env, ...row.env?.(servers) },
      {
        hosts: asked.map(({ vault }) => `${vault}.vault.azure.net`),
        clock: row.slow ? systemClock : leapingClock(),
        options,
        ...(row.slow && { withinMs: 800 }),
      },
    );
    for (const [i, failure] of run.outcomes.entries()) {
      const promised = row.givesToken ? (asked[i] ?? row) : row;
      expect({ vault: asked[i]?.what, ...failure }).toMatchObject({ status: promised.status, code: codeOf(promised) });
      count(task);
    }
    expect(findCanaries(run.outcomes, canaries())).toEqual([]);
    if (!row.givesToken) expect(await bearerRequests(azure)).toEqual([]);
    // One request serves all; with a token that is refused, two.
    if (row.tries !== 'outage') expect(run.tokenRequests).toBe(row.tries);
    else expect(await tokenRequests(azure)).toBeLessThan(100);
  });
});

test('the same setting without any fault has its value', async () => {
  expect(value(await reader(azure.env).read('x', readOf('x', { host: HOST })))).toBe(SECRET);
});
