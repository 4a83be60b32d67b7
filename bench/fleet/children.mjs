// Processes: started by fork, spoken to over IPC, ended by id.
import { fork } from 'node:child_process';
import { availableParallelism, setPriority } from 'node:os';
import path from 'node:path';

const at = (file) => path.join(import.meta.dirname, file);
const running = new Set();

function start(file, args, env, execArgv) {
  const { PATH, HOME, SystemRoot, TEMP } = process.env;
  const child = fork(at(file), args, {
    cwd: import.meta.dirname,
    env: { PATH, HOME, SystemRoot, TEMP, ...env },
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  running.add(child);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    text = (text + chunk).slice(-20_000);
  });
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve({ code: -1, text }));
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? signal, text });
    });
  });
  return { child, ended };
}

/** Whatever happens: nothing of ours outlives the run. */
export function endAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** A promise with an end: `undefined` when it takes longer. */
export function within(ms, promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The instances of a fleet have a machine each; here they share one, and take turns in starting. */
const APART_MS = 300 / availableParallelism();
let nextStart = 0;
async function turn() {
  const now = performance.now();
  nextStart = Math.max(nextStart + APART_MS, now);
  await new Promise((resolve) => setTimeout(resolve, nextStart - now));
}

/** The vault's process; its operations as methods. */
export async function startVault(secrets) {
  const { child, ended } = start('vault.mjs', [String(secrets)], {}, []);
  try {
    // Not one machine for a hundred instances and the vault: it must not be what is short of time.
    setPriority(child.pid, -10);
  } catch {
    // Root's privilege.
  }
  const waiting = new Map();
  let lastId = 0;
  const env = await within(
    10_000,
    new Promise((resolve) => {
      child.on('message', ({ id, result, env: settings }) => {
        if (settings) return resolve(settings);
        waiting.get(id)?.(result);
        waiting.delete(id);
      });
    }),
  );
  if (!env) throw new Error(`the vault did not start: ${(await within(1, ended))?.text ?? ''}`);
  const call =
    (op) =>
    (...args) =>
      new Promise((resolve) => {
        waiting.set(++lastId, resolve);
        child.send({ id: lastId, op, args });
      });
  const [throttle, set, fail, heal, traffic] = ['throttle', 'set', 'fail', 'heal', 'traffic'].map(call);
  return { env, throttle, set, fail, heal, traffic, end: () => child.disconnect() };
}

/**
 * One instance of the app. `blocking`: by `import 'vaultstrap/register'`, else by `--import vaultstrap/preload`.
 * `onRotated(setting, generation, at)` for each change that it sees.
 */
export async function startInstance({ blocking, env, onRotated }) {
  await turn();
  const { child, ended } = blocking
    ? start('blocking.mjs', [], env, [])
    : start('instance.mjs', [], env, ['--import', 'vaultstrap/preload']);
  let tellFigures = () => {};
  const ready = new Promise((resolve) => {
    child.on('message', (message) => {
      if (message.kind === 'ready') resolve(message);
      else if (message.kind === 'figures') tellFigures(message.figures);
      else for (const [setting, generation] of message.rotated) onRotated?.(setting, generation, message.at);
    });
  });
  return {
    ready,
    /** `{ code, text }`, `text` being the end of what it wrote to stderr. */
    ended,
    figures: () =>
      within(
        5000,
        new Promise((resolve) => {
          tellFigures = resolve;
          if (child.connected) child.send('figures');
        }),
      ),
    end: () => child.connected && child.send('end'),
  };
}
