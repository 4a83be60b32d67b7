// Runs the cases of one scenario, interleaved, and gathers times, requests and counts.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { casesFor } from './cases.mjs';
import { spread } from './figures.mjs';

const here = import.meta.dirname;
const COUNTED_RUNS = 3;

function run({ args, env }) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: here,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 120_000,
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(performance.now() - began) : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}

/** In runs of their own: what is counted costs time. A command and the program it starts are both counted. */
async function countIn({ args, env }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const file = path.join(folder, 'counts');
  async function counted(more) {
    writeFileSync(file, '');
    const counter = path.join(here, 'count.cjs');
    await run({ args, env: { ...env, ...more, BENCH_COUNT: file, NODE_OPTIONS: `--require ${counter}` } });
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
  try {
    const code = await counted({ BENCH_CODE: '1' });
    const sum = (processes, name) => processes.reduce((total, one) => total + one[name], 0);
    const peaks = [];
    const cpus = [];
    let builtins = 0;
    for (let i = 0; i < COUNTED_RUNS; i++) {
      const processes = await counted({});
      peaks.push(Math.max(...processes.map(({ peakMb }) => peakMb)));
      cpus.push(sum(processes, 'cpuMs'));
      builtins = Math.max(...processes.map((one) => one.builtins));
    }
    return {
      peakMb: spread(peaks).median,
      // The least of them: whatever else the machine does only adds to it.
      cpuMs: Math.min(...cpus),
      builtins,
      files: sum(code, 'files'),
      bytes: sum(code, 'bytes'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Gives by case: `times` (one a round), `sent`, `counts`. */
export async function measure({ secrets, vaults, rounds, identityMs, vaultMs, bundle, progress }) {
  const server = fork(path.join(here, 'server.mjs'), [secrets, vaults, identityMs, vaultMs].map(String));
  const answer = once(server, 'message');
  await Promise.race([answer, once(server, 'exit').then(() => Promise.reject(new Error('the servers did not start')))]);
  const [{ env: azure }] = await answer;
  const ask = async () => {
    server.send('count');
    return (await once(server, 'message'))[0];
  };
  try {
    const cases = Object.entries(casesFor({ secrets, vaults, azure, bundle }));
    const results = new Map(cases.map(([name]) => [name, { times: [] }]));
    for (const [name, one] of cases) {
      progress(`${name}: counts`);
      Object.assign(results.get(name), { counts: await countIn(one) });
    }
    await ask();
    for (let round = 0; round < rounds; round++) {
      // Another one begins each time, so that none always runs behind the same neighbour.
      const turned = [...cases.slice(round % cases.length), ...cases.slice(0, round % cases.length)];
      for (const [name, one] of turned) {
        progress(`round ${round + 1} of ${rounds}: ${name}`);
        const result = results.get(name);
        result.times.push(await run(one));
        result.sent = await ask();
      }
    }
    return results;
  } finally {
    server.disconnect();
  }
}
