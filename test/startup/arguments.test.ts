// From JavaScript: what the types would refuse is named, and is no TypeError from somewhere inside.
import { afterEach, expect, test } from 'vitest';
import * as vaultstrap from '../../src/index.js';
import { ref } from '../helpers/fixtures.js';

const api = vaultstrap as unknown as Record<string, (...args: unknown[]) => unknown>;

/** What none of the functions takes anywhere, nor can make a text of. */
const NOTHING = [null, 7, true, [1], Symbol('x'), { toString: null }, () => {}];

afterEach(() => vaultstrap.close());

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
    message: expect.stringMatching(/^(options|settings|the value of A in settings) is malformed\. Hint: Expected: /),
    hint: expect.stringMatching(/^Expected: (an object|text)/),
  });
});

test.each<[string, (wrong: unknown) => unknown, except?: unknown]>([
  // As `fetch` has it, null is none.
  ['refresh({ signal })', (signal) => api['refresh']?.({ signal }), null],
  ['credential({ identity })', (identity) => api['credential']?.({ identity })],
  ['credential({ identitty })', (identitty) => api['credential']?.({ identitty })],
  ['getToken(scope)', (scope) => vaultstrap.credential().getToken(scope as string)],
  ['getToken([scope])', (scope) => vaultstrap.credential().getToken([scope as string])],
  ['onRotated(setting, listener)', (setting) => typeof setting !== 'function' && api['onRotated']?.(setting, () => {})],
  ['onRotated(listener)', (listener) => typeof listener !== 'function' && api['onRotated']?.(listener)],
  ["onRotated('A', listener)", (listener) => typeof listener !== 'function' && api['onRotated']?.('A', listener)],
  ['requireSettings([setting])', (setting) => api['requireSettings']?.('PATH', setting)],
  ['withFreshSecret(setting)', (setting) => api['withFreshSecret']?.(setting, () => {}, { isAuthError: () => {} })],
  ['withFreshSecret(, , options)', (options) => api['withFreshSecret']?.('PATH', () => {}, options)],
])('%s', async (_, call, except) => {
  for (const wrong of NOTHING.filter((one) => one !== except)) {
    const outcome = await (async () => call(wrong))().catch((error: unknown) => error);
    if (outcome === false) continue;
    expect(outcome, String(typeof wrong)).toMatchObject({ name: 'VaultstrapError', code: 'ERR_INVALID_OPTION' });
    expect((outcome as vaultstrap.VaultstrapError).hint).toMatch(/^(Expected: |Ask for one)/);
  }
});

test.each([
  'enabled',
  'ignore',
  'identity',
  'onError',
  'onRevoked',
  'timeoutSeconds',
  'refreshSeconds',
  'settleSeconds',
  'concurrency',
  'client',
  'vaultSuffix',
  'allowedHosts',
  'log',
  'another',
])('option %s', async (option) => {
  // The others are an option that is not given, or may be right.
  for (const wrong of NOTHING.filter((one) => one !== null && one !== true && one !== 7)) {
    await expect(vaultstrap.resolve({ A: ref() }, { [option]: wrong })).rejects.toMatchObject({
      failures: [{ setting: `option ${option}`, code: 'ERR_INVALID_OPTION' }],
    });
  }
});

test.each(['keep', 'unset'] as const)('resolve() reports a failed setting as it gives it back: %s', async (onError) => {
  const raw = '@KeyVault(VaultName=shop)';
  const { values, report } = await vaultstrap.resolve({ A: raw }, { onError, log: 'silent' });

  const [setting] = report.settings;
  expect(values).toEqual(onError === 'keep' ? { A: raw } : {});
  expect(setting).toMatchObject({ setting: 'A', status: 'InvalidSyntax' });
  expect(setting?.unset).toBe(onError === 'unset' ? true : undefined);
  // Nothing was resolved.
  expect(setting).not.toHaveProperty('resolvedAt');
});

test('resolve() of plain settings gives them back, and has nothing to report', async () => {
  const { values, report } = await vaultstrap.resolve({ A: 'plain', B: undefined, C: '@@KeyVault' });
  expect(values).toEqual({ A: 'plain', C: '@@KeyVault' });
  expect(report).toMatchObject({ status: 'idle', generation: 0, settings: [] });
});
