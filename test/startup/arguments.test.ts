// From JavaScript: what the types would refuse is named, and is no TypeError from somewhere inside.
import { expect, test } from 'vitest';
import * as vaultstrap from '../../src/index.js';

const api = vaultstrap as unknown as Record<string, (...args: unknown[]) => unknown>;

test.each([
  ['bootstrap', null],
  ['bootstrap', 'now'],
  ['bootstrapSync', null],
  ['bootstrapSync', []],
  ['start', 7],
  ['resolve', null],
  ['resolve', undefined],
  ['resolve', {}, null],
  ['resolve', { A: 5 }],
  ['resolve', { A: null }],
  ['refresh', null],
  ['refresh', 'all'],
  ['credential', null],
])('%s(%j)', async (name, ...args) => {
  const call = async () => api[name]?.(...args);
  await expect(call()).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(/^(options|settings) is malformed/),
    hint: expect.stringMatching(/^Expected: (an object|text)/),
  });
});

test('resolve() of plain settings gives them back, and has nothing to report', async () => {
  const { values, report } = await vaultstrap.resolve({ A: 'plain', B: undefined, C: '@@KeyVault' });
  expect(values).toEqual({ A: 'plain', C: '@@KeyVault' });
  expect(report).toMatchObject({ status: 'idle', generation: 0, settings: [] });
});
