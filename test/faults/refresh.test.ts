// Every fault again, while values are being kept fresh: the last good value stays where it was, the report says why and
// since when, and when the fault is over the next refresh brings what was missed.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import * as after from '../../src/after.js';
import { settingReport } from '../../src/report/report.js';
import { composeSettings } from '../../src/rotation/compose.js';
import { createRotator } from '../../src/rotation/rotator.js';
import { planSettings } from '../../src/settings/plan.js';
import type { Clock } from '../../src/support/clock.js';
import { readConfig } from '../../src/support/config.js';
import { createLog } from '../../src/support/log.js';
import { momentOf } from '../../src/support/moment.js';
import { sdkAnchors } from '../../src/support/sdk-loader.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { createVaultClient } from '../../src/vault/client.js';
import { removeVariables } from '../helpers/environment.js';
import { findCanaries } from '../identity/harness.js';
import { LANES, type LaneName } from '../vault/harness.js';
import { leapingClock } from './support/client.js';
import { IDENTITY_FAULTS, type Promised, VAULT_FAULTS } from './support/matrix.js';
import { type Servers, startServers } from './support/servers.js';
import { count } from './support/tally.js';

const OLD = 'CANARY-OLD-3b1c';
const NEW = 'CANARY-NEW-8e20';
const SETTINGS = {
  VS_FAULTY: '@KeyVault(VaultName=faulty;SecretName=x)',
  VS_SOUND: '@KeyVault(VaultName=sound;SecretName=x)',
};
const OWN = /^(VS_|VAULTSTRAP_REFERENCES)/;

let azure: Emulator;
let servers: Servers;
beforeAll(async () => {
  [azure, servers] = await Promise.all([
    startEmulator({ vaults: { faulty: { x: OLD }, sound: { x: OLD } } }),
    startServers(),
  ]);
});
afterAll(() => Promise.all([azure.close(), servers.close()]));
const clean = () => removeVariables(OWN);
beforeEach(clean);
afterEach(async () => {
  clean();
  await azure.reset();
  expect(servers.trap.seen).toEqual([]);
});

/** A refresh looks after 2 s at what is there by then: no wait between tries, which would end with them. */
const isEndOfTries = (ms: number) => ms > 1950 && ms <= 2000;

/** A process that has started well, with time that does not have to pass. */
async function started(client: LaneName) {
  const clock = leapingClock(isEndOfTries);
  let identity: Readonly<Record<string, string>> = {};
  const env = () => ({ ...azure.env, ...identity });
  const config = readConfig(env(), { client, settleSeconds: 0 });
  const vaults = createVaultClient({ config, clock, env, sdkAnchors: sdkAnchors() });
  Object.assign(process.env, SETTINGS);
  const plan = planSettings(SETTINGS, config, clock.now());
  const results = await vaults.readAll(plan.reads.values(), { deadlineMs: clock.monotonic() + 20_000, failFast: true });
  const rotator = createRotator(
    clock,
    () => createLog('silent'),
    () => after,
    () => {},
  );
  rotator.begin(
    { plan, config, client: vaults, began: momentOf(clock) },
    composeSettings(plan, (key) => results.get(key)),
    results,
    true,
  );
  expect([process.env['VS_FAULTY'], process.env['VS_SOUND']]).toEqual([OLD, OLD]);
  await azure.vault('faulty').set('x', NEW);
  await azure.vault('sound').set('x', NEW);
  return {
    clock,
    rotator,
    /** From now on the platform says so. */
    become: (settings: Readonly<Record<string, string | undefined>>) => {
      identity = settings as Record<string, string>;
    },
    reportOf(name: string) {
      const found = rotator.composed.find(({ planned }) => planned.setting === name);
      if (!found) throw new Error(`no setting ${name}`);
      return settingReport(found, rotator.noteOf(name), new Map(), clock.now());
    },
    tokens: () => vaults.tokens.requests,
  };
}

/** Longer than anybody has asked to be left alone. */
async function passed(clock: Clock): Promise<void> {
  for (let i = 0; i < 70; i++) await clock.sleep(10_000);
}

function expectTries(tries: number, { tries: promised }: Promised): void {
  if (promised === 'outage') expect(tries).toBeGreaterThan(1);
  else expect(tries).toBe(promised);
}

