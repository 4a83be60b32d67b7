// npm run bench [-- --secrets 20 --rounds 15]: whole processes, interleaved in one run, medians net of bare node.
// Read ratios: times are this machine's.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    secrets: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '15' },
    identity: { type: 'string', default: '20' },
    vault: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
});
const secrets = Number(options.secrets);
const rounds = Number(options.rounds);
const here = import.meta.dirname;
const dist = (file) => path.join(here, '../dist', file);

const server = fork(path.join(here, 'server.mjs'), [options.secrets, options.identity, options.vault]);
const [{ env: azure }] = await once(server, 'message');
const plain = { PATH: process.env.PATH, HOME: process.env.HOME };
const base = { ...plain, ...azure, BENCH_SECRETS: options.secrets };
const references = Object.fromEntries(
  Array.from({ length: secrets }, (_, i) => [`S${i}`, `@KeyVault(VaultName=shop;SecretName=s${i})`]),
);
const settings = { ...base, ...references };

const CASES = {
  'bare node': { args: ['-e', '0'], env: plain },
  'nothing to resolve': { args: ['--require', dist('register.cjs'), '-e', '0'], env: plain },
  'SDK, one after another': { args: ['sdk.mjs'], env: { ...base, BENCH_SERIAL: '1' } },
  'SDK, Promise.all': { args: ['sdk.mjs'], env: base },
  'hand-written floor': { args: ['floor.cjs'], env: base },
  'vaultstrap/preload': { args: ['--import', dist('preload.mjs'), 'app.cjs'], env: settings },
  'vaultstrap/register (blocks)': { args: ['--require', dist('register.cjs'), 'app.cjs'], env: settings },
  'vaultstrap run': { args: [dist('cli.cjs'), 'run', '--', process.execPath, 'app.cjs'], env: settings },
  'app with 300 ms of modules': { args: ['modules.cjs'], env: plain },
  'the same, start then join': { args: ['join.cjs'], env: settings },
};

function run({ args, env }) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: here,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 60_000,
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(performance.now() - began) : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}

async function requests() {
  server.send('count');
  return (await once(server, 'message'))[0];
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const times = new Map(Object.keys(CASES).map((name) => [name, []]));
const sent = new Map();
for (let round = 0; round < rounds; round++) {
  for (const [name, one] of Object.entries(CASES)) {
    times.get(name).push(await run(one));
    sent.set(name, await requests());
  }
}
server.disconnect();

const net = (name, over = 'bare node') => median(times.get(name).map((time, round) => time - times.get(over)[round]));
const sdk = net('SDK, Promise.all');
const floor = net('hand-written floor');
const rows = Object.keys(CASES)
  .slice(1)
  .map((name) => {
    const { token, vault, unauthorized, connections } = sent.get(name);
    const ms = net(name);
    return [
      name,
      ms.toFixed(0),
      (ms / sdk).toFixed(2),
      (ms / floor).toFixed(2),
      token,
      vault,
      unauthorized,
      connections,
    ];
  });
const head = ['case', 'ms', 'of SDK', 'of floor', 'token', 'vault', '401', 'connections'];
const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => String(row[i]).length)));
const line = (cells) =>
  `| ${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join(' | ')} |`;
const table = [line(head), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n');
const title = `${secrets} secrets in one vault, ${options.identity} ms identity, ${options.vault} ms vault; Node ${process.version}; medians of ${rounds} paired differences from bare node (${median(times.get('bare node')).toFixed(0)} ms)`;
const extra = [
  `blocking import over preload: ${median(times.get('vaultstrap/register (blocks)').map((t, i) => t - times.get('vaultstrap/preload')[i])).toFixed(0)} ms more`,
  `start then join over the same app without secrets: ${net('the same, start then join', 'app with 300 ms of modules').toFixed(0)} ms more`,
].join('\n');
console.log(`${title}\n\n${table}\n\n${extra}`);
if (options.write) writeFileSync(path.join(here, 'results.md'), `# Results\n\n${title}.\n\n${table}\n\n${extra}\n`);
