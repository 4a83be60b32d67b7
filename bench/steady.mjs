// node --expose-gc bench/steady.mjs [--refreshes 10000]: what a running process pays. Exit 1 when a claim does not hold.
// The check before every invocation, report(), a refresh with nothing changed, memory over many of them, and whether
// the process ends by itself. The embedded Azure answers without latency, from a process of its own.
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { claim, concludeClaims } from './claims.mjs';
import { spread } from './figures.mjs';

const SECRETS = 20;
const { values: given } = parseArgs({
  options: { refreshes: { type: 'string', default: '10000' }, child: { type: 'boolean', default: false } },
});
const refreshes = Number(given.refreshes);
if (!(refreshes >= 100)) throw new TypeError('--refreshes is a number, 100 or more');

/** What one call takes, the median of many rounds, in nanoseconds. */
function nanoseconds(call, calls, rounds = 41) {
  for (let i = 0; i < calls; i++) call();
  const times = Array.from({ length: rounds }, () => {
    const began = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call();
    return Number(process.hrtime.bigint() - began) / calls;
  });
  return spread(times);
}

/** The `preInvocation` hook as the Functions worker would have it; `@azure/functions` passes it through. */
async function preInvocationHook() {
  const { createRequire } = await import('node:module');
  const require = createRequire(import.meta.url);
  const hooks = [];
  const { app } = require('@azure/functions');
  app.hook.preInvocation = (hook) => hooks.push(hook);
  app.hook.appStart = () => {};
  require('vaultstrap/functions').registerRotation({ maxAgeSeconds: 600 });
  return hooks[0];
}

async function run() {
  const server = fork(path.join(import.meta.dirname, 'server.mjs'), [SECRETS, 1, 0, 0].map(String), { execArgv: [] });
  const [{ env }] = await once(server, 'message');
  Object.assign(process.env, env);
  for (let i = 0; i < SECRETS; i++) process.env[`S${i}`] = `@KeyVault(VaultName=shop0;SecretName=s${i})`;
  const { bootstrap, refresh, report } = await import('vaultstrap');
  await bootstrap();

  console.log(`${SECRETS} settings; Node ${process.version}\n`);
  const hook = await preInvocationHook();
  const promise = hook() !== undefined;
  const check = nanoseconds(hook, 20_000);
  console.log(
    `  before an invocation: ${check.median.toFixed(0)} ns (${check.low.toFixed(0)} to ${check.high.toFixed(0)})`,
  );
  claim(
    !promise && check.median < 2000,
    'the check before an invocation takes less than 2 microseconds, and no promise',
  );
  const reported = nanoseconds(report, 200);
  console.log(`  report(): ${(reported.median / 1000).toFixed(0)} microseconds`);

  const times = [];
  const heaps = [];
  const residents = [];
  const note = () => {
    global.gc();
    const { heapUsed, rss } = process.memoryUsage();
    heaps.push(heapUsed / 2 ** 20);
    residents.push(rss / 2 ** 20);
  };
  // Its log of requests would grow and grow.
  const forget = () => {
    server.send('count');
    return once(server, 'message');
  };
  const cpuBefore = process.threadCpuUsage();
  for (let i = 0; i < refreshes; i++) {
    const began = performance.now();
    const { changed, failed } = await refresh();
    times.push(performance.now() - began);
    if (changed.length + failed.length > 0) throw new Error('a refresh changed something, or failed');
    if (i % Math.floor(refreshes / 20) === 0) {
      await forget();
      note();
    }
  }
  note();
  const { user, system } = process.threadCpuUsage(cpuBefore);
  const time = spread(times);
  console.log(
    `  refresh() with nothing changed: ${time.median.toFixed(1)} ms (${time.low.toFixed(1)} to ${time.high.toFixed(1)}), ` +
      `${((user + system) / 1000 / refreshes).toFixed(1)} ms of processor`,
  );
  const half = heaps.length >> 1;
  const first = spread(heaps.slice(2, half)).median;
  const second = spread(heaps.slice(half)).median;
  console.log(
    `  heap after ${refreshes} refreshes: ${heaps.at(-1).toFixed(2)} MB, of which the second half added ${(second - first).toFixed(2)}; ` +
      `resident ${residents.at(-1).toFixed(0)} MB (at most ${Math.max(...residents).toFixed(0)})`,
  );
  claim(second - first < 1, 'memory is flat: the second half of the refreshes adds less than 1 MB');
  // What no heap shows: the C library keeps every text that `process.env` was ever given. It takes some 2,000 to level out.
  if (refreshes >= 5000) {
    const grownMb = residents.at(-1) - residents[half];
    claim(grownMb < 8, `so is resident memory: ${grownMb.toFixed(1)} MB in the second half, less than 8`);
  }
  await sleep(100);
  const open = process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)/.test(kind));
  claim(open.length === 0, `${open.length} sockets open between refreshes`);
  server.disconnect();
}

/** An app with nothing left to do, its clock and hooks in place. */
function endsByItself() {
  const { status, signal } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('steady.mjs', import.meta.url)), '--child'],
    { stdio: 'inherit', timeout: 20_000, env: { PATH: process.env.PATH } },
  );
  claim(status === 0 && signal === null, 'a process with the clock running ends by itself');
}

if (given.child) {
  const { startEmulator } = await import('vaultstrap/testing');
  const azure = await startEmulator({ vaults: { shop: { s: 'value' } } });
  Object.assign(process.env, azure.env, { S: '@KeyVault(VaultName=shop;SecretName=s)' });
  const { bootstrap, report } = await import('vaultstrap');
  await bootstrap();
  await azure.close();
  if (report().nextRefreshAt === undefined) process.exitCode = 1;
} else {
  if (typeof global.gc !== 'function') throw new Error('start it with node --expose-gc');
  await run();
  endsByItself();
  concludeClaims();
}