const slow = (row: { readonly slow?: true }) => row.slow === true;
/** One try of these lasts ten seconds: test/faults/process has them. */
const quick = <T extends { readonly slow?: true }>(rows: readonly T[]) => rows.filter((row) => !slow(row));
const canaries = () => [OLD, NEW, azure.env['IDENTITY_HEADER'] ?? '', 'eyJ'];

// Who answers for a vault is decided at the start; only what the vault itself does can change.
const vaultRows = quick(VAULT_FAULTS).filter(({ fault }) => fault);
test.for(LANES.flatMap((lane) => vaultRows.map((row) => ({ lane, ...row }))))(
  '$lane, vault: $what',
  async (row, { task }) => {
    const process_ = await started(row.lane);
    const { rotator, clock, reportOf } = process_;
    const handle = await azure.faults.add({ target: 'vault', vault: 'faulty', ...row.fault?.(servers) });
    const { status, code } = row;

    const first = await rotator.refresh();
    expect(first).toMatchObject({ generation: 2, failed: ['VS_FAULTY'], changed: [{ setting: 'VS_SOUND' }] });
    expect([process.env['VS_FAULTY'], process.env['VS_SOUND']]).toEqual([OLD, NEW]);
    expect(reportOf('VS_FAULTY')).toMatchObject({ status, code, kept: true });
    expect(findCanaries([first, reportOf('VS_FAULTY')], canaries())).toEqual([]);
    // A vault that throttles is left alone; the SDK has rounds of its own about a 401.
    if (code === 'ERR_THROTTLED') expect(await handle.hits()).toBe(1);
    else if (row.lane === 'direct' || code !== 'ERR_VAULT_UNAUTHORIZED') expectTries(await handle.hits(), row);

    await rotator.refresh();
    expect(process.env['VS_FAULTY']).toBe(OLD);
    // An outage may be over by the next start.
    expect(reportOf('VS_FAULTY').wouldFailAtStart).toBe(row.isFact);

    await azure.faults.clear();
    await passed(clock);
    expect(await rotator.refresh()).toMatchObject({ generation: 3, failed: [], changed: [{ setting: 'VS_FAULTY' }] });
    expect(process.env['VS_FAULTY']).toBe(NEW);
    expect(reportOf('VS_FAULTY')).toMatchObject({ status: 'Resolved' });
    expect(reportOf('VS_FAULTY')).not.toHaveProperty('kept');
    rotator.reset();
    count(task);
  },
);

const identityRows = quick(IDENTITY_FAULTS);
test.for(LANES.flatMap((lane) => identityRows.map((row) => ({ lane, ...row }))))(
  '$lane, identity endpoint: $what',
  async (row, { task }) => {
    const { rotator, clock, become, reportOf, tokens } = await started(row.lane);
    // What the process holds is refused, so that it needs another token, and cannot have one.
    await azure.tokens.revokeAll();
    if (row.fault) await azure.faults.add({ target: 'identity', ...(await row.fault(azure, servers)) });
    else become(row.env?.(servers) ?? {});
    const before = tokens();
    const { status, code } = row;

    const first = await rotator.refresh();
    expect([...first.failed].sort()).toEqual(['VS_FAULTY', 'VS_SOUND']);
    expect(first).toMatchObject({ generation: 1, changed: [] });
    expect([process.env['VS_FAULTY'], process.env['VS_SOUND']]).toEqual([OLD, OLD]);
    expect(reportOf('VS_FAULTY')).toMatchObject({ status, code, kept: true });
    expect(findCanaries([first, reportOf('VS_FAULTY')], canaries())).toEqual([]);
    // A token that is refused was renewed once, which the first one had to be as well.
    if (row.givesToken) expect(tokens() - before).toBe(1);
    // A fact is asked for by each setting, unless they ask together.
    else if (row.isFact) expect(tokens() - before).toBeLessThanOrEqual(Object.keys(SETTINGS).length);
    else expectTries(tokens() - before, row);

    await rotator.refresh();
    expect(process.env['VS_FAULTY']).toBe(OLD);
    expect(reportOf('VS_FAULTY').wouldFailAtStart).toBe(row.isFact);

    await azure.faults.clear();
    become({});
    await passed(clock);
    expect((await rotator.refresh()).failed).toEqual([]);
    expect([process.env['VS_FAULTY'], process.env['VS_SOUND']]).toEqual([NEW, NEW]);
    rotator.reset();
    count(task);
  },
);
