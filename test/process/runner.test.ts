// The tests of processes are worth what their runner sees.
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../helpers/until.js';
import { type App, createApp } from './support/app.js';
import { canary } from './support/canary.js';

let app: App;
beforeAll(() => {
  app = createApp();
});

describe('a secret in the output fails the run', () => {
  test.each([
    ['plain, on stdout', 'console.log(process.env.SECRET)'],
    ['plain, on stderr', 'console.error({ nested: [process.env.SECRET] })'],
    ['base64', "console.log(Buffer.from(process.env.SECRET).toString('base64'))"],
    ['base64 of a pair', "console.log(Buffer.from('app:' + process.env.SECRET + '@db').toString('base64'))"],
    ['hexadecimal', "console.log(Buffer.from(process.env.SECRET).toString('hex'))"],
    [
      'of a child',
      "require('node:child_process').spawnSync(process.execPath, ['-p', 'process.env.SECRET'], { stdio: 'inherit' })",
    ],
    ['the identity header', 'console.log(process.env.IDENTITY_HEADER)'],
    ['a token', "console.log('Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.')"],
  ])('%s', async (_, text) => {
    const env = { SECRET: canary(), IDENTITY_HEADER: canary('header') };
    await expect(app.run(['--eval', text], { env })).rejects.toThrow('secrets in the output');
  });

  test('given to the probe, it is no output', async () => {
    const secret = canary();
    const outcome = await app.run(['--eval', "require('./probe.cjs').env('SECRET', 'NONE')"], {
      env: { SECRET: secret },
    });

    expect(outcome).toMatchObject({ code: 0, stdout: '', stderr: '', probes: [{ SECRET: secret, NONE: null }] });
  });
});

test.skipIf(process.platform === 'win32')(
  'a process that hangs is ended with its children, and fails the run',
  async () => {
    const text = `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    console.log('child ' + child.pid); setInterval(() => {}, 1000);`;
    const { outcome } = app.start(['--eval', text], { limitMs: 1000 });
    const error = await outcome.catch((reason: Error) => reason);

    expect(error).toMatchObject({ message: expect.stringContaining('not ended after 1000 ms') });
    const pid = Number(/child (\d+)/.exec(String(error))?.[1]);
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  },
);
