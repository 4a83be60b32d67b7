// The app that is soaked: keeps itself fresh with its clock sped up, and looks at its own environment all the time.
// First: vaultstrap holds on to the timers that it finds.
import { realTime, speedUp } from './fast-clock.mjs';
import 'vaultstrap/register';
import { subscribe } from 'node:diagnostics_channel';
import { onRotated, refresh, report } from 'vaultstrap';
import { generationsIn, settingsOf, TOGETHER } from '../fleet/settings.mjs';

const settings = Object.keys(settingsOf(Number(process.env.SOAK_SECRETS)));
const latest = new Map();
const seen = {
  samples: 0,
  lost: 0,
  torn: 0,
  backwards: 0,
  refreshes: 0,
  failed: 0,
  rotated: 0,
  unhandled: 0,
  warnings: 0,
};
const memory = [];

function sample() {
  seen.samples++;
  const now = new Map(settings.map((name) => [name, generationsIn(process.env[name])]));
  for (const [name, generations] of now) {
    // Missing, raw or half a value.
    if (generations.length === 0 || process.env[name].includes('@KeyVault')) seen.lost++;
    if (Math.min(...generations) < (latest.get(name) ?? 0)) seen.backwards++;
    latest.set(name, Math.min(...generations));
  }
  for (const names of TOGETHER) if (new Set(names.flatMap((name) => now.get(name))).size > 1) seen.torn++;
}

function measure() {
  globalThis.gc();
  const { heapUsed, rss, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const sockets = resources.filter((kind) => /^(TCP|TLS)/.test(kind)).length;
  memory.push({ heapUsed, rss, external, sockets, resources: resources.length });
}

process.on('unhandledRejection', () => seen.unhandled++);
process.on('uncaughtException', () => seen.unhandled++);
process.on('warning', () => seen.warnings++);
subscribe('vaultstrap:refresh', ({ failed }) => {
  seen.refreshes++;
  if (failed.length > 0) seen.failed++;
});
subscribe('vaultstrap:rotated', sample);
onRotated(() => {
  seen.rotated++;
  // A listener that fails harms nobody.
  if (seen.rotated % 3 === 0) throw new Error('a listener of the app');
});

speedUp(Number(process.env.SOAK_FACTOR));
sample();
realTime.setInterval(sample, 10);
realTime.setInterval(measure, 500);
process.on('message', async ({ what, header }) => {
  // As the platform does.
  if (what === 'header') process.env.IDENTITY_HEADER = header;
  if (what === 'refresh') await refresh();
  if (what !== 'figures') return;
  const { status, settings: all } = report();
  const generations = Object.fromEntries(latest);
  const problems = all.filter(({ code }) => code).map(({ setting, code }) => `${setting} ${code}`);
  process.send({ what: 'figures', seen, memory, status, generations, problems });
});
process.on('disconnect', () => process.exit());
process.send({ what: 'ready' });
