// npm run fleet [-- --processes 50 --short]: a fleet of real processes against the embedded vault, loopback only.
// First secrets rotate under them, then the vault is down while as many again start. Exit 1 when a claim does not hold.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { claim, concludeClaims } from './claims.mjs';
import { endAll, startInstance, startVault, within } from './fleet/children.mjs';
import { addUp, histogram, mean, rates, seconds, spreadOf } from './fleet/figures.mjs';
import { settingOf, settingsOf, singlesOf } from './fleet/settings.mjs';

const { values: given } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    processes: { type: 'string' },
    secrets: { type: 'string', default: '20' },
    interval: { type: 'string' },
    settle: { type: 'string', default: '2' },
    rounds: { type: 'string' },
    outage: { type: 'string' },
    timeout: { type: 'string' },
    // What an outage looks like: 503, reset or hang.
    kind: { type: 'string', default: '503' },
  },
});
const number = (name, usual, short = usual) => Number(given[name] ?? (given.short ? short : usual));
const processes = number('processes', 50, 10);
const secrets = number('secrets', 20);
const intervalMs = 1000 * number('interval', 10, 5);
const settleMs = 1000 * number('settle', 2);
const rounds = number('rounds', 4, 2);
const outageMs = 1000 * number('outage', 60, 6);
const timeoutMs = 1000 * number('timeout', 20, 3);
const OUTAGES = { 503: { status: 503 }, reset: { reset: true }, hang: { hang: true } };
const wrong = [processes, secrets, intervalMs, settleMs, rounds, outageMs, timeoutMs].some((n) => !(n > 0));
if (wrong || secrets < 8 || !OUTAGES[given.kind])
  throw new TypeError('a number is malformed, or --kind is none of 503, reset, hang');
if (!existsSync(path.join(import.meta.dirname, '../dist/index.cjs'))) throw new Error('npm run build comes first');

/** For the refresh itself, a hundred processes sharing one machine; what that keeps a process waiting is added. */
const GRACE_MS = 2000;
/** `Date` and `updated` have whole seconds: what lies a second less than the settling time apart is never caught halfway. */
const GAP_MS = Math.max(0, settleMs - 1300);
const limitMs = intervalMs * 1.1 + GRACE_MS;

// A process that saw half of a change reads once more behind the settling time: twice the mean, for as long as that.
// Four deviations more is what chance may do; the whole fleet at once is far beyond.
const ticksPerSecond = (processes * 1000) / intervalMs;
function mostTicks(count) {
  const twice = (2 * count * 1000) / intervalMs;
  return Math.min(Math.ceil(twice + 4 * Math.sqrt(twice)), count - 1);
}
const throttleFor = (count) => ({ requests: secrets * mostTicks(count), perSeconds: 1 });
const flatLimit = mostTicks(processes) / ticksPerSecond;

