// What requireSettings says of settings that have no value: which is the remedy depends on how the start stands.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEngine } from '../../src/startup/engine.js';
import { requireSettingsFrom } from '../../src/startup/require-settings.js';
import type { VaultstrapError } from '../../src/support/errors.js';
import { engine, onMemory, vault } from '../helpers/engine-on-memory.js';
import { removeVariables } from '../helpers/environment.js';
import { ref } from '../helpers/fixtures.js';

vi.mock('../../src/support/clock.js', () => import('../helpers/time.js'));
vi.mock('../helpers/siblings.js', () => import('../helpers/memory-vault.js'));

onMemory();
afterEach(() => void vi.useRealTimers());

const QUIET = { log: 'silent' } as const;

function refusal(...names: readonly string[]): readonly string[] {
  try {
    requireSettingsFrom(names, engine);
  } catch (error) {
    const { code, message, hint } = error as VaultstrapError;
    expect(code).toBe('ERR_SETTINGS_MISSING');
    return [message.replace(` Hint: ${hint}`, ''), hint];
  }
  throw new Error('nothing is missing');
}

describe('between start and join', () => {
  const NOT_JOINED = expect.stringContaining('nothing has joined it yet');

  test('what is being fetched is said to be, and how it is joined', async () => {
    process.env['VS_A'] = ref('a');
    engine.start(QUIET);
    expect(refusal('VS_A', 'VS_TYPO')).toEqual([
      'settings are missing: VS_A is being fetched; VS_TYPO is not set.',
      "A start is under way, and nothing has joined it yet: before this call, import 'vaultstrap/register' or await bootstrap().",
    ]);
    await engine.bootstrap(QUIET);
    expect(requireSettingsFrom(['VS_A'], engine)).toEqual({ VS_A: 'a-1' });
  });

  test('also when the time of a start is over', () => {
    vi.useFakeTimers();
    process.env['VS_A'] = ref('a');
    engine.start(QUIET);
    vi.advanceTimersByTime(20_000);
    expect(engine.report().status).toBe('failed');
    expect(refusal('VS_A')).toEqual(['settings are missing: VS_A is being fetched.', NOT_JOINED]);
  });

  test('a bootstrap that nobody has awaited', async () => {
    process.env['VS_A'] = ref('a');
    vault.hold();
    const waiting = engine.bootstrap(QUIET);
    expect(refusal('VS_A')).toEqual(['settings are missing: VS_A still holds its reference.', NOT_JOINED]);
    vault.release();
    await waiting;
  });
});

test('what is nowhere, and no start has been asked for', () => {
  expect(refusal('VS_A')).toEqual([
    'settings are missing: VS_A is not set.',
    expect.stringMatching(/^Add the missing app settings/),
  ]);
});

test.each([
  [undefined, /^References are resolved by import 'vaultstrap\/register'/],
  ['false', /^VAULTSTRAP_ENABLED=false leaves references alone/],
])('a reference that nothing has resolved: VAULTSTRAP_ENABLED=%s', (enabled, hint) => {
  if (enabled) process.env['VAULTSTRAP_ENABLED'] = enabled;
  process.env['VS_A'] = ref('a');
  const [message, remedy] = refusal('VS_A');
  expect(message).toBe('settings are missing: VS_A still holds its reference.');
  expect(remedy).toMatch(hint);
});

test('what the program has removed: before and behind the refresh that notices', async () => {
  process.env['VS_A'] = ref('a');
  await engine.bootstrap(QUIET);
  delete process.env['VS_A'];
  const removed = [
    'settings are missing: VS_A was resolved, and is gone.',
    expect.stringMatching(/^Something in this process has removed it/),
  ];
  expect(refusal('VS_A')).toEqual(removed);
  vault.trouble.set('a', 'absent');
  await engine.refresh();
  expect(refusal('VS_A')).toEqual(removed);
});

test('a reference that a .env file has put over its value is none', async () => {
  process.env['VS_A'] = ref('a');
  await engine.bootstrap(QUIET);
  for (const now of [ref('a'), ref('other')]) {
    process.env['VS_A'] = now;
    expect(refusal('VS_A')).toEqual([
      'settings are missing: VS_A still holds its reference.',
      expect.stringContaining('behind what loads a .env file'),
    ]);
  }
});

test('nor a template, but a secret may read like one', async () => {
  Object.assign(process.env, { VS_A: ref('a'), VS_B: `\${VS_A}\${VS_C}`, VS_C: ref('gone', `Default=\${x}`) });
  vault.trouble.set('gone', 'absent');
  await engine.bootstrap(QUIET);
  expect(requireSettingsFrom(['VS_B', 'VS_C'], engine)).toEqual({ VS_B: `a-1\${x}`, VS_C: `\${x}` });
  process.env['VS_B'] = `\${VS_A}\${VS_C}`;
  expect(refusal('VS_B')[0]).toBe('settings are missing: VS_B still holds its reference.');
  // The program's own.
  process.env['VS_B'] = `\${x}`;
  expect(requireSettingsFrom(['VS_B'], engine)).toEqual({ VS_B: `\${x}` });
});

