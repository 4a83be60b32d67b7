// npm run soak [-- --short --seconds 300 --seed 1 --client sdk]: one app, with its clock sped up, under random faults for
// minutes. Memory stays flat, sockets are bounded, the last good values are always there, and it ends ready. The
// embedded Azure is in this process, the app in another. Exit 1 when that does not hold. The same seed draws the same
// faults; when they meet which request is up to the machine.
import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmulator } from 'vaultstrap/testing';
import { settingsOf, singlesOf, valueIn } from './fleet/settings.mjs';
import { nextTrouble, seeded } from './soak/trouble.mjs';

const { values: given } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    client: { type: 'string', default: 'direct' },
  },
});
const seconds = Number(given.seconds ?? (given.short ? 12 : 180));
const seed = Number(given.seed ?? randomInt(1e9));
if (!(seconds > 0) || !Number.isInteger(seed)) throw new TypeError('--seconds or --seed is malformed');

const SECRETS = 10;
/** A second between two refreshes is 50 ms. */
const FACTOR = 20;
const singles = ['service', ...singlesOf(SECRETS)];
const secrets = ['db-user', 'db-password', 'cache-user', 'cache-password', ...singles];
const random = seeded(seed);
const shop = (generation) => Object.fromEntries(secrets.map((secret) => [secret, valueIn(secret, generation)]));

console.log(`soak: ${seconds} s, seed ${seed}, ${given.client} lane, ${secrets.length} secrets, clock x${FACTOR}`);
const azure = await startEmulator({ vaults: { shop: shop(0) }, tokens: { lifeSeconds: 600 } });
const child = fork(path.join(import.meta.dirname, 'soak/app.mjs'), {
  execArgv: ['--expose-gc'],
  env: {
    PATH: process.env.PATH,
    ...azure.env,
    ...settingsOf(SECRETS),
    SOAK_SECRETS: String(SECRETS),
    SOAK_FACTOR: String(FACTOR),
    VAULTSTRAP_CLIENT: given.client,
    VAULTSTRAP_REFRESH_SECONDS: '1',
    VAULTSTRAP_SETTLE_SECONDS: '3',
    VAULTSTRAP_LOG: 'silent',
  },
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
let ended;
child.once('exit', (code, signal) => {
  ended = `the app ended (${code ?? signal})`;
});
const answer = (what) =>
  new Promise((resolve) => {
    const onMessage = (message) => message.what === what && settle(message);
    const onExit = () => settle(undefined);
    function settle(message) {
      child.off('message', onMessage).off('exit', onExit);
      resolve(message);
    }
    child.on('message', onMessage).once('exit', onExit);
  });
const tell = (message) => ended || child.send(message);

// The vault's time keeps up with the app's.
let keptUpMs = performance.now();
let isRotating = false;
const keepingUp = setInterval(async () => {
  // A machine that stalls between the halves of a pair must not make minutes of it: no settling covers those.
  if (isRotating) return;
  const nowMs = performance.now();
  const byMs = Math.round((nowMs - keptUpMs) * (FACTOR - 1));
  keptUpMs = nowMs;
  await azure.clock.advance(byMs).catch(() => {});
}, 25);

const injected = {};
let generation = 0;
async function rotate() {
  generation++;
  isRotating = true;
  for (const secret of secrets) {
    await azure.vault('shop').set(secret, valueIn(secret, generation));
    if (random() < 0.3) await sleep(25);
  }
  isRotating = false;
}

await answer('ready');
const endMs = performance.now() + seconds * 1000;
while (performance.now() < endMs && !ended) {
  const { fault, lastsMs, revoke, drop, newHeader, rotate: rotates, refresh } = nextTrouble(random, secrets, singles);
  const kind = `${fault.target} ${fault.status ?? Object.keys(fault).find((key) => !['target', 'times', 'secret'].includes(key))}`;
  injected[kind] = (injected[kind] ?? 0) + 1;
  const handle = await azure.faults.add(fault);
  if (revoke) await azure.tokens.revokeAll();
  if (drop) await azure.dropConnections();
  if (newHeader) {
    await azure.rotateIdentityHeader();
    tell({ what: 'header', header: azure.env.IDENTITY_HEADER });
  }
  if (refresh) tell({ what: 'refresh' });
  if (rotates) await rotate();
  await sleep(lastsMs);
  await handle.remove();
  // Requests that hang are ended by their own time limit.
  if (random() < 0.5) await sleep(random() * 150);
}

// The end of all trouble: everything is well again, by itself.
await azure.faults.clear();
await rotate();
let figures;
for (const limitMs = performance.now() + 20_000; !ended && performance.now() < limitMs; await sleep(100)) {
  tell({ what: 'figures' });
  figures = await answer('figures');
  const newest = figures && Object.values(figures.generations).every((one) => one === generation);
  if (figures?.status === 'ready' && newest) break;
}
clearInterval(keepingUp);
child.removeAllListeners('exit');
if (child.connected) child.disconnect();
await azure.close();
if (!figures) throw new Error(ended ?? 'the app does not answer');

const { seen, memory, status, generations, problems } = figures;
const MB = 1024 * 1024;
// The first third is warming up: code is compiled, pools and caches fill.
const steady = memory.slice(Math.floor(memory.length / 3));
const half = Math.floor(steady.length / 2);
const median = (items, of) => items.map(of).sort((a, b) => a - b)[Math.floor(items.length / 2)] ?? 0;
const growth = (of) => (median(steady.slice(half), of) - median(steady.slice(0, half), of)) / MB;
const heapGrowth = growth(({ heapUsed }) => heapUsed);
const rssGrowth = growth(({ rss }) => rss);
const mostSockets = Math.max(...memory.map(({ sockets }) => sockets));
const newest = Object.values(generations).every((one) => one === generation);

const checks = [
  [`${seen.samples} looks at the environment: no value missing or raw`, seen.lost === 0],
  ['no torn pair', seen.torn === 0],
  ['no value older than one before', seen.backwards === 0],
  ['no unhandled rejection, no uncaught exception', seen.unhandled === 0],
  ['no warning of Node (listeners that pile up)', seen.warnings === 0],
  [`heap after collection grew by ${heapGrowth.toFixed(2)} MB (at most 2)`, heapGrowth < 2],
  [`resident memory grew by ${rssGrowth.toFixed(1)} MB (at most 20)`, rssGrowth < 20],
  [`at most ${mostSockets} sockets at once (${SECRETS} secrets; at most 32)`, mostSockets <= 32],
  [`it ends ${status}, with generation ${generation} everywhere`, status === 'ready' && newest],
  ['there was trouble to speak of', seen.failed > 0 && seen.rotated > 0],
];
console.log(
  `faults: ${Object.entries(injected)
    .map(([kind, count]) => `${kind} x${count}`)
    .join(', ')}`,
);
console.log(
  `refreshes: ${seen.refreshes}, of which ${seen.failed} with a failure; rotations seen: ${seen.rotated} of ${generation}`,
);
for (const [claim, holds] of checks) console.log(`${holds ? 'ok  ' : 'FAIL'} ${claim}`);
if (problems.length > 0) console.log(problems.join('\n'));
process.exitCode = checks.every(([, holds]) => holds) ? 0 : 1;