const row = (cells, widths) =>
  console.log(`  ${cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());

/** Who has seen which generation of a setting, and when. */
const sightings = new Map();
function sightingsOf(setting, generation) {
  const key = `${setting} ${generation}`;
  if (!sightings.has(key)) sightings.set(key, { atMs: [], complete: Promise.withResolvers() });
  return sightings.get(key);
}
function onRotated(setting, generation, at) {
  const { atMs, complete } = sightingsOf(setting, generation);
  atMs.push(at);
  if (atMs.length === processes) complete.resolve();
}

const vault = await startVault(secrets);
const settings = {
  ...vault.env,
  ...settingsOf(secrets),
  FLEET_SECRETS: String(secrets),
  VAULTSTRAP_REFRESH_SECONDS: String(intervalMs / 1000),
  VAULTSTRAP_SETTLE_SECONDS: String(settleMs / 1000),
};

const PAIRS = [
  { first: 'db-user', second: 'db-password', setting: 'DATABASE_URL' },
  { first: 'cache-user', second: 'cache-password', setting: 'CACHE_URL' },
];
const WIDTHS = [36, 10, 29];
const generations = new Map();
function nextGeneration(name) {
  generations.set(name, (generations.get(name) ?? 1) + 1);
  return generations.get(name);
}

/** Changes one secret or one pair; gives what everybody should see from `at` on. */
async function rotateOne(secret, setting = settingOf(secret)) {
  const generation = nextGeneration(secret);
  return {
    what: `${secret}, generation ${generation}`,
    setting,
    generation,
    at: await vault.set(secret, generation),
    limitMs,
  };
}
async function rotatePair({ first, second, setting }, gapMs = GAP_MS) {
  const generation = nextGeneration(setting);
  await vault.set(first, generation);
  await sleep(gapMs);
  const at = await vault.set(second, generation);
  return {
    what: `${first} + password, generation ${generation}`,
    setting,
    generation,
    at,
    limitMs: limitMs + settleMs,
  };
}

/** Waits until every instance has it, and says how long each took. */
async function expectSeen({ what, setting, generation, at, limitMs: allowedMs }) {
  const { atMs, complete } = sightingsOf(setting, generation);
  await within(Math.max(0, at + allowedMs + 5 * GRACE_MS - Date.now()), complete.promise);
  const took = atMs.map((seenAt) => Math.max(0, seenAt - at));
  row([what, `${atMs.length} of ${processes}`, spreadOf(took), seconds(allowedMs)], WIDTHS);
  return atMs.length === processes ? Math.max(...took) - allowedMs : Number.POSITIVE_INFINITY;
}

/** Whether all were in time, and how late the last was allowed to be by the machine's own lag. */
const inTime = (overMs, { max }) => Math.max(...overMs) <= max('lagMs');

async function figuresOf(instances) {
  const figures = await Promise.all(instances.map(({ figures: ask }) => ask()));
  const answered = figures.filter((one) => one !== undefined);
  const sum = (name) => answered.reduce((total, one) => total + one[name], 0);
  const max = (name) => Math.max(...answered.map((one) => one[name]));
  return { answered, sum, max };
}

function printTraffic(traffic, from, to, full) {
  const all = rates(traffic, from, to);
  console.log(
    `\n  requests at the vault, one character a second (full block: ${Math.round(full)})\n${histogram(all, full)}`,
  );
  return { mean: mean(all), max: Math.max(...all), total: all.reduce((sum, one) => sum + one, 0) };
}

async function rotations(fleet, startedAt) {
  console.log(`\n1. Rotation: ${rounds} rounds; a password follows its user after ${GAP_MS} ms\n`);
  row(['change', 'seen by', 'min / median / p95 / max, s', 'allowed'], WIDTHS);
  const singles = singlesOf(secrets);
  const prompt = [];
  for (let round = 0; round < rounds; round++) {
    // At any moment of everybody's interval.
    await sleep(Math.random() * (intervalMs / 2));
    const changes = [
      await rotateOne(singles[round % singles.length]),
      await rotateOne('service', 'SERVICE_KEY'),
      await rotatePair(PAIRS[round % 2]),
    ];
    prompt.push(...(await Promise.all(changes.map(expectSeen))));
  }
  const endedAt = Date.now();
  const calm = await figuresOf(fleet);
  const traffic = await vault.traffic();
  const { mean: average, max } = printTraffic(traffic, startedAt, endedAt, secrets * mostTicks(processes));
  const throttled = rates(traffic, startedAt, endedAt, 2).reduce((sum, one) => sum + one, 0);
  const ratio = max / average;
  console.log(
    `  mean ${average.toFixed(0)}, max ${max}: ${ratio.toFixed(1)} x the mean; all at once would be ${(intervalMs / 1000).toFixed(1)} x\n`,
  );
  claim(inTime(prompt, calm), 'every process saw every change within interval + 10 % (groups: + settling time)');
  claim(
    ratio <= flatLimit && throttled === 0,
    `flat: at most ${flatLimit.toFixed(1)} x the mean, and ${throttled} reads throttled`,
  );
  claim(calm.sum('failed') === 0, `${calm.sum('failed')} failed reads`);

  console.log('\n   Half of a pair cannot be read while both halves change\n');
  row(['change', 'seen by', 'min / median / p95 / max, s', 'allowed'], WIDTHS);
  await vault.fail({ secret: 'db-password', status: 503 });
  const change = await rotatePair(PAIRS[0]);
  await sleep(intervalMs * 1.1 + settleMs);
  const early = sightingsOf(change.setting, change.generation).atMs.length;
  const healedAt = await vault.heal();
  const overMs = await expectSeen({ ...change, at: healedAt, limitMs: limitMs + settleMs });
  console.log('');
  const afterwards = await figuresOf(fleet);
  claim(
    early === 0 && inTime([overMs], afterwards),
    `${early} took the half that could be read; all took both when both could be`,
  );
}

async function outage(fleet) {
  console.log(
    `\n2. Outage of ${outageMs / 1000} s (${given.kind}); ${processes} more start in it, each with ${timeoutMs / 1000} s, restarted when it fails\n`,
  );
  const before = await figuresOf(fleet);
  await vault.traffic();
  await vault.throttle(throttleFor(2 * processes));
  const beganAt = await vault.fail(OUTAGES[given.kind]);
  const starters = [];
  const failedStarts = [];
  let over = false;
  async function host(i) {
    while (!over) {
      const instance = await startInstance({
        blocking: i % 2 === 1,
        env: { ...settings, VAULTSTRAP_TIMEOUT_SECONDS: String(timeoutMs / 1000) },
      });
      const startedMs = performance.now();
      const came = await Promise.race([instance.ready, instance.ended]);
      if (came.kind === 'ready') {
        starters.push(instance);
        return came;
      }
      failedStarts.push({ ms: performance.now() - startedMs, ...came });
      await sleep(500);
    }
    return undefined;
  }
  const hosts = Array.from({ length: processes }, (_, i) => host(i));

  // While nobody can see it: half of the time is over, and all of it has settled by the end.
  await sleep(outageMs / 2);
  const changes = [await rotateOne('single-0'), await rotateOne('service', 'SERVICE_KEY'), await rotatePair(PAIRS[0])];
  await sleep(Math.max(0, beganAt + outageMs - Date.now()));
  const during = await figuresOf(fleet);
  const endedAt = await vault.heal();
  const trafficInOutage = await vault.traffic();
  const upLimitMs = 10_000 + timeoutMs;
  const up = within(upLimitMs, Promise.all(hosts));
  row(['change', 'seen by', 'min / median / p95 / max, s', 'allowed'], WIDTHS);
  const overMs = await Promise.all(
    // The first tick may meet the herd of those that start, and be throttled: then the second.
    changes.map((change) => expectSeen({ ...change, at: endedAt, limitMs: limitMs + intervalMs * 1.1 })),
  );
  const cameUp = await up;
  const afterwards = await figuresOf(fleet);
  over = true;
  const upAfter = (cameUp ?? []).map((ready) => Math.max(0, (ready?.at ?? Number.NaN) - endedAt));
  row(['started in the outage', `${starters.length} of ${processes}`, spreadOf(upAfter), seconds(upLimitMs)], WIDTHS);

  const traffic = addUp(trafficInOutage, await vault.traffic());
  const settledAt = Date.now();
  const peak = Math.max(...rates(traffic, beganAt, settledAt));
  printTraffic(traffic, beganAt, settledAt, peak);
  const sent = trafficInOutage.reduce((sum, [, [all]]) => sum + all, 0);
  const byFleet = during.sum('requests') - before.sum('requests');
  // Those that began too late to fail are counted to the others: rather too many than too few.
  const perStart = (sent - byFleet) / Math.max(processes, failedStarts.length);
  // Full jitter from 250 ms to 10 s, to the end of the time: some 8 tries of each secret in 3 s, some 11 in 20 s.
  const mostPerStart = secrets * (10 + timeoutMs / 2000);
  console.log(
    [
      `  ${failedStarts.length} starts failed and were restarted, after ${spreadOf(failedStarts.map(({ ms }) => ms))} s`,
      `  requests in the outage: ${sent}; of a start that met it ${perStart.toFixed(0)}, of a running process ${(byFleet / processes).toFixed(0)}`,
      '',
    ].join('\n'),
  );
  const lagMs = Math.max(during.max('lagMs'), afterwards.max('lagMs'));
  const expectedEnd = failedStarts.every(({ code, text }) => code === 1 && text.includes('BootstrapError'));
  claim(
    expectedEnd && failedStarts.every(({ ms }) => ms <= timeoutMs + 10_000 + 2 * lagMs),
    'a start in the outage fails by BootstrapError, in its time',
  );
  // A tick tries for 2 s, some 5 times; an outage makes nobody tick more often, but for the first after it began.
  const mostOfFleet = secrets * 8 * (outageMs / (0.9 * intervalMs) + 2);
  claim(
    perStart <= mostPerStart && byFleet / processes <= mostOfFleet,
    `bounded: at most ${mostPerStart} requests a start, ${mostOfFleet.toFixed(0)} of a running process`,
  );
  claim(starters.length === processes && cameUp !== undefined, 'all that started in the outage came up when it ended');
  claim(
    inTime(overMs, afterwards),
    'the running ones lived on their last good values, and had the new ones within two ticks of its end',
  );
  return starters;
}

/** A tick that failed at the end of the outage is mended by the next one. */
async function readyAgain(fleet) {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const { answered } = await figuresOf(fleet);
    if (answered.every(({ status }) => status === 'ready') || performance.now() > untilMs) return;
    await sleep(500);
  }
}

/** Everything ends by itself: our clock and our sockets keep no process alive. */
async function endOf(instances) {
  for (const { end } of instances) end();
  const ends = await within(20_000, Promise.all(instances.map(({ ended }) => ended)));
  claim(
    ends?.every(({ code }) => code === 0) === true,
    'every process ended by itself when the app had nothing left to do',
  );
}

async function run() {
  console.log(
    `${processes} processes x ${secrets} secrets in one vault, every ${intervalMs / 1000} s, settling ${settleMs / 1000} s; ` +
      `throttled at ${throttleFor(processes).requests} reads a second; Node ${process.version}`,
  );
  const began = performance.now();
  const fleet = await Promise.all(
    Array.from({ length: processes }, (_, i) => startInstance({ blocking: i % 2 === 1, env: settings, onRotated })),
  );
  const crashes = [];
  let ending = false;
  for (const { ended } of fleet) void ended.then(({ code, text }) => ending || crashes.push(`${code}: ${text}`));
  const ready = await within(60_000, Promise.all(fleet.map((one) => one.ready)));
  console.log(`started: ${ready ? 'all' : 'not all'} in ${seconds(performance.now() - began)} s`);
  if (!ready) throw new Error(`the fleet did not start:\n${crashes[0] ?? ''}`);

  // All at once at the start is not what a clock can help; from here on it is.
  await vault.throttle(throttleFor(processes));
  await rotations(fleet, Date.now());
  const starters = await outage(fleet);

  const all = [...fleet, ...starters];
  await readyAgain(fleet);
  const { answered, sum, max } = await figuresOf(fleet);
  const requests = answered.map((one) => one.requests);
  const minutes = (performance.now() - began) / 60_000;
  console.log(`\n3. All in all (${minutes.toFixed(1)} minutes)\n`);
  console.log(
    `  requests of a running process: ${Math.min(...requests)} to ${Math.max(...requests)}, for ${Math.round(sum('refreshes') / processes)} refreshes`,
  );
  console.log(`  memory of a process: at most ${Math.round(max('rss') / 2 ** 20)} MB\n`);
  claim(sum('torn') === 0, `${sum('torn')} torn reads in ${sum('samples').toLocaleString('en')} samples`);
  claim(
    sum('lost') === 0 && sum('backwards') === 0,
    `${sum('lost')} values lost, ${sum('backwards')} went back to an older one`,
  );
  claim(max('socketsAtRest') === 0, `${max('socketsAtRest')} sockets open between refreshes`);
  const problems = answered.flatMap((one) => (one.status === 'ready' ? [] : [one.problems.join(', ')]));
  claim(
    problems.length === 0,
    `${problems.length} reports are not ready again${problems[0] ? `: ${problems[0]}` : ''}`,
  );
  claim(crashes.length === 0 && answered.length === processes, `${crashes.length} processes crashed`);
  if (crashes[0]) console.log(crashes[0]);
  ending = true;
  await endOf(all);
}

// A net under all the limits above.
const longestMs =
  60_000 + rounds * (intervalMs * 2.6 + 10_000 + settleMs) + outageMs + 4 * intervalMs + 2 * timeoutMs + 120_000;
const net = setTimeout(() => {
  console.error(`not done after ${seconds(longestMs)} s`);
  endAll();
  process.exit(1);
}, longestMs);
try {
  await run();
} finally {
  clearTimeout(net);
  vault.end();
  endAll();
}
concludeClaims();
