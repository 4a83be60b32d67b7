// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
// Orders of starts that the package's own tests cannot time: on a vault in memory.
import diagnostics from 'node:diagnostics_channel';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createEngine } from '../../src/startup/engine.js';
import { engine, onMemory, vault } from '../helpers/engine-on-memory.js';
import { ref } from '../helpers/fixtures.js';
import { pass } from '../helpers/time.js';

vi.mock('../../src/support/clock.js', () => import('../helpers/time.js'));
vi.mock('../helpers/siblings.js', () => import('../helpers/memory-vault.js'));

const settings = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('VS_')));
onMemory();

const QUIET = { log: 'silent' } as const;

describe('a blocking start in the middle of one that waits', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('%i turns of the microtask queue behind its beginning', async (turns) => {
    process.env['VS_A'] = ref('a');
    const waiting = engine.bootstrap(QUIET);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    process.env['VS_B'] = ref('b');
    vault.set('a');
    engine.bootstrapSync(QUIET);
    const after = settings();
    expect(after).toMatchObject({ VS_B: 'b-1' });
    await waiting;
    expect(settings()).toEqual(after);
    expect(engine.report().settings.map(({ setting }) => setting)).toEqual(['VS_A', 'VS_B']);
  });

  test('that fails: the other one begins anew, with what has come meanwhile', async () => {
    process.env['VS_A'] = ref('a');
    vault.hold();
    const waiting = engine.bootstrap(QUIET);
    process.env['VS_B'] = ref('b');
    vault.trouble.set('a', 'forbidden');
    expect(() => engine.bootstrapSync(QUIET)).toThrow('ERR_');
    expect(settings()).toEqual({});
    vault.trouble.clear();
    vault.release();
    await waiting;
    expect(settings()).toEqual({ VS_A: 'a-1', VS_B: 'b-1' });
    expect(engine.report()).toMatchObject({ status: 'ready' });
  });
});

describe('what comes between start and join, out of a .env file', () => {
  test('is resolved, also a template of what was there', () => {
    process.env['VS_A'] = ref('a');
    engine.start(QUIET);
    Object.assign(process.env, { VS_T: '<${VS_A}>', VS_TWICE: '${VS_T}!', VS_B: ref('b'), VS_PLAIN: '${VS_PS1}' });
    engine.bootstrapSync(QUIET);
    const values = { VS_A: 'a-1', VS_T: '<a-1>', VS_TWICE: '<a-1>!', VS_B: 'b-1', VS_PLAIN: '${VS_PS1}' };
    expect(settings()).toEqual(values);
  });

  test('a template alone; a text that mentions nothing of ours starts nothing', async () => {
    const text = { VS_NEAR: '@KeyVaul(VaultName=shop)' };
    Object.assign(process.env, { VS_A: ref('a'), VS_LITERAL: '@@KeyVault(x)', ...text });
    await engine.bootstrap(QUIET);
    process.env['VS_PLAIN'] = '${VS_PS1} $VS_A';
    engine.bootstrapSync(QUIET);
    expect(engine.report().generation).toBe(1);
    process.env['VS_T'] = '<${VS_A}${VS_PS1}>';
    engine.bootstrapSync(QUIET);
    const values = { VS_A: 'a-1', VS_T: '<a-1>', VS_LITERAL: '@KeyVault(x)' };
    expect(settings()).toEqual({ ...values, ...text, VS_PLAIN: '${VS_PS1} $VS_A' });
    expect(engine.report().generation).toBe(2);
  });

  test('does not stay raw when the start fails', () => {
    Object.assign(process.env, { VS_A: ref('a'), VS_GONE: ref('gone') });
    vault.trouble.set('gone', 'absent');
    engine.start(QUIET);
    Object.assign(process.env, { VS_B: ref('b'), VS_T: '<${VS_B}>' });
    expect(() => engine.bootstrapSync(QUIET)).toThrow('ERR_');
    expect(settings()).toEqual({ VS_A: 'a-1' });
    vault.trouble.clear();
    engine.bootstrapSync(QUIET);
    expect(settings()).toEqual({ VS_A: 'a-1', VS_B: 'b-1', VS_T: '<b-1>', VS_GONE: 'gone-1' });
  });
});

