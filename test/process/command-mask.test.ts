// vaultstrap run --mask: the command's output without values.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { type App, createApp, NODE, type RunOptions, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = `${canary('password')}/@"x`;
const first = canary('first-line');
const last = canary('last-line');

let azure: Emulator;
let app: App;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password, lines: `${first}\nab\n${last}\n`, short: 'abc' } } });
  app = createApp();
  app.write({
    'shows.cjs': `for (const stream of [process.stdout, process.stderr])
      for (const name of ['DB_PASSWORD', 'URL', 'BASE64', 'LINES', 'SHORT', 'DEFAULT']) stream.write(name + '=' + process.env[name] + '\\n');
      console.log(process.env.LINES.split('\\n').reverse().join(' '));
      console.log(JSON.stringify(process.env.DB_PASSWORD), encodeURIComponent(process.env.DB_PASSWORD));`,
    'splits.cjs': `const { DB_PASSWORD: value } = process.env; let at = 0;
      const next = () => { process.stdout.write(value[at++]); setTimeout(at < value.length ? next : () => console.log(), 2); };
      next();`,
    'asks.cjs': `process.stdout.write('Your name, c');
      process.stdin.once('data', (data) => { console.log('hello ' + data); process.stdin.unref?.(); process.exit(3); });`,
    'binary.cjs': `const bytes = Buffer.alloc(1 << 20); let x = 1;
      for (let i = 0; i < bytes.length; i++) bytes[i] = (x = (x * 1103515245 + 12345) & 0x7fffffff) >> 16;
      process.stdout.write(require('node:crypto').createHash('sha256').update(bytes).digest('hex') + '\\n');
      process.stdout.write(bytes.toString('latin1'), 'latin1');`,
    'endless.cjs':
      "const write = () => process.stdout.write('x'.repeat(1 << 16) + '\\n', (error) => error ? process.exit(5) : write()); process.stdout.on('error', () => process.exit(5)); write();",
    'leaves.cjs': `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 15000)'], { stdio: 'inherit', detached: true }).unref();
      console.log('gone');`,
    'color.cjs': "require('./probe.cjs').env('FORCE_COLOR'); require('./probe.cjs')([process.stdout.isTTY ?? false]);",
  });
});
afterAll(() => azure?.close());

const RUN = ['node_modules/vaultstrap/dist/cli.cjs', 'run', '--mask', '--'];

function options(more: RunOptions = {}): RunOptions {
  const ref = (rest: string) => `@KeyVault(VaultName=shop;SecretName=${rest})`;
  return {
    ...more,
    env: {
      ...azure.env,
      VAULTSTRAP_LOG: 'error',
      DB_PASSWORD: ref('password'),
      URL: `https://app:${ref('password;Encode=uri')}@host/`,
      BASE64: ref('password;Encode=base64'),
      LINES: ref('lines'),
      SHORT: ref('short'),
      DEFAULT: ref('gone;Default=localhost'),
      ...more.env,
    },
  };
}

test('values, encoded ones, parts of longer text and single lines are concealed on both streams', async () => {
  const { code, stdout, stderr } = await app.run([...RUN, NODE, 'shows.cjs'], options());
  const shown = 'DB_PASSWORD=***\nURL=***\nBASE64=***\nLINES=***\nSHORT=abc\nDEFAULT=localhost\n';

  expect({ code, stderr }).toEqual({ code: 0, stderr: shown });
  // The whole value of LINES ends with a line break.
  expect(stdout).toBe(`${shown} *** ab ***\n"***" ***\n`);
});

test('also when they come letter by letter', async () => {
  expect(await app.run([...RUN, NODE, 'splits.cjs'], options())).toMatchObject({ code: 0, stdout: '***\n' });
});

test('a prompt comes through before it is answered, and stdin passes', async () => {
  // It ends in the letter with which values begin.
  const { child, outcome, saw } = app.start([...RUN, NODE, 'asks.cjs'], options({ input: null }));
  await saw('Your name, c');
  child.stdin?.write('Ada\n');

  expect(await outcome).toMatchObject({ code: 3, stdout: expect.stringContaining('hello Ada') });
});

test('a megabyte of anything else passes byte for byte', async () => {
  const { child, outcome } = app.start([...RUN, NODE, 'binary.cjs'], options());
  const chunks: Buffer[] = [];
  child.stdout?.setEncoding('latin1').on('data', (text: string) => chunks.push(Buffer.from(text, 'latin1')));
  await outcome;
  const output = Buffer.concat(chunks);
  const line = output.indexOf('\n');

  expect(output.length).toBe((1 << 20) + line + 1);
  expect(
    createHash('sha256')
      .update(output.subarray(line + 1))
      .digest('hex'),
  ).toBe(output.toString('latin1', 0, line));
});

test('a reader that goes away ends a command that writes for ever', async () => {
  const { child, outcome, saw } = app.start([...RUN, NODE, 'endless.cjs'], options());
  await saw('xxx');
  child.stdout?.destroy();

  expect(await outcome).toMatchObject({ code: 5 });
});

test.skipIf(process.platform !== 'linux')('output that cannot be written is told, and is no success', async () => {
  app.write({ 'full.sh': 'exec "$@" > /dev/full\n' });
  const { code, stderr } = await app.run(['full.sh', NODE, ...RUN, NODE, '-e', 'console.log("lost")'], {
    ...options(),
    command: 'sh',
  });

  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'vaultstrap error: standard output cannot be written (ENOSPC).\n',
  });
});

test('what the command leaves behind does not keep us', async () => {
  const { code, stdout } = await app.run([...RUN, NODE, 'leaves.cjs'], options({ limitMs: 10_000 }));

  expect({ code, stdout }).toEqual({ code: 0, stdout: 'gone\n' });
});

test('colours are not forced where nobody sees them', async () => {
  expect((await app.run([...RUN, NODE, 'color.cjs'], options())).probes).toEqual([{ FORCE_COLOR: null }, [false]]);
});

test('without --mask the streams are the very same', async () => {
  const args = RUN.filter((argument) => argument !== '--mask');
  const { child, outcome } = app.start([...args, NODE, 'asks.cjs'], options({ input: null }));
  let text = '';
  child.stdout?.on('data', (data) => {
    text += data;
  });
  await until(() => text === 'Your name, c');
  child.stdin?.end('Ada\n');

  expect(await outcome).toMatchObject({ code: 3 });
});
