// vaultstrap on a terminal: colours, keys that interrupt, job control. The terminal is real (a pseudo terminal).
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { type App, createApp, type Env, NODE, startAzure } from './support/app.js';
import { canary, leaksIn } from './support/canary.js';

const pty = await import('@lydell/node-pty').catch(() => undefined);
if (!pty) console.warn('Skipped: @lydell/node-pty has no pseudo terminal for this platform.');

const password = canary('password');
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=password)';

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } } });
  app = createApp();
  app.write({
    // Says each SIGINT that it hears, and how many there were when it is asked.
    'counts.cjs': `let heard = 0;
      process.on('SIGINT', () => console.log('heard ' + ++heard));
      process.on('SIGUSR2', () => { console.log('in all ' + heard); process.exit(42); });
      setInterval(() => {}, 1000); console.log('ready in ' + process.pid);`,
    'waits.cjs': "setInterval(() => {}, 1000); console.log('ready');",
    'streams.cjs': `console.log(['stdin', 'stdout', 'stderr'].filter((name) => process[name].isTTY).join(' ') + ';');
      console.log('FORCE_COLOR=' + process.env.FORCE_COLOR + ';');
      console.log('hidden: ' + process.env.DB_PASSWORD);`,
    'asks.cjs': `process.stdout.write('ready> ');
      process.stdin.on('data', (data) => { console.log('got ' + String(data).trim()); if (/end/.test(data)) process.exit(7); });`,
  });
});
afterAll(() => azure?.close());

const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const open = new Set<{ kill(): void }>();
afterEach(() => {
  for (const terminal of open) terminal.kill();
  open.clear();
});

/** A command on a terminal of its own. */
function onTerminal(command: string, args: readonly string[], env: Env = {}) {
  if (!pty) throw new Error('skipped');
  const all = {
    PATH: process.env['PATH'],
    TERM: 'xterm',
    VAULTSTRAP_LOG: 'error',
    ...azure.env,
    DB_PASSWORD: REFERENCE,
    ...env,
  };
  const terminal = pty.spawn(command, [...args], {
    cwd: app.dir,
    cols: 200,
    env: Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  });
  open.add(terminal);
  let output = '';
  let status: number | undefined;
  terminal.onData((data) => {
    output += data;
  });
  terminal.onExit(({ exitCode }) => {
    status = exitCode;
    open.delete(terminal);
  });
  return {
    pid: terminal.pid,
    type: (text: string) => terminal.write(text),
    output: () => output,
    saw: async (text: string | RegExp) => {
      const found = () => (typeof text === 'string' ? output.includes(text) : text.test(output));
      await until(() => found() || status !== undefined);
      if (!found()) throw new Error(`ended with ${status} before ${text}:\n${output}`);
    },
    ended: async () => {
      await until(() => status !== undefined, 15_000);
      expect(leaksIn(output)).toEqual([]);
      return status;
    },
  };
}

const run = (args: readonly string[], env?: Env) => onTerminal(NODE, [CLI, 'run', ...args], env);
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';

describe.skipIf(!pty)('colours', () => {
  const check = (env: Env) => onTerminal(NODE, [CLI, 'check'], env);

  test('on a terminal', async () => {
    const terminal = check({});

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain('\u001b[32mready\u001b[0m');
  });

  test.each<Env>([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('none with %j', async (env) => {
    const terminal = check(env);

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toMatch(/^Status +ready/m);
    expect(terminal.output()).not.toContain('\u001b[');
  });

  test('a word about progress while it takes long, erased at the end', async () => {
    await azure.reset();
    await azure.faults.add({ target: 'vault', delayMs: 1500, times: 1 });
    const terminal = check({});
    await terminal.saw(/Resolving settings \.\.\. \d+ s/);

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain('s\r\u001b[KStatus');
  });
});

describe.skipIf(!pty)('the command', () => {
  test('has the terminal itself', async () => {
    const terminal = run(['--', NODE, 'streams.cjs'], { DB_PASSWORD: 'plain' });

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain('stdin stdout stderr;');
    expect(terminal.output()).toContain('FORCE_COLOR=undefined;');
  });

  test('with --mask only its input, and colours if the user has not decided', async () => {
    const terminal = run(['--mask', '--', NODE, 'streams.cjs'], { TERM: 'xterm-256color' });

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain('stdin;');
    expect(terminal.output()).toContain('FORCE_COLOR=2;');
    expect(terminal.output()).toContain('hidden: ***');
  });

  test.each([
    ['NO_COLOR', '1', 'undefined'],
    ['FORCE_COLOR', '0', '0'],
  ])('with --mask and %s=%s, the user has', async (name, value, seen) => {
    const terminal = run(['--mask', '--', NODE, 'streams.cjs'], { [name]: value });

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain(`FORCE_COLOR=${seen};`);
  });
});

describe.skipIf(!pty)('Ctrl-C', () => {
  test.each([['--'], ['--mask', '--']])('is heard once each time, and we wait: %s', async (...options) => {
    const terminal = run([...options, NODE, 'counts.cjs']);
    await terminal.saw('ready');
    terminal.type(CTRL_C);
    await terminal.saw('heard 1');
    terminal.type(CTRL_C);
    await terminal.saw('heard 2');
    // Signals reach us in order: had we sent the others a second time, they would come before this one.
    process.kill(terminal.pid, 'SIGUSR2');

    expect(await terminal.ended()).toBe(42);
    expect(terminal.output()).toContain('in all 2');
  });

  test('ends a command that does not care, and our status says so', async () => {
    const terminal = run(['--', NODE, 'waits.cjs']);
    await terminal.saw('ready');
    terminal.type(CTRL_C);

    expect(await terminal.ended()).toBe(130);
  });

  test('SIGTERM from elsewhere is passed on', async () => {
    const terminal = run(['--', NODE, 'waits.cjs']);
    await terminal.saw('ready');
    process.kill(terminal.pid, 'SIGTERM');

    expect(await terminal.ended()).toBe(143);
  });
});

describe.skipIf(!pty || process.platform === 'win32')('below an interactive shell', () => {
  const shell = () => onTerminal('bash', ['--norc', '--noprofile', '-i'], { PS1: '$ ', HISTFILE: undefined });
  const line = (script: string, after = '') => `${NODE} ${CLI} run -- ${NODE} ${script}${after}\r`;

  test('Ctrl-Z stops it, fg goes on, and it has the keyboard', async () => {
    const terminal = shell();
    terminal.type(line('asks.cjs'));
    await terminal.saw('ready> ');
    terminal.type(CTRL_Z);
    await terminal.saw('Stopped');
    terminal.type('fg\r');
    await terminal.saw(/fg\r\n.*asks\.cjs/s);
    terminal.type('hello\r');
    await terminal.saw('got hello');
    terminal.type('end\r');
    await terminal.saw('got end');
    terminal.type('echo status=$?; exit 0\r');

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain('status=7');
  });

  test('in the background a SIGINT is for us alone, and is passed on', async () => {
    const terminal = shell();
    terminal.type(line('counts.cjs', ' &'));
    await terminal.saw(/ready in \d+/);
    terminal.type('kill -INT $!\r');
    await terminal.saw('heard 1');
    terminal.type('kill -USR2 $!; wait $!; echo status=$?; exit 0\r');

    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toContain('in all 1');
    expect(terminal.output()).toContain('status=42');
  });
});