test('behind a later start that failed the report tells what rotates, and what failed', async () => {
  process.env['VS_A'] = ref('a');
  engine.bootstrapSync(QUIET);
  process.env['VS_B'] = ref('b');
  vault.trouble.set('b', 'absent');
  expect(() => engine.bootstrapSync(QUIET)).toThrow('ERR_');
  expect(engine.report().generation).toBe(1);
  vault.set('a');
  await engine.refresh();
  const { status, settings: all } = engine.report();
  expect(status).toBe('failed');
  expect(all.map(({ setting, version, code }) => [setting, Number(version), code])).toEqual([
    ['VS_A', 2, undefined],
    ['VS_B', Number.NaN, 'ERR_SECRET_NOT_FOUND'],
  ]);
});

test('a later start that read only what was new does not hide that a secret before it is gone', async () => {
  Object.assign(process.env, { VS_A: ref('a'), VS_D: '@KeyVault(VaultName=shop;SecretName=d;Default=x)' });
  vault.trouble.set('d', 'absent');
  engine.bootstrapSync(QUIET);
  vault.trouble.set('a', 'absent');
  await engine.refresh();
  process.env['VS_B'] = ref('b');
  engine.bootstrapSync(QUIET);
  expect(settings()).toMatchObject({ VS_A: 'a-1', VS_B: 'b-1', VS_D: 'x' });
  const { status, settings: all } = engine.report();
  expect(status).toBe('degraded');
  expect(all.map(({ setting, kept, wouldFailAtStart }) => [setting, kept, wouldFailAtStart])).toEqual([
    ['VS_A', true, true],
    ['VS_B', undefined, undefined],
    ['VS_D', undefined, undefined],
  ]);
  vault.trouble.delete('a');
  await engine.refresh();
  expect(engine.report().status).toBe('ready');
});

test('a start that failed is over when a later one finds nothing to resolve any more', async () => {
  process.env['VS_A'] = ref('a');
  vault.trouble.set('a', 'forbidden');
  expect(() => engine.bootstrapSync(QUIET)).toThrow('ERR_');
  expect(() => engine.bootstrapSync({ ...QUIET, onError: 'keep' })).toThrow('other options');
  process.env['VS_A'] = 'by hand';
  expect(engine.report().status).toBe('failed');
  await engine.bootstrap(QUIET);
  expect(engine.report()).toMatchObject({ status: 'idle', settings: [] });
  process.env['VAULTSTRAP_REFRESH_SECONDS'] = 'often';
  expect(() => engine.bootstrapSync(QUIET)).toThrow('VAULTSTRAP_REFRESH_SECONDS');
  delete process.env['VAULTSTRAP_REFRESH_SECONDS'];
  engine.bootstrapSync(QUIET);
  expect(engine.report()).toMatchObject({ status: 'idle', settings: [] });
  expect(settings()).toEqual({ VS_A: 'by hand' });
  vault.trouble.clear();
  process.env['VS_B'] = ref('b');
  engine.bootstrapSync(QUIET);
  expect(engine.report()).toMatchObject({ status: 'ready', settings: [{ setting: 'VS_B' }] });
});

test('a later start that finds another value tells those who listen', async () => {
  const child = createEngine();
  const heard: unknown[] = [];
  const told = (setting: string, from: number | undefined, to: number) => {
    const versionOf = (n: number) => String(n).padStart(32, '0');
    return { setting, ...(from && { fromVersion: versionOf(from) }), toVersion: versionOf(to) };
  };
  try {
    process.env['VS_A'] = ref('a');
    engine.bootstrapSync(QUIET);
    const options = { ...QUIET, onRevoked: 'unset' } as const;
    child.onRotated(({ generation, changed }) => {
      heard.push(generation, ...changed);
    });
    await child.bootstrap(options);
    // Inherited a minute ago, and not read since.
    pass(61_000);
    vault.set('a');
    Object.assign(process.env, { VS_B: ref('b') });
    child.bootstrapSync(options);
    await Promise.resolve();
    await Promise.resolve();
    expect(heard.splice(0)).toMatchObject([2, told('VS_A', 1, 2)]);
    vault.trouble.set('a', 'absent');
    await child.refresh();
    await child.refresh();
    expect(settings()).toEqual({ VS_A: 'a-2', VS_B: 'b-1' });
    pass(30_000);
    await child.refresh();
    expect(settings()).toEqual({ VS_B: 'b-1' });
    expect(heard.splice(0)).toMatchObject([3, { setting: 'VS_A' }]);
    vault.trouble.clear();
    process.env['VS_C'] = ref('c');
    await child.bootstrap(options);
    expect(settings()).toEqual({ VS_A: 'a-2', VS_B: 'b-1', VS_C: 'c-1' });
    await Promise.resolve();
    expect(heard).toMatchObject([4, told('VS_A', undefined, 2)]);
  } finally {
    await child.reset();
  }
});

