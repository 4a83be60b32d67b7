// One instance of the app: samples its own environment all the time, and tells the fleet what it sees.
import { subscribe } from 'node:diagnostics_channel';
import { onRotated, report } from 'vaultstrap';
import { generationsIn, settingsOf, TOGETHER } from './settings.mjs';

/** What a refresh applied stays for seconds: nothing can come and go in between. */
const SAMPLE_EVERY_MS = 100;
const settings = Object.keys(settingsOf(Number(process.env.FLEET_SECRETS)));
const latest = new Map();
const seen = { samples: 0, torn: 0, lost: 0, backwards: 0, refreshes: 0, failed: 0, socketsAtRest: 0, lagMs: 0 };

/** Everything that must hold at any moment. */
function sample() {
  seen.samples++;
  const now = new Map(settings.map((name) => [name, generationsIn(process.env[name])]));
  for (const [name, generations] of now) {
    if (generations.length === 0) seen.lost++;
    const newest = Math.min(...generations);
    if (newest < (latest.get(name) ?? 0)) seen.backwards++;
    latest.set(name, newest);
  }
  for (const names of TOGETHER) {
    if (new Set(names.flatMap((name) => now.get(name))).size > 1) seen.torn++;
  }
}

const openSockets = () => process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)/.test(kind)).length;

// In the step that applied, before anything else can run.
subscribe('vaultstrap:rotated', sample);
subscribe('vaultstrap:refresh', ({ failed }) => {
  seen.refreshes++;
  seen.failed += failed.length;
  setTimeout(() => {
    // Not while the next one is under way.
    if (report().nextRefreshAt === undefined) return;
    seen.socketsAtRest = Math.max(seen.socketsAtRest, openSockets());
  }, 500).unref();
});
onRotated(({ changed }) => {
  const at = Date.now();
  const rotated = changed.map(({ setting }) => [setting, Math.min(...generationsIn(process.env[setting]))]);
  process.send({ kind: 'rotated', at, rotated });
});
let sampledMs = performance.now();
const sampler = setInterval(() => {
  // How long this process was kept waiting for the machine.
  const nowMs = performance.now();
  seen.lagMs = Math.max(seen.lagMs, nowMs - sampledMs - SAMPLE_EVERY_MS);
  sampledMs = nowMs;
  sample();
}, SAMPLE_EVERY_MS);

process.on('message', (question) => {
  if (question === 'figures') {
    const { requests, status, settings: all } = report();
    const problems = all.filter(({ code }) => code).map(({ setting, code }) => `${setting} ${code}`);
    process.send({
      kind: 'figures',
      figures: { ...seen, requests: requests.vault, status, problems, rss: process.memoryUsage.rss() },
    });
    seen.lagMs = 0;
    return;
  }
  process.disconnect();
});
// The end: whatever keeps this process alive now is a fault of the library.
process.on('disconnect', () => clearInterval(sampler));

sample();
process.send({ kind: 'ready', at: Date.now(), generations: Object.fromEntries(latest) });