test('nor a template that onError has kept', async () => {
  Object.assign(process.env, { VS_A: ref('a'), VS_B: `\${VS_A:-x}` });
  vault.trouble.set('a', 'forbidden');
  await engine.bootstrap({ ...QUIET, onError: 'keep' });
  expect(refusal('VS_B')[0]).toBe('settings are missing: VS_B still holds its reference.');
  process.env['VS_B'] = `p\${ss`;
  expect(requireSettingsFrom(['VS_B'], engine)).toEqual({ VS_B: `p\${ss` });
  // Escaped it mentions nothing, here as for a start.
  process.env['VS_B'] = `\\\${VS_A}`;
  expect(requireSettingsFrom(['VS_B'], engine)).toEqual({ VS_B: `\\\${VS_A}` });
});

test('nor a reference that was put over what the platform has resolved', async () => {
  const rawReference = ref('a');
  const WEBSITE_KEYVAULT_REFERENCES = JSON.stringify({ VS_A: { rawReference, status: 'Resolved' } });
  Object.assign(process.env, { VS_A: '@KeyVault(x)', WEBSITE_KEYVAULT_REFERENCES });
  try {
    await engine.bootstrap(QUIET);
    expect(requireSettingsFrom(['VS_A'], engine)).toEqual({ VS_A: '@KeyVault(x)' });
    process.env['VS_A'] = rawReference;
    expect(refusal('VS_A')[0]).toBe('settings are missing: VS_A still holds its reference.');
  } finally {
    removeVariables(/^WEBSITE_/);
  }
});

test('what is optional, and a parent process has not found', async () => {
  process.env['VS_A'] = ref('a', 'Optional=true');
  vault.trouble.set('a', 'absent');
  await engine.bootstrap(QUIET);
  const child = createEngine();
  await child.bootstrap(QUIET);
  expect(() => requireSettingsFrom(['VS_A'], child)).toThrow(
    'VS_A is not resolved (SecretNotFound). Hint: Its reference is Optional,',
  );
  await child.reset();
});

test('a value that reads like a reference is one, also where a parent process has resolved it', async () => {
  const value = '@KeyVault(x)';
  process.env['VS_A'] = `@${value}`;
  await engine.bootstrap(QUIET);
  expect(requireSettingsFrom(['VS_A'], engine)).toEqual({ VS_A: value });
  expect(requireSettingsFrom(['VS_A'], createEngine())).toEqual({ VS_A: value });
  // As a process may that starts others.
  removeVariables(/^VAULTSTRAP_REFERENCES/);
  expect(requireSettingsFrom(['VS_A'], engine)).toEqual({ VS_A: value });
});

describe('behind a start that failed', () => {
  test('the remedy is that of the setting', () => {
    Object.assign(process.env, { VS_A: ref('a'), VS_GONE: ref('gone') });
    vault.trouble.set('gone', 'absent');
    expect(() => engine.bootstrapSync(QUIET)).toThrow('ERR_');
    expect(refusal('VS_A', 'VS_GONE')).toEqual([
      'settings are missing: VS_GONE is not resolved (ERR_SECRET_NOT_FOUND).',
      'Set it.',
    ]);
    expect(refusal('VS_TYPO')).toEqual([
      'settings are missing: VS_TYPO is not set.',
      expect.stringMatching(/^Add the missing app settings/),
    ]);
  });

  test('for a malformed setting of its own, which is asked for nothing', () => {
    Object.assign(process.env, { VS_A: ref('a'), VAULTSTRAP_TIMEOUT_SECONDS: 'soon' });
    expect(() => engine.bootstrapSync(QUIET)).toThrow('ERR_INVALID_SETTING');
    expect(refusal('VS_A')).toEqual([
      'settings are missing: VS_A is not set.',
      'The start failed, and has taken out what it was to resolve: its error says why.',
    ]);
  });
});

test.each([
  ['the setting', () => Object.assign(process.env, { VAULTSTRAP_IGNORE: ' VS_X , VS_A' }), QUIET],
  ['the option', () => {}, { ...QUIET, ignore: ['VS_A'] }],
  ['the option as text', () => {}, { ...QUIET, ignore: ' VS_X , VS_A' as never }],
])('what %s names to be left alone is text: before a start, and behind it', async (_, told, options) => {
  told();
  process.env['VS_A'] = ref('a');
  process.env['APPSETTING_VS_A'] = ref('a');
  if (process.env['VAULTSTRAP_IGNORE']) expect(requireSettingsFrom(['VS_A'], engine)).toEqual({ VS_A: ref('a') });
  await engine.bootstrap(options);
  expect(requireSettingsFrom(['VS_A', 'APPSETTING_VS_A'], engine)).toEqual({
    VS_A: ref('a'),
    APPSETTING_VS_A: ref('a'),
  });
  // A value is ours to give out, and to judge.
  process.env['VS_B'] = ref('b');
  expect(refusal('VS_B')[0]).toBe('settings are missing: VS_B still holds its reference.');
});