test('the channel hears of it too, though nobody has asked for anything yet', () => {
  const heard: unknown[] = [];
  const hear = (message: unknown) => void heard.push(message);
  diagnostics.subscribe('vaultstrap:rotated', hear);
  try {
    process.env['VS_A'] = ref('a');
    engine.bootstrapSync(QUIET);
    expect(heard).toEqual([]);
    process.env['VS_A'] = ref('b');
    engine.bootstrapSync(QUIET);
    expect(heard).toMatchObject([{ generation: 2, changed: [{ setting: 'VS_A', secret: 'b' }] }]);
  } finally {
    diagnostics.unsubscribe('vaultstrap:rotated', hear);
  }
});

describe('what the program has written over rotates for nobody', () => {
  const heard: string[] = [];
  beforeEach(() => {
    heard.length = 0;
    process.env['VS_A'] = ref('a');
    engine.onRotated(({ changed }) => void heard.push(...changed.map(({ setting }) => setting)));
  });

  test('though the twin that App Service gives it is still ours', async () => {
    Object.assign(process.env, { APPSETTING_VS_A: ref('a'), VS_B: ref('b'), APPSETTING_VS_B: ref('b') });
    engine.bootstrapSync(QUIET);
    Object.assign(process.env, { VS_A: 'mine', APPSETTING_VS_B: 'mine' });
    vault.set('a');
    vault.set('b');
    expect((await engine.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_B']);
    const { VS_A, VS_B } = settings();
    expect([VS_A, process.env['APPSETTING_VS_A'], VS_B, heard]).toEqual(['mine', 'a-2', 'b-2', ['VS_B']]);
  });

  test('nor while a later start was waiting for another secret in its place', async () => {
    engine.bootstrapSync(QUIET);
    Object.assign(process.env, { VS_A: ref('other'), VS_B: ref('b') });
    vault.hold();
    const waiting = engine.bootstrap(QUIET);
    process.env['VS_A'] = 'mine';
    vault.release();
    await waiting;
    expect([settings(), heard]).toEqual([{ VS_A: 'mine', VS_B: 'b-1' }, []]);
  });
});

test('what was written over is ours again with the start that takes it back', async () => {
  const reference = ref('a');
  process.env['VS_A'] = reference;
  engine.bootstrapSync(QUIET);
  process.env['VS_A'] = 'mine';
  await engine.refresh();
  expect(engine.report().settings).toMatchObject([{ overridden: true }]);
  process.env['VS_A'] = reference;
  engine.bootstrapSync(QUIET);
  expect(settings()).toEqual({ VS_A: 'a-1' });
  expect(engine.report().settings[0]).not.toHaveProperty('overridden');
});

test('another secret in the place of the one before is no older version of that', async () => {
  const heard: unknown[] = [];
  engine.onRotated(({ changed }) => void heard.push(...changed));
  vault.set('b');
  vault.set('b');
  pass(1000);
  process.env['VS_A'] = ref('a');
  engine.bootstrapSync(QUIET);
  process.env['VS_A'] = ref('b');
  engine.bootstrapSync(QUIET);
  expect(settings()).toEqual({ VS_A: 'b-2' });
  await Promise.resolve();
  expect(heard).toEqual([{ setting: 'VS_A', vault: 'shop', secret: 'b', toVersion: '2'.padStart(32, '0') }]);
});

test('a later start that is given no options has those of the first', async () => {
  const options = { ...QUIET, onError: 'unset', refreshSeconds: 7 } as const;
  process.env['VS_A'] = ref('a');
  await engine.bootstrap(options);
  const nextMs = () => Date.parse(engine.report().nextRefreshAt ?? '') - Date.now();
  expect(nextMs()).toBeLessThanOrEqual(7000);
  process.env['VS_B'] = ref('b');
  vault.trouble.set('b', 'forbidden');
  engine.bootstrapSync({ log: undefined });
  expect(engine.report()).toMatchObject({ status: 'degraded', generation: 2 });
  expect(nextMs()).toBeLessThanOrEqual(7000);
  expect(() => engine.bootstrapSync({ ...options, onError: 'keep' })).toThrow('other options');
});

test('options that were malformed started nothing: the next ones are the first', () => {
  process.env['VS_A'] = ref('a');
  expect(() => engine.bootstrapSync({ ...QUIET, refreshSeconds: -1 })).toThrow('refreshSeconds');
  engine.bootstrapSync({ ...QUIET, refreshSeconds: 7 });
  expect(() => engine.bootstrapSync(QUIET)).toThrow('other options');
  expect(settings()).toEqual({ VS_A: 'a-1' });
});

test('a start that is under way is joined with its own options, and no others', async () => {
  process.env['VS_A'] = ref('a');
  engine.start(QUIET);
  expect(() => engine.bootstrapSync({ ...QUIET, onError: 'keep' })).toThrow('other options');
  expect(settings()).toEqual({});
  engine.bootstrapSync(QUIET);
  expect(settings()).toEqual({ VS_A: 'a-1' });
});

test('what the platform had resolved stays that for a later start and for a child, though it has rotated since', async () => {
  const pointer = ref('a').replace('@', '@Microsoft.');
  process.env['WEBSITE_KEYVAULT_REFERENCES'] = JSON.stringify({
    VS_A: { rawReference: pointer, status: 'Resolved' },
    VS_B: { rawReference: ref('b'), status: 'VaultNotFound' },
  });
  Object.assign(process.env, { VS_A: 'of the platform', VS_B: ref('b') });
  const child = createEngine();
  const b = { setting: 'VS_B' };
  try {
    engine.bootstrapSync(QUIET);
    await engine.refresh();
    vault.trouble.set('a', 'forbidden');
    await engine.refresh();
    process.env['VS_C'] = ref('c');
    engine.bootstrapSync(QUIET);
    await engine.refresh();
    expect(engine.report()).toMatchObject({ settings: [{ setting: 'VS_A', origin: 'platform', kept: true }, b, {}] });
    expect(engine.report().settings[0]).not.toHaveProperty('wouldFailAtStart');
    // A child, an hour later: a start neither asks for it nor fails without it, and its own children are told the same.
    pass(3_600_000);
    child.bootstrapSync(QUIET);
    const a = { origin: 'platform', version: '1'.padStart(32, '0'), ageSeconds: 3600 };
    expect(child.report()).toMatchObject({ status: 'ready', settings: [a, { ...b, origin: 'inherited' }, {}] });
    expect(process.env['VAULTSTRAP_REFERENCES']).toContain(pointer);
    vault.trouble.clear();
    vault.set('a');
    await child.refresh();
    expect(settings()).toMatchObject({ VS_A: 'a-2' });
  } finally {
    await child.reset();
    delete process.env['WEBSITE_KEYVAULT_REFERENCES'];
  }
});

test('an inherited value that a failed start took away is back with the next', () => {
  process.env['VS_A'] = ref('a');
  engine.bootstrapSync(QUIET);
  // A process that inherits the environment, an hour later.
  const child = createEngine();
  pass(3_600_000);
  vault.trouble.set('a', 'forbidden');
  expect(() => child.bootstrapSync(QUIET)).toThrow('ERR_');
  expect(settings()).toEqual({});
  vault.trouble.clear();
  child.bootstrapSync(QUIET);
  expect(settings()).toEqual({ VS_A: 'a-1' });
  return child.reset();
});

describe('a new reference in a variable that had a value, taken out because the start failed', () => {
  test('does not get that value back with a refresh, but its own with the next start', async () => {
    Object.assign(process.env, { VS_A: ref('a'), VS_KEPT: ref('a') });
    engine.bootstrapSync(QUIET);
    Object.assign(process.env, { VS_A: ref('b'), VS_KEPT: ref('a'), VAULTSTRAP_REFRESH_SECONDS: 'often' });
    expect(() => engine.bootstrapSync(QUIET)).toThrow('VAULTSTRAP_REFRESH_SECONDS');
    // Put back as it was: that value is the right one.
    expect(settings()).toEqual({ VS_KEPT: 'a-1' });
    await engine.refresh();
    expect(settings()).toEqual({ VS_KEPT: 'a-1' });
    // And once more, now behind a start that failed.
    process.env['VS_KEPT'] = ref('a');
    expect(() => engine.bootstrapSync(QUIET)).toThrow('VAULTSTRAP_REFRESH_SECONDS');
    expect(settings()).toEqual({ VS_KEPT: 'a-1' });
    delete process.env['VAULTSTRAP_REFRESH_SECONDS'];
    engine.bootstrapSync(QUIET);
    expect(settings()).toEqual({ VS_A: 'b-1', VS_KEPT: 'a-1' });
  });
});
