// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test

import diagnostics from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as after from '../../src/after.js';
import { settingReport } from '../../src/report/report.js';
import { textOf } from '../../src/rotation/changes.js';
import { composeSettings } from '../../src/rotation/compose.js';
import { createRotator, type Rotator } from '../../src/rotation/rotator.js';
import type { Environment } from '../../src/settings/environment.js';
import { planSettings } from '../../src/settings/plan.js';
import { readProvenance } from '../../src/settings/provenance.js';
import type { Clock } from '../../src/support/clock.js';
import type { Result } from '../../src/support/failure.js';
import type { Log } from '../../src/support/log.js';
import { momentOf } from '../../src/support/moment.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import type { ReadAllLimits, ReadResults, VaultClient } from '../../src/vault/client.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { findCanary } from '../helpers/canary.js';
import { removeVariables } from '../helpers/environment.js';
import {
  ABSENT,
  bad,
  configOf,
  FORBIDDEN,
  good,
  NOW_MS,
  OUTAGE,
  ref,
  secretOf,
  V1,
  V2,
  V3,
} from '../helpers/fixtures.js';

/** Settings of this process that the tests own. */
const OWN = /^(VS_|APPSETTING_VS_|VAULTSTRAP_REFERENCES|WEBSITE_KEYVAULT_REFERENCES)/;
const clean = () => removeVariables(OWN);
const ownEnv = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => OWN.test(name)));

const lines: string[] = [];
const log: Log = {
  error: (line) => void lines.push(`error: ${line}`),
  warn: (line) => void lines.push(`warn: ${line}`),
  info: () => {},
  debug: () => {},
};

let nowMs = NOW_MS;
const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };

let rotator: Rotator;
let loadLater: () => typeof after;
let loadAhead: () => void;
let vault: Record<string, Result<SecretValue> | string>;
let asked: string[][];
let deadlines: number[];
let onAsked: () => void;
/** While set, reads wait for it. */
let gate: Promise<void> | undefined;

/** Secrets that answer late: not among those that are there when second tries end. */
let late: readonly string[];

const client = {
  readAll: async (
    reads: Iterable<{ key: string; secret: string }>,
    { onSome, deadlineMs }: Pick<ReadAllLimits, 'onSome' | 'deadlineMs'>,
  ): Promise<ReadResults> => {
    const wanted = [...reads];
    asked.push(wanted.map(({ secret }) => secret));
    deadlines.push(deadlineMs);
    onAsked();
    const answers = new Map(wanted.map(({ key, secret }) => [key, answer(secret)]));
    const isLate = (key: string) => wanted.some((read) => read.key === key && late.includes(read.secret));
    if (late.length > 0) onSome?.(new Map([...answers].filter(([key]) => !isLate(key))));
    await gate;
    return answers;
  },
  rest: () => {},
} as unknown as VaultClient;

function answer(secret: string): Result<SecretValue> {
  const found = vault[secret] ?? bad(ABSENT);
  return typeof found === 'string' ? good(found) : found;
}

/** Starts as the engine does: plan, read what has to be read, compose, apply. */
function start(settings: Environment, options: BootstrapOptions = {}): void {
  Object.assign(process.env, settings);
  const env = ownEnv();
  const config = configOf(options);
  const plan = planSettings(env, config, nowMs);
  const needed = new Set(plan.settings.filter((s) => s.readAtStart && !s.failure).flatMap((s) => s.reads));
  const results: ReadResults = new Map(
    [...plan.reads.values()].filter(({ key }) => needed.has(key)).map(({ key, secret }) => [key, answer(secret)]),
  );
  const composed = composeSettings(plan, (key) => results.get(key));
  const failed = composed.some(({ outcome }) => outcome.kind === 'failed') && config.onError === 'throw';
  rotator.begin({ plan, config, client, began: momentOf(clock) }, composed, results, !failed);
}

/** A settling time and more behind the one before: what it finds again is confirmed. */
function refreshLater() {
  nowMs += 60_000;
  return rotator.refresh();
}

function report(name: string) {
  const found = rotator.composed.find(({ planned }) => planned.setting === name);
  return found && settingReport(found, rotator.noteOf(name), new Map(), nowMs);
}

beforeEach(() => {
  clean();
  vault = {};
  asked = [];
  deadlines = [];
  onAsked = () => {};
  late = [];
  lines.length = 0;
  gate = undefined;
  nowMs = NOW_MS;
  rotator = createRotator(
    clock,
    () => log,
    () => loadLater(),
    () => loadAhead(),
  );
  loadLater = () => after;
  loadAhead = () => {};
});
afterEach(() => {
  rotator.reset();
  clean();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('start', () => {
  test('applies values to both twins, and tells children', () => {
    vault = { pw: 's3cret' };
    start({ VS_PW: ref(), APPSETTING_VS_PW: ref(), VS_URL: 'db://${VS_PW}', VS_PLAIN: '$x' });
    expect(ownEnv()).toMatchObject({
      VS_PW: 's3cret',
      APPSETTING_VS_PW: 's3cret',
      VS_URL: 'db://s3cret',
      VS_PLAIN: '$x',
    });
    const record = readProvenance(ownEnv());
    expect([...record.keys()].sort()).toEqual(['APPSETTING_VS_PW', 'VS_PW', 'VS_URL']);
    expect(record.get('VS_PW')).toMatchObject({ pointer: ref(), version: V1, resolvedAtMs: NOW_MS });
    expect(rotator.generation).toBe(1);
    expect(rotator.ageMs()).toBe(0);
  });

  test('a child that overrides what a text around a reference mentions finds its own value in it', () => {
    vault = { pw: 's', user: 'u' };
    start({ VS_URL: `${ref()}@\${VS_USER}`, VS_USER: ref('user') });
    const child = planSettings({ ...ownEnv(), VS_USER: 'mine' }, configOf(), nowMs + 3_600_000);
    const [url] = composeSettings(child, () => good('new'));
    expect(url && textOf(url)).toBe('new@mine');
  });

  test('that failed removes what failed, and is no generation', async () => {
    vault = { pw: bad(FORBIDDEN), ok: 'fine' };
    start({ VS_PW: ref(), VS_OK: ref('ok') });
    expect(process.env['VS_PW']).toBeUndefined();
    expect(process.env['VS_OK']).toBe('fine');
    expect(rotator.generation).toBe(0);
    expect(await rotator.refresh()).toEqual({ generation: 0, changed: [], failed: [] });
    expect(rotator.environmentToPlan()['VS_PW']).toBe(ref());
  });

  test('raw text that is to be kept is kept, through refreshes too, until it can be resolved', async () => {
    vault = { pw: bad(FORBIDDEN) };
    start({ VS_PW: ref(), VS_T: '<${VS_PW}>' }, { onError: 'keep' });
    expect(ownEnv()).toMatchObject({ VS_PW: ref(), VS_T: '<${VS_PW}>' });
    await rotator.refresh();
    await rotator.refresh();
    expect(ownEnv()).toMatchObject({ VS_PW: ref(), VS_T: '<${VS_PW}>' });
    vault = { pw: 's' };
    expect((await rotator.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_PW', 'VS_T']);
    expect(ownEnv()).toMatchObject({ VS_PW: 's', VS_T: '<s>' });
  });

  test('what is to be unset stays so until it can be resolved', async () => {
    vault = { pw: bad(OUTAGE) };
    start({ VS_PW: ref() }, { onError: 'unset' });
    await rotator.refresh();
    expect(process.env['VS_PW']).toBeUndefined();
    vault = { pw: 's' };
    await rotator.refresh();
    expect(process.env['VS_PW']).toBe('s');
  });

  test('what a start did without is no error of a refresh: a restart would do without it, too', async () => {
    vault = { pw: bad(FORBIDDEN) };
    start({ VS_PW: ref() }, { onError: 'unset' });
    nowMs += 3_600_000;
    await rotator.refresh();
    await rotator.refresh();
    expect(lines).toEqual([expect.stringMatching(/^warn: VS_PW is not resolved \(ERR_VAULT_RBAC\)/)]);
    expect(lines[0]).not.toContain('A restart now would fail');
    expect(report('VS_PW')).not.toHaveProperty('wouldFailAtStart');
  });

  test('what a start has said is not said again within the hour; another trouble is', async () => {
    vault = { pw: bad(FORBIDDEN) };
    start({ VS_PW: ref(), VS_T: 'x${VS_PW}' }, { onError: 'unset' });
    nowMs += 3_599_999;
    expect((await rotator.refresh()).failed).toEqual(['VS_PW', 'VS_T']);
    expect(lines).toEqual([]);
    vault = { pw: bad(OUTAGE) };
    await rotator.refresh();
    expect(lines).toEqual([expect.stringMatching(/^warn: VS_PW is not resolved \(ERR_VAULT_UNAVAILABLE\)/)]);
  });

  test('that fails after another: what it did give rotates, and stays in the report', async () => {
    vault = { pw: 's', more: 'm' };
    start({ VS_PW: ref() });
    start({ VS_PW: ref(), VS_MORE: ref('more'), VS_GONE: ref('gone') });
    expect(ownEnv()).toMatchObject({ VS_PW: 's', VS_MORE: 'm' });
    vault['more'] = good('new', { version: V2 });
    expect((await rotator.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_MORE']);
    expect(process.env['VS_MORE']).toBe('new');
    expect(report('VS_MORE')).toMatchObject({ status: 'Resolved' });
    expect(report('VS_GONE')).toMatchObject({ status: 'SecretNotFound', unset: true });
    expect(asked).toEqual([['more', 'pw']]);
    expect(process.env).not.toHaveProperty('VS_GONE');
  });

  test('behind another tells what is different, and from which version; nothing of what is new or failed', async () => {
    const told: unknown[] = [];
    const onEvent = (message: unknown) => void told.push(message);
    diagnostics.subscribe('vaultstrap:rotated', onEvent);
    try {
      rotator.onRotated(() => {});
      vault = { pw: 'old', bad: bad(FORBIDDEN) };
      const settings = { VS_PW: ref(), VS_BAD: ref('bad') };
      start(settings, { onError: 'unset' });
      start({ ...settings, VS_NEW: ref() }, { onError: 'unset' });
      expect(told).toEqual([]);
      vault = { pw: good('new', { version: V2 }), bad: 'well' };
      start({ ...settings, VS_NEW: ref() }, { onError: 'unset' });
      const change = { vault: 'shop', secret: 'pw', fromVersion: V1, toVersion: V2 };
      expect(told).toEqual([
        {
          generation: 3,
          changed: [
            { setting: 'VS_NEW', ...change },
            { setting: 'VS_PW', ...change },
          ],
        },
      ]);
    } finally {
      diagnostics.unsubscribe('vaultstrap:rotated', onEvent);
    }
  });

  test('what somebody else has written over does not rotate for anybody', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref() });
    const heard: unknown[] = [];
    rotator.onRotated((rotation) => void heard.push(rotation));
    process.env['VS_PW'] = 'mine';
    vault = { pw: good('new', { version: V2 }) };
    expect(await rotator.refresh()).toMatchObject({ generation: 1, changed: [] });
    expect(process.env['VS_PW']).toBe('mine');
    expect(report('VS_PW')).toMatchObject({ overridden: true });
    expect(heard).toEqual([]);
  });

  describe('a listener to a name that nothing has', () => {
    const warning = (name: string) => `warn: onRotated listens to ${name}, and there is no such setting so far.`;
    const listenTo = (name: string) => rotator.onRotated(() => {}, name);

    test('after the start: one line, once', async () => {
      vault = { pw: 's' };
      start({ VS_PASSWORD: ref() });
      for (const name of ['VS_PASSWROD', 'VS_PASSWROD', 'VS_PASSWORD']) listenTo(name);
      expect(lines).toEqual([warning('VS_PASSWROD')]);
      await rotator.refresh();
      expect(lines).toEqual([warning('VS_PASSWROD')]);
    });

    test('before the start: nothing until a refresh has shown that it did not come', async () => {
      listenTo('VS_PASSWORD');
      listenTo('VS_TYPO');
      listenTo('VS_GONE')();
      await rotator.refresh();
      vault = { pw: 's' };
      start({ VS_PASSWORD: ref() });
      expect(lines).toEqual([]);
      await rotator.refresh();
      await rotator.refresh();
      expect(lines).toEqual([warning('VS_TYPO')]);
    });

    test('a plain value, a template, and a secret that is left out are settings, too', async () => {
      vault = { pw: 's' };
      start({ VS_PW: ref(), VS_URL: 'db://${VS_PW}', VS_PLAIN: 'x', VS_NONE: ref('none', 'Optional=true') });
      for (const name of ['VS_PW', 'VS_URL', 'VS_PLAIN', 'VS_NONE']) listenTo(name);
      await rotator.refresh();
      expect(lines).toEqual([]);
    });
  });

  test('somebody else was faster', async () => {
    vault = { pw: 's' };
    Object.assign(process.env, { VS_PW: ref() });
    const config = configOf();
    const plan = planSettings(ownEnv(), config, nowMs);
    process.env['VS_PW'] = 'mine';
    const results: ReadResults = new Map([...plan.reads.keys()].map((key) => [key, good('s')]));
    rotator.begin(
      { plan, config, client, began: momentOf(clock) },
      composeSettings(plan, (key) => results.get(key)),
      results,
      true,
    );
    expect(process.env['VS_PW']).toBe('mine');
    expect(report('VS_PW')).toMatchObject({ overridden: true });
    expect(readProvenance(ownEnv()).size).toBe(0);
    vault = { pw: good('s2', { version: V2 }) };
    expect(await rotator.refresh()).toMatchObject({ generation: 1, changed: [] });
    expect(report('VS_PW')).toMatchObject({ overridden: true });
    process.env['VS_PW'] = ref();
    await rotator.refresh();
    expect(process.env['VS_PW']).toBe('s2');
    expect(report('VS_PW')).not.toHaveProperty('overridden');
  });

  test('takeOut removes the raw references, and only those, until their values are there', () => {
    Object.assign(process.env, { VS_PW: ref(), VS_T: '${VS_PW}', VS_PLAIN: 'x' });
    const plan = planSettings(ownEnv(), configOf(), nowMs);
    rotator.takeOut(plan);
    expect(ownEnv()).toEqual({ VS_PLAIN: 'x' });
    expect(rotator.environmentToPlan()).toMatchObject({ VS_PW: ref(), VS_T: '${VS_PW}' });
    rotator.reset();
    expect(ownEnv()).toMatchObject({ VS_PW: ref(), VS_T: '${VS_PW}' });
  });
});

describe('refresh', () => {
  test('applies what changed in one step, and says so without values', async () => {
    vault = { pw: 'c4nary-1', other: 'c4nary-o' };
    start({ VS_PW: ref(), VS_URL: 'db://${VS_PW}', VS_OTHER: ref('other') });
    const events: unknown[] = [];
    const onEvent = (message: unknown) => void events.push(message);
    diagnostics.subscribe('vaultstrap:rotated', onEvent);
    diagnostics.subscribe('vaultstrap:refresh', onEvent);
    const heard = vi.fn();
    rotator.onRotated(heard);
    nowMs += 1000;
    vault = { ...vault, pw: good('c4nary-2', { version: V2 }) };
    const result = await rotator.refresh();
    await Promise.resolve();
    diagnostics.unsubscribe('vaultstrap:rotated', onEvent);
    diagnostics.unsubscribe('vaultstrap:refresh', onEvent);
    const changed = [
      { setting: 'VS_PW', vault: 'shop', secret: 'pw', fromVersion: V1, toVersion: V2 },
      { setting: 'VS_URL' },
    ];
    expect(result).toEqual({ generation: 2, changed, failed: [] });
    expect(heard.mock.calls).toEqual([[{ generation: 2, changed }]]);
    expect(events).toEqual([
      { generation: 2, changed },
      { ...result, startedAtMs: nowMs, durationMs: 0 },
    ]);
    expect(ownEnv()).toMatchObject({ VS_PW: 'c4nary-2', VS_URL: 'db://c4nary-2', VS_OTHER: 'c4nary-o' });
    expect(readProvenance(ownEnv()).get('VS_PW')).toMatchObject({ version: V2, resolvedAtMs: nowMs });
    expect(findCanary([result, events, report('VS_PW'), report('VS_URL'), lines], 'c4nary')).toEqual([]);
  });

  test('rotates what shares a template with a secret that could never be read', async () => {
    // A mistake in one reference, which the app starts without.
    const refused = bad({ ...FORBIDDEN, status: 'InvalidSyntax', code: 'ERR_HOST_NOT_ALLOWED' });
    vault = { pw: 'old', wrong: refused };
    start({ VS_PW: ref(), VS_WRONG: ref('wrong'), VS_URL: '${VS_PW}@${VS_WRONG}' }, { onError: 'unset' });
    vault = { pw: good('new', { version: V2 }), wrong: refused };
    expect((await rotator.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_PW']);
    expect(process.env['VS_PW']).toBe('new');
  });

  test('in an environment that an app has frozen fails as a whole, and throws nothing in the background', async () => {
    const { env } = process;
    vault = { pw: 'a1', slow: 's1' };
    start({ VS_PW: ref(), VS_SLOW: ref('slow') });
    vault = { pw: good('a2', { version: V2 }), slow: 's1' };
    const reads = vi.spyOn(client, 'readAll');
    try {
      process.env = Object.freeze({ ...env });
      await expect(rotator.refresh()).rejects.toThrow(TypeError);
      // Called by a timer of the client: there is nobody to catch it.
      const onSome = reads.mock.calls[0]?.[1].onSome;
      expect(onSome).toBeTypeOf('function');
      expect(() => onSome?.(new Map())).not.toThrow();
      expect(process.env['VS_PW']).toBe('a1');
    } finally {
      process.env = env;
      reads.mockRestore();
    }
  });

  test('does not let what hangs hold up the rest; but a group moves as a whole', async () => {
    vault = { pw: 'a1', user: 'u1', slow: 's1' };
    start({ VS_PW: ref(), VS_PAIR: `${ref('user')}:${ref('slow')}` }, { settleSeconds: 0 });
    const heard: unknown[] = [];
    rotator.onRotated(({ changed }) => void heard.push(changed.map(({ setting }) => setting)));
    vault = { pw: good('a2', { version: V2 }), user: good('u2', { version: V2 }), slow: good('s2', { version: V2 }) };
    late = ['slow'];
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const refreshing = rotator.refresh();
    await vi.waitFor(() => expect(process.env['VS_PW']).toBe('a2'));
    expect(process.env['VS_PAIR']).toBe('u1:s1');
    open();
    expect(await refreshing).toMatchObject({ generation: 3, changed: [{ setting: 'VS_PW' }, { setting: 'VS_PAIR' }] });
    expect(process.env['VS_PAIR']).toBe('u2:s2');
    expect(heard).toEqual([['VS_PW'], ['VS_PAIR']]);
  });

  test('without a change is silent', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    const heard = vi.fn();
    rotator.onRotated(heard);
    nowMs += 5000;
    expect(await rotator.refresh()).toEqual({ generation: 1, changed: [], failed: [] });
    expect(rotator.ageMs()).toBe(0);
    expect(heard).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  test('one that fails keeps its value, and does not hold back the others', async () => {
    vault = { a: 'a1', b: 'b1' };
    start({ VS_A: ref('a'), VS_B: ref('b') });
    nowMs += 10_000;
    vault = { a: bad(OUTAGE), b: 'b2' };
    expect(await rotator.refresh()).toMatchObject({ generation: 2, failed: ['VS_A'], changed: [{ setting: 'VS_B' }] });
    expect(ownEnv()).toMatchObject({ VS_A: 'a1', VS_B: 'b2' });
    expect(report('VS_A')).toMatchObject({
      status: 'OtherReasons',
      code: 'ERR_VAULT_UNAVAILABLE',
      kept: true,
      ageSeconds: 10,
    });
    expect(report('VS_A')).not.toHaveProperty('wouldFailAtStart');
    // Not complete: the age goes on.
    expect(rotator.ageMs()).toBe(10_000);
    vault = { a: 'a2', b: 'b2' };
    await rotator.refresh();
    expect(process.env['VS_A']).toBe('a2');
    expect(report('VS_A')).toMatchObject({ status: 'Resolved' });
    expect(rotator.ageMs()).toBe(0);
  });

  test('a value that cannot be applied keeps the old one, in its templates too', async () => {
    vault = { pw: 'fine' };
    start({ VS_PW: ref(), VS_T: '<${VS_PW}>' });
    for (const value of ['x\0', 'x'.repeat(40_000), '\uD800']) {
      nowMs += 10_000;
      vault = { pw: value };
      expect((await rotator.refresh()).failed).toEqual(['VS_PW', 'VS_T']);
      expect(ownEnv()).toMatchObject({ VS_PW: 'fine', VS_T: '<fine>' });
    }
    expect(rotator.generation).toBe(1);
    // Of the value in use, and not of the one that cannot be.
    expect([report('VS_PW')?.ageSeconds, report('VS_T')?.ageSeconds]).toEqual([30, 30]);
  });

  test('gives up on what hangs, yields to a vault that throttles, and leaves no connection open', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    const reads = vi.spyOn(client, 'readAll');
    const rests = vi.spyOn(client, 'rest');
    await rotator.refresh();
    expect(reads.mock.calls[0]?.[1]).toMatchObject({
      retryUntilMs: nowMs + 2000,
      deadlineMs: nowMs + 15_000,
      failFast: false,
      isRefresh: true,
    });
    expect(rests).toHaveBeenCalledTimes(1);
  });

  test('says that the version it found ends soon', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref() });
    vault = { pw: good('new', { version: V2, expiresOnMs: nowMs + 86_400_000 }) };
    await rotator.refresh();
    await rotator.refresh();
    expect(lines).toEqual([expect.stringMatching(/^warn: secret 'pw' .* expires on .*, in a day\.$/)]);
  });

  test('reads a pinned version that was inherited, once', async () => {
    const pinned = ref('pw', `SecretVersion=${V1}`);
    vault = { pw: 's' };
    start({ VS_PW: pinned });
    const inherited = ownEnv();
    rotator.reset();
    asked = [];
    start(inherited);
    for (let i = 0; i < 2; i++) expect(await rotator.refresh()).toMatchObject({ failed: [], changed: [] });
    expect(asked).toEqual([['pw'], []]);
  });

  test('tells of a setting of which somebody has written over one variable: the other one changed', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref(), APPSETTING_VS_PW: ref() });
    process.env['APPSETTING_VS_PW'] = 'mine';
    vault = { pw: good('new', { version: V2 }) };
    expect((await rotator.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_PW']);
    expect(ownEnv()).toMatchObject({ VS_PW: 'new', APPSETTING_VS_PW: 'mine' });
  });

  test('pinned versions are read once', async () => {
    vault = { pw: 's', pinned: 'p' };
    start({ VS_PW: ref(), VS_PINNED: ref('pinned', `SecretVersion=${V1}`) });
    await rotator.refresh();
    expect(asked).toEqual([['pw']]);
  });

  test('calls share one refresh', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    await Promise.all([rotator.refresh(), rotator.refresh(), rotator.refreshOrJoin()]);
    expect(asked).toHaveLength(1);
    await rotator.refresh();
    expect(asked).toHaveLength(2);
  });

  test('what was read before the process stood still is as old as that', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const asking = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    nowMs += 10_000;
    const refreshing = rotator.refresh();
    await asking;
    nowMs += 3_600_000;
    resolve();
    await refreshing;
    expect(rotator.ageMs()).toBe(3_600_000);
  });

  test('a call does not join a tick that may have read before what the caller knows of', async () => {
    vi.useFakeTimers();
    vault = { pw: 'old' };
    start({ VS_PW: ref() }, { refreshSeconds: 10 });
    rotator.startClock();
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(1);
    vault = { pw: 'new' };
    const [mine, yours] = [rotator.refresh(), rotator.refresh()];
    gate = undefined;
    open();
    expect((await mine).changed).toMatchObject([{ setting: 'VS_PW' }]);
    expect(process.env['VS_PW']).toBe('new');
    await yours;
    expect(asked).toHaveLength(2);
  });

  test('an urgent one never joins a refresh that began before it; urgent ones share', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref() });
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const asking = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    const earlier = rotator.refresh();
    await asking;
    vault = { pw: 'new' };
    const urgent = [rotator.refresh('VS_PW'), rotator.refresh('VS_PW')];
    expect(asked).toHaveLength(1);
    gate = undefined;
    open();
    expect((await earlier).changed).toEqual([]);
    await Promise.all(urgent);
    expect(process.env['VS_PW']).toBe('new');
    expect(asked).toHaveLength(2);
  });

  test('an urgent one comes even when the one before it broke, and the next one too', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    const broken = vi.spyOn(client, 'readAll').mockRejectedValueOnce(new Error('impossible'));
    const first = rotator.refresh().catch(() => 'broke');
    const urgent = rotator.refresh('VS_PW');
    expect(await first).toBe('broke');
    expect((await urgent).failed).toEqual([]);
    broken.mockRejectedValueOnce(new Error('impossible'));
    await rotator.refresh('VS_PW').catch(() => {});
    expect((await rotator.refresh('VS_PW')).failed).toEqual([]);
    broken.mockRestore();
  });

  test('an urgent one reads its own setting and what moves with it, and is no tick', async () => {
    vault = { user: 'u', pw: 's', other: 'o' };
    start({ VS_URL: `${ref('user')}:${ref()}`, VS_PW: ref(), VS_OTHER: ref('other') });
    asked = [];
    const age = rotator.ageMs();
    nowMs += 5000;
    await rotator.refresh('VS_PW');
    expect(asked.map((keys) => keys.toSorted())).toEqual([['pw', 'user']]);
    expect(rotator.ageMs()).toBe((age ?? 0) + 5000);
  });

  test('overtaken by another start asks again, for what that has', async () => {
    vault = { pw: 'old', more: 'm' };
    start({ VS_PW: ref() });
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const refresh = rotator.refresh();
    start({ VS_PW: ref(), VS_MORE: ref('more') });
    vault = { pw: good('new', { version: V2 }), more: 'm' };
    asked = [];
    open();
    expect((await refresh).changed.map(({ setting }) => setting)).toEqual(['VS_PW']);
    expect(ownEnv()).toMatchObject({ VS_PW: 'new', VS_MORE: 'm' });
    expect(asked).toEqual([['more', 'pw']]);
  });

  test('overtaken before its first answers, it takes none of them over, and tells what it finds then', async () => {
    vault = { pw: 'old', slow: 's' };
    start({ VS_PW: ref(), VS_SLOW: ref('slow') });
    late = ['slow'];
    onAsked = () => {
      onAsked = () => {};
      start({ VS_MORE: ref('slow') });
      vault = { ...vault, pw: good('new', { version: V2 }) };
    };
    const heard = vi.fn();
    rotator.onRotated(heard);
    expect(await rotator.refresh()).toMatchObject({ generation: 3, changed: [{ setting: 'VS_PW' }] });
    expect(heard).toHaveBeenCalledTimes(1);
    expect(process.env['VS_PW']).toBe('new');
  });

  test('overtaken again and again it ends with its time', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    asked = [];
    // Each start comes in while the one before it is being answered, and there is no end of them.
    onAsked = () => {
      nowMs += 4000;
      if (asked.length < 100) start({ VS_PW: ref() });
    };
    expect(await rotator.refresh()).toMatchObject({ changed: [], failed: [] });
    expect(asked).toHaveLength(4);
    expect(new Set(deadlines).size).toBe(1);
  });

  test('after a reset an answer that is still under way changes nothing', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref() });
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const asking = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    vault = { pw: 'new' };
    late = ['pw'];
    const refreshing = rotator.refresh();
    await asking;
    rotator.reset();
    open();
    expect(await refreshing).toEqual({ generation: 0, changed: [], failed: [] });
    expect(ownEnv()).toEqual({ VS_PW: ref() });
    expect([rotator.generation, rotator.composed, rotator.ageMs()]).toEqual([0, [], undefined]);
  });

  test('a variable that somebody else has written is left alone, and said to be', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref(), VS_T: '<${VS_PW}>' });
    process.env['VS_PW'] = 'mine';
    vault = { pw: 'new' };
    await rotator.refresh();
    expect(ownEnv()).toMatchObject({ VS_PW: 'mine', VS_T: '<new>' });
    expect(report('VS_PW')).toMatchObject({ overridden: true });
    expect([...readProvenance(ownEnv()).keys()]).toEqual(['VS_T']);
  });

  test('user and password move together, once both have settled', async () => {
    const at = (value: string, version: string, ageS: number) =>
      good(value, { version, updatedMs: nowMs - ageS * 1000, repliedAtMs: nowMs });
    vault = { user: at('u1', V1, 900), pw: at('p1', V1, 900) };
    start({ VS_USER: ref('user'), VS_PW: ref(), VS_URL: '${VS_USER}:${VS_PW}' });
    vault = { ...vault, user: at('u2', V2, 5) };
    expect(await rotator.refresh()).toMatchObject({ changed: [], failed: [] });
    // Not even alone: the app may use them together without a template.
    expect(ownEnv()).toMatchObject({ VS_USER: 'u1', VS_URL: 'u1:p1' });
    nowMs += 40_000;
    vault = { user: at('u2', V2, 45), pw: at('p2', V2, 31) };
    expect((await rotator.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_PW', 'VS_USER', 'VS_URL']);
    expect(process.env['VS_URL']).toBe('u2:p2');
  });

  test('nor does one move while the other cannot be read: it may be the second half of the same change', async () => {
    const at = (value: string, version: string) =>
      good(value, { version, updatedMs: nowMs - 900_000, repliedAtMs: nowMs });
    vault = { user: at('u1', V1), pw: at('p1', V1) };
    start({ VS_URL: `${ref('user')}:${ref()}` });
    vault = { user: at('u2', V2), pw: bad(OUTAGE) };
    expect(await rotator.refresh()).toMatchObject({ changed: [], failed: ['VS_URL'] });
    expect(process.env['VS_URL']).toBe('u1:p1');
    vault = { user: at('u2', V2), pw: at('p2', V2) };
    await rotator.refresh();
    expect(process.env['VS_URL']).toBe('u2:p2');
  });

  test('an urgent one does not wait for settling', async () => {
    const at = (value: string, version: string) =>
      good(value, { version, updatedMs: nowMs - 1000, repliedAtMs: nowMs });
    vault = { user: at('u1', V1), pw: at('p1', V1) };
    start({ VS_URL: `${ref('user')}:${ref()}` });
    vault = { ...vault, pw: at('p2', V2) };
    await rotator.refresh();
    expect(process.env['VS_URL']).toBe('u1:p1');
    await rotator.refresh('VS_URL');
    expect(process.env['VS_URL']).toBe('u1:p2');
  });

  test('an urgent one that may have been halfway is followed by another read, once its group has settled', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const at = (value: string, version: string, ageS: number) =>
      good(value, { version, updatedMs: nowMs - ageS * 1000, repliedAtMs: nowMs });
    vault = { user: at('u1', V1, 900), pw: at('p1', V1, 900) };
    start({ VS_URL: `${ref('user')}:${ref()}` }, { refreshSeconds: 86_400 });
    rotator.startClock();
    const byTheClock = rotator.nextRefreshAtMs();
    await rotator.refresh('VS_URL');
    expect(rotator.nextRefreshAtMs()).toBe(byTheClock);
    vault = { ...vault, pw: at('p2', V2, 1) };
    await rotator.refresh('VS_URL');
    expect(process.env['VS_URL']).toBe('u1:p2');
    expect(rotator.nextRefreshAtMs()).toBe(Date.now() + 29_000 + 15_000);
  });
});

describe('the record of a refresh with nothing changed', () => {
  const later = async () => {
    nowMs += 60_000;
    await rotator.refresh();
    return readProvenance(ownEnv());
  };
  const textInPlace = () => ownEnv()['VAULTSTRAP_REFERENCES'];

  test('stays as it is, and has a later time: the C library never frees what is set', async () => {
    vault = { pw: 'a', user: 'u' };
    start({ VS_PW: ref(), VS_USER: ref('user') });
    const before = textInPlace();
    for (let i = 0; i < 3; i++) {
      const record = await later();
      expect([...record.values()].map(({ resolvedAtMs }) => resolvedAtMs)).toEqual([nowMs, nowMs]);
    }
    expect(textInPlace()).toBe(before);
    expect(ownEnv()['VAULTSTRAP_REFERENCES_AT']).toBe(new Date(nowMs).toISOString());
    vault = { pw: 'b', user: 'u' };
    expect((await later()).get('VS_PW')?.resolvedAtMs).toBe(nowMs);
    expect(textInPlace()).not.toBe(before);
    expect(ownEnv()['VAULTSTRAP_REFERENCES_AT']).toBeUndefined();
  });

  test('does not say that of what was not read: a pinned version, a secret that could not be had', async () => {
    vault = { pw: 'a', user: 'u', old: 'o' };
    start({ VS_PW: ref(), VS_USER: ref('user'), VS_OLD: ref('old', `SecretVersion=${V1}`) });
    const beganMs = nowMs;
    await later();
    const text = textInPlace();
    const timesOf = (record: ReturnType<typeof readProvenance>) =>
      ['VS_PW', 'VS_USER', 'VS_OLD'].map((name) => (record.get(name)?.resolvedAtMs ?? 0) - beganMs);
    expect(timesOf(await later())).toEqual([120_000, 120_000, 0]);
    expect(textInPlace()).toBe(text);
    vault = { ...vault, user: bad(OUTAGE) };
    expect(timesOf(await later())).toEqual([180_000, 120_000, 0]);
    expect(timesOf(await later())).toEqual([240_000, 120_000, 0]);
    vault = { ...vault, user: 'u' };
    expect(timesOf(await later())).toEqual([300_000, 300_000, 0]);
  });

  test('is written whole again when the clock was set back: its time is one to come', async () => {
    vault = { pw: 'a' };
    start({ VS_PW: ref() });
    nowMs -= 3_600_000;
    expect((await later()).get('VS_PW')?.resolvedAtMs).toBe(nowMs);
    expect(ownEnv()['VAULTSTRAP_REFERENCES_AT']).toBeUndefined();
  });

  test('is written whole again where it is gone, or somebody else has written it', async () => {
    vault = { pw: 'a' };
    start({ VS_PW: ref() });
    await later();
    process.env['VAULTSTRAP_REFERENCES'] = '{}';
    expect((await later()).get('VS_PW')?.resolvedAtMs).toBe(nowMs);
    expect(ownEnv()['VAULTSTRAP_REFERENCES_AT']).toBeUndefined();
  });
});

describe('absent secrets', () => {
  test('an optional one that turns up is written; one that goes is kept', async () => {
    start({ VS_O: ref('o', 'Optional=true') });
    expect('VS_O' in process.env).toBe(false);
    expect(await rotator.refresh()).toMatchObject({ failed: [], changed: [] });
    vault = { o: 'here' };
    expect((await rotator.refresh()).changed).toEqual([{ setting: 'VS_O', vault: 'shop', secret: 'o', toVersion: V1 }]);
    expect(process.env['VS_O']).toBe('here');
    vault = {};
    expect((await rotator.refresh()).failed).toEqual(['VS_O']);
    expect(process.env['VS_O']).toBe('here');
    // A restart would not fail: it would do without. Without the right to read it, it would.
    expect(report('VS_O')).toMatchObject({ kept: true });
    expect(report('VS_O')).not.toHaveProperty('wouldFailAtStart');
    expect(lines).toEqual([expect.stringMatching(/^warn: VS_O keeps its last good value/)]);
    vault = { o: bad(FORBIDDEN) };
    await rotator.refresh();
    expect(report('VS_O')).toMatchObject({ wouldFailAtStart: true });
    expect(lines[1]).toMatch(/^error: VS_O .*\. A restart now would fail\. Hint: /);
  });

  test('a default goes on answering, beside secrets that exist too', async () => {
    vault = { pw: 's' };
    start({ VS_D: `${ref('user', 'Default=app')}:${ref()}` });
    expect(process.env['VS_D']).toBe('app:s');
    nowMs += 1000;
    expect(await rotator.refresh()).toMatchObject({ failed: [], changed: [] });
    expect(report('VS_D')).toMatchObject({ status: 'SecretNotFound', usedDefault: true });
    expect(report('VS_D')).not.toHaveProperty('kept');
    expect(rotator.ageMs()).toBe(0);
    expect(lines).toEqual([]);
  });

  test('what a parent had, or the platform, is kept when it goes: a default is for a start', async () => {
    for (const onRevoked of ['keep', 'unset'] as const) {
      vault = { d: 'here', o: 'here', p: 'here' };
      start({ VS_D: ref('d', 'Default=other'), VS_O: ref('o', 'Optional=true'), VS_T: '<${VS_D}>' });
      const inherited = ownEnv();
      rotator.reset();
      vault = {};
      const record = { VS_P: { rawReference: ref('p', 'Default=other'), status: 'Resolved' } };
      const settings = { ...inherited, VS_P: 'here', WEBSITE_KEYVAULT_REFERENCES: JSON.stringify(record) };
      start(settings, { onRevoked });
      const result = await rotator.refresh();
      expect(result).toMatchObject({ changed: [], failed: expect.arrayContaining(['VS_D', 'VS_O']) });
      expect(ownEnv()).toMatchObject({ VS_D: 'here', VS_O: 'here', VS_T: '<here>', VS_P: 'here' });
      expect(report('VS_D')).toMatchObject({ status: 'SecretNotFound', kept: true });
      await refreshLater();
      expect(process.env['VS_D']).toBe(onRevoked === 'keep' ? 'here' : undefined);
      rotator.reset();
      clean();
    }
  });

  test('they are no revoked ones', async () => {
    start({ VS_D: ref('d', 'Default=d'), VS_O: ref('o', 'Optional=true') }, { onRevoked: 'unset' });
    for (let i = 0; i < 3; i++) expect((await refreshLater()).failed).toEqual([]);
    expect(ownEnv()).toMatchObject({ VS_D: 'd' });
  });
});

describe('revoked secrets', () => {
  test('keep their value by default, with an error at once and hourly', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    vault = { pw: bad(FORBIDDEN) };
    await rotator.refresh();
    await rotator.refresh();
    expect(process.env['VS_PW']).toBe('s');
    expect(report('VS_PW')).toMatchObject({ status: 'AccessToKeyVaultDenied', kept: true, wouldFailAtStart: true });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^error: VS_PW keeps its last good value \(ERR_VAULT_RBAC\).*\. A restart now would fail\. Hint: /,
    );
    nowMs += 3_600_000;
    await rotator.refresh();
    expect(lines).toHaveLength(2);
    // A refusal is an answer: there is nothing fresher to wait for.
    expect(rotator.ageMs()).toBe(0);
  });

  test('one that came back and goes again is news', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    for (const answer of [bad(OUTAGE), bad(OUTAGE), good('s'), bad(OUTAGE)]) {
      nowMs += 60_000;
      vault = { pw: answer };
      await rotator.refresh();
    }
    expect(lines).toEqual(Array(2).fill(expect.stringMatching(/^warn: VS_PW keeps its last good value/)));
  });

  test('an error comes at once although a warning was printed a minute before', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    for (const failure of [OUTAGE, OUTAGE, FORBIDDEN, OUTAGE, FORBIDDEN]) {
      nowMs += 60_000;
      vault = { pw: bad(failure) };
      await rotator.refresh();
    }
    expect(lines.map((line) => line.split(':', 1)[0])).toEqual(['warn', 'error']);
  });

  test('so does one for another refusal: somebody has tried to mend the first', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() });
    for (const answer of [bad(ABSENT), bad(ABSENT), bad(FORBIDDEN), 'x\0', 'x\0', bad(OUTAGE)]) {
      nowMs += 60_000;
      vault = { pw: answer };
      await rotator.refresh();
    }
    expect(lines.map((line) => /^error: .* \((\w+)\)/.exec(line)?.[1])).toEqual([
      ...['ERR_SECRET_NOT_FOUND', 'ERR_VAULT_RBAC', 'ERR_VALUE_NUL'],
    ]);
  });

  test('are unset on the second refusal if so configured, with what is made of them, and come back', async () => {
    vault = { pw: 's', other: 'o' };
    start({ VS_PW: ref(), VS_T: '<${VS_PW}>', VS_TT: '${VS_T}', VS_O: ref('other') }, { onRevoked: 'unset' });
    vault = { pw: bad(FORBIDDEN), other: 'o' };
    await rotator.refresh();
    expect(ownEnv()).toMatchObject({ VS_PW: 's', VS_T: '<s>' });
    const result = await refreshLater();
    const env = ownEnv();
    for (const name of ['VS_PW', 'VS_T', 'VS_TT']) expect(name in env, name).toBe(false);
    expect(env['VS_O']).toBe('o');
    expect(result.changed.map(({ setting }) => setting)).toEqual(['VS_PW', 'VS_T', 'VS_TT']);
    expect(result.failed).toEqual(['VS_PW', 'VS_T', 'VS_TT']);
    expect(report('VS_PW')).toMatchObject({ status: 'AccessToKeyVaultDenied', unset: true, wouldFailAtStart: true });
    expect(report('VS_PW')).not.toHaveProperty('kept');
    // The first line said that it stays.
    expect(lines).toEqual([
      expect.stringMatching(/^error: VS_PW keeps its last good value .*A restart now would fail/),
      expect.stringMatching(/^error: VS_PW, VS_T and VS_TT are not resolved .*A restart now would fail/),
    ]);
    // Once more: nothing new.
    expect((await rotator.refresh()).changed).toEqual([]);
    expect(lines).toHaveLength(2);
    vault = { other: 'o' };
    await rotator.refresh();
    expect(report('VS_T')).toMatchObject({ status: 'SecretNotFound', wouldFailAtStart: true });
    vault = { pw: 's', other: 'o' };
    expect((await rotator.refresh()).changed.map(({ setting }) => setting)).toEqual(['VS_PW', 'VS_T', 'VS_TT']);
    expect(ownEnv()).toMatchObject({ VS_PW: 's', VS_T: '<s>', VS_TT: '<s>' });
  });

  test('a gateway’s 404, or a lost identity, unsets nothing', async () => {
    vault = { pw: 's' };
    start({ VS_PW: ref() }, { onRevoked: 'unset' });
    vault = { pw: bad({ ...FORBIDDEN, status: 'VaultNotFound', code: 'ERR_VAULT_NOT_FOUND' }) };
    for (let i = 0; i < 3; i++) await refreshLater();
    vault = { pw: bad({ ...FORBIDDEN, status: 'MSINotEnabled', code: 'ERR_IDENTITY_NOT_ASSIGNED' }) };
    for (let i = 0; i < 3; i++) await refreshLater();
    expect(process.env['VS_PW']).toBe('s');
  });
});

describe('what the platform resolved', () => {
  const raw = (secret: string) => `@Microsoft.KeyVault(VaultName=shop;SecretName=${secret})`;
  const settings = (...names: string[]): Environment => ({
    WEBSITE_KEYVAULT_REFERENCES: JSON.stringify(
      Object.fromEntries(names.map((name) => [`VS_${name}`, { rawReference: raw(name), status: 'Resolved' }])),
    ),
    ...Object.fromEntries(names.map((name) => [`VS_${name}`, `platform ${name}`])),
  });

  test('rotates', async () => {
    start(settings('a'));
    expect(asked).toEqual([]);
    expect(process.env['VS_a']).toBe('platform a');
    expect(report('VS_a')).toMatchObject({ status: 'Resolved', origin: 'platform' });
    vault = { a: 'new' };
    expect((await rotator.refresh()).changed).toEqual([{ setting: 'VS_a', vault: 'shop', secret: 'a', toVersion: V1 }]);
    expect(process.env['VS_a']).toBe('new');
    // What is in the process is not what the platform's record tells of any more.
    expect(readProvenance(ownEnv()).get('VS_a')).toMatchObject({ pointer: raw('a'), version: V1 });
  });

  test('stays when we may not read it: Initialized, one warning for all, no alarm', async () => {
    start(settings('a', 'b'), { onRevoked: 'unset' });
    vault = { a: bad(FORBIDDEN), b: bad(FORBIDDEN) };
    for (let i = 0; i < 4; i++) {
      nowMs += 3_600_001;
      await rotator.refresh();
    }
    expect(ownEnv()).toMatchObject({ VS_a: 'platform a', VS_b: 'platform b' });
    expect(report('VS_a')).toMatchObject({ status: 'Initialized', kept: true, code: 'ERR_VAULT_RBAC' });
    expect(report('VS_a')).not.toHaveProperty('wouldFailAtStart');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn: .*VAULTSTRAP_IDENTITY/);
  });

  test('stays through an outage, of which is said what is said of any other', async () => {
    start(settings('a'));
    vault = { a: bad(OUTAGE) };
    await rotator.refresh();
    expect(process.env['VS_a']).toBe('platform a');
    expect(lines).toEqual([expect.stringMatching(/^warn: VS_a keeps its last good value \(ERR_VAULT_UNAVAILABLE\)/)]);
  });

  test.each([
    ['never', 'ERR_IDENTITY_NOT_ASSIGNED'],
    ['few', 'ERR_IDENTITY_REFUSED'],
    ['deadline', 'ERR_IDENTITY_UNREACHABLE'],
  ] as const)(
    'stays when there is no identity for us, retried (%s) or not: the same one warning',
    async (retry, code) => {
      start(settings('a', 'b'));
      const failure = bad({ ...FORBIDDEN, status: 'MSINotEnabled', code, retry });
      vault = { a: failure, b: failure };
      for (let i = 0; i < 3; i++) {
        nowMs += 3_600_001;
        await rotator.refresh();
      }
      expect(report('VS_a')).toMatchObject({ status: 'Initialized', kept: true, code });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^warn: .*VAULTSTRAP_IDENTITY/);
    },
  );

  test('a newer value is not undone by a later failure', async () => {
    start(settings('a'));
    vault = { a: 'new' };
    await rotator.refresh();
    for (const failure of [bad(FORBIDDEN), bad(OUTAGE), good('x\0', { version: V3 })]) {
      vault = { a: failure };
      await rotator.refresh();
      expect(process.env['VS_a']).toBe('new');
    }
  });
});

describe('repair', () => {
  test('one look while all is well; a refilled environment is mended, its record too', () => {
    vault = { pw: 's' };
    start({ VS_PW: ref(), VS_T: '<${VS_PW}>' });
    rotator.repair();
    const before = ownEnv();
    clean();
    Object.assign(process.env, { VS_PW: ref(), VS_T: '<${VS_PW}>' });
    rotator.repair();
    expect(Object.keys(ownEnv()).sort()).toEqual(Object.keys(before).sort());
    expect(ownEnv()).toMatchObject({ VS_PW: 's', VS_T: '<s>' });
    expect(readProvenance(ownEnv()).size).toBe(2);
  });

  test('nothing before a start', () => {
    process.env['VS_PW'] = ref();
    rotator.repair();
    expect(ownEnv()).toEqual({ VS_PW: ref() });
  });

  test('writes what is newest, also where something else stood while it came', async () => {
    vault = { pw: 'old' };
    start({ VS_PW: ref() });
    process.env['VS_PW'] = 'mine';
    vault = { pw: good('new', { version: V2 }) };
    await rotator.refresh();
    clean();
    process.env['VS_PW'] = ref();
    rotator.repair();
    expect(process.env['VS_PW']).toBe('new');
  });

  test('an environment without a single value of ours has a record, so that the look stays cheap', () => {
    vault = { pw: bad(FORBIDDEN) };
    start({ VS_PW: ref() }, { onError: 'unset' });
    expect(process.env['VAULTSTRAP_REFERENCES']).toBeDefined();
    process.env['VS_PW'] = ref();
    delete process.env['VAULTSTRAP_REFERENCES'];
    rotator.repair();
    expect(process.env['VS_PW']).toBeUndefined();
  });
});

describe('what a later start finds in hand', () => {
  const known = () => [...rotator.known().values()].map((result) => result.ok && result.value.value.reveal());

  test('what is kept fresh, and nothing that no setting is made of any more', async () => {
    vault = { pw: 'old', other: 'o' };
    start({ VS_PW: ref(), VS_OTHER: ref('other') });
    expect(known().sort()).toEqual(['o', 'old']);
    process.env['VS_PW'] = 'mine';
    start({ VS_OTHER: ref('other') });
    vault['pw'] = good('new', { version: V2 });
    await rotator.refresh();
    expect(known()).toEqual(['o']);
  });

  test('an inherited value that was taken away is a reference again', async () => {
    for (const options of [{ onError: 'throw' }, { onRevoked: 'unset' }] as const) {
      vault = { pw: 's' };
      start({ VS_PW: ref() });
      const inherited = ownEnv();
      rotator.reset();
      nowMs += 3_600_000;
      if (options.onError) vault = { pw: bad(FORBIDDEN) };
      start(inherited, options);
      vault = { pw: bad(FORBIDDEN) };
      await rotator.refresh();
      await refreshLater();
      expect(process.env).not.toHaveProperty('VS_PW');
      expect(rotator.environmentToPlan()).toMatchObject({ VS_PW: ref() });
      rotator.reset();
      clean();
    }
  });

  test('a newer reference that a start has taken out goes before the one that it had', () => {
    start({ VS_PW: ref('gone') });
    Object.assign(process.env, { VS_PW: ref('newer') });
    rotator.takeOut(planSettings(ownEnv(), configOf(), nowMs));
    expect(process.env).not.toHaveProperty('VS_PW');
    expect(rotator.environmentToPlan()).toMatchObject({ VS_PW: ref('newer') });
  });
});

test('reset puts everything back, but for what others have written', () => {
  vault = { a: 'a', b: 'b', c: 'c' };
  start({ VS_A: ref('a'), VS_B: ref('b'), VS_C: ref('c'), VS_O: ref('o', 'Optional=true') });
  process.env['VS_B'] = 'mine';
  delete process.env['VS_C'];
  rotator.reset();
  expect(ownEnv()).toEqual({ VS_A: ref('a'), VS_B: 'mine', VS_O: ref('o', 'Optional=true') });
  expect(rotator.generation).toBe(0);
});

describe('the clock', () => {
  test('ticks, reads, and stops', async () => {
    vi.useFakeTimers();
    vault = { pw: 'old' };
    start({ VS_PW: ref() }, { refreshSeconds: 10 });
    rotator.startClock();
    rotator.startClock();
    // The tick, once, and what loads its code.
    expect(vi.getTimerCount()).toBe(2);
    expect(rotator.nextRefreshAtMs()).toBeLessThanOrEqual(Date.now() + 10_000);
    vault = { pw: 'new' };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(process.env['VS_PW']).toBe('new');
    rotator.stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(rotator.nextRefreshAtMs()).toBeUndefined();
  });

  test('none when it is off, or all is pinned', () => {
    vi.useFakeTimers();
    vault = { pw: 's' };
    start({ VS_PW: ref() }, { refreshSeconds: 0 });
    rotator.startClock();
    rotator.reset();
    start({ VS_PW: ref('pw', `SecretVersion=${V1}`) });
    rotator.startClock();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a later start with another interval sets it, or switches it off; with the same the tick stays planned', () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    vault = { pw: 's' };
    const seconds = (refreshSeconds: number) => {
      start({ VS_PW: ref() }, { refreshSeconds });
      rotator.startClock();
      const at = rotator.nextRefreshAtMs();
      return at && at - beganMs;
    };
    const beganMs = Date.now();
    expect(seconds(3600)).toBe(1_800_000);
    vi.advanceTimersByTime(6000);
    expect(seconds(3600)).toBe(1_800_000);
    expect(seconds(10)).toBe(11_000);
    expect(seconds(0)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    expect(seconds(7200)).toBe(3_606_000);
  });

  test('a pinned version that could not be read at start is tried again', async () => {
    vi.useFakeTimers();
    vault = { pw: bad(OUTAGE) };
    start({ VS_PW: ref('pw', `SecretVersion=${V1}`) }, { onError: 'unset', refreshSeconds: 10 });
    rotator.startClock();
    expect(process.env['VS_PW']).toBeUndefined();
    vault = { pw: 's' };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(process.env['VS_PW']).toBe('s');
    // And then never again.
    asked = [];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.flat()).toEqual([]);
  });

  test('a group that had not settled at start is read again once it has', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const young = { updatedMs: NOW_MS - 10_000, repliedAtMs: NOW_MS };
    vault = { user: good('u', young), pw: good('p', young) };
    start({ VS_URL: `${ref('user')}:${ref()}` }, { refreshSeconds: 86_400 });
    expect(process.env['VS_URL']).toBe('u:p');
    rotator.startClock();
    const startedAtMs = Date.now();
    await vi.advanceTimersByTimeAsync(5000);
    // Spread over as long again: all instances know the same moment.
    expect(rotator.nextRefreshAtMs()).toBe(startedAtMs + 20_000 + 15_000);
  });

  test('one of a later start, too, and counted from there', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    vault = { other: 'o' };
    start({ VS_OTHER: ref('other') }, { refreshSeconds: 86_400 });
    rotator.startClock();
    await vi.advanceTimersByTimeAsync(4000);
    const young = { updatedMs: NOW_MS - 10_000, repliedAtMs: NOW_MS };
    vault = { ...vault, user: good('u', young), pw: good('p', young) };
    start({ VS_URL: `${ref('user')}:${ref()}` }, { refreshSeconds: 86_400 });
    const startedAtMs = Date.now();
    for (let i = 0; i < 3; i++) {
      // Callers that join it are no further start.
      rotator.startClock();
      await vi.advanceTimersByTimeAsync(2000);
    }
    expect(rotator.nextRefreshAtMs()).toBe(startedAtMs + 20_000 + 15_000);
  });

  test('one that a refresh found is read again behind that, however long another secret hangs', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    vault = { user: 'u', pw: 'p', other: 'o' };
    start({ VS_URL: `${ref('user')}:${ref()}`, VS_OTHER: ref('other') }, { refreshSeconds: 86_400 });
    rotator.startClock();
    await vi.advanceTimersByTimeAsync(5000);
    const young = { updatedMs: NOW_MS - 29_000, repliedAtMs: NOW_MS, version: V2 };
    vault = { user: good('u2', young), pw: good('p2', young), other: 'o' };
    late = ['other'];
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const refreshing = rotator.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toHaveLength(1);
    nowMs += 16_000;
    await vi.advanceTimersByTimeAsync(16_000);
    expect(asked).toHaveLength(1);
    resolve();
    await refreshing;
    expect(rotator.nextRefreshAtMs()).toBe(Date.now() + 15_000);
  });

  test('a group that had settled by then waits for the clock', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const old = { updatedMs: NOW_MS - 31_000, repliedAtMs: NOW_MS };
    vault = { user: good('u', old), pw: good('p', old) };
    start({ VS_URL: `${ref('user')}:${ref()}` }, { refreshSeconds: 86_400 });
    rotator.startClock();
    const startedAtMs = Date.now();
    await vi.advanceTimersByTimeAsync(5000);
    expect(rotator.nextRefreshAtMs()).toBe(startedAtMs + 43_200_000);
  });
});

describe('a deployment that replaces files under a running process', () => {
  const gone = () => {
    throw Object.assign(new Error(`Cannot find module 's3cret'`), { code: 'MODULE_NOT_FOUND' });
  };
  const LINE = expect.stringMatching(/^error: a refresh failed as a whole \(Error MODULE_NOT_FOUND\): .*restart it\.$/);

  test('what refreshes need is loaded soon behind a start, unless the clock was stopped', async () => {
    vi.useFakeTimers();
    let loaded = 0;
    loadAhead = () => void loaded++;
    vault = { pw: 'first' };
    start({ VS_PW: ref() }, { refreshSeconds: 3600 });
    rotator.startClock();
    expect(loaded).toBe(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(loaded).toBe(1);
    rotator.stop();
    rotator.startClock();
    rotator.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(loaded).toBe(1);
  });

  test('once it is gone, that is said once, and neither throws nor stops the clock', async () => {
    vi.useFakeTimers();
    loadAhead = gone;
    loadLater = gone;
    vault = { pw: 'first' };
    start({ VS_PW: ref() }, { refreshSeconds: 10 });
    rotator.startClock();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([LINE]);
    expect(findCanary(lines, 's3cret')).toEqual([]);
    expect(ownEnv()['VS_PW']).toBe('first');
    // Put back: the next tick is a refresh again.
    loadLater = () => after;
    vault = { pw: 'second' };
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([LINE]);
    expect(asked.length).toBeGreaterThan(1);
  });

  test('a later start succeeds without what would tell of it, and says so', () => {
    loadLater = gone;
    vault = { pw: 'first', key: 'new' };
    start({ VS_PW: ref() });
    expect(() => start({ VS_KEY: ref('key') })).not.toThrow();
    expect(ownEnv()).toMatchObject({ VS_PW: 'first', VS_KEY: 'new' });
    expect(lines).toEqual([LINE]);
  });
});

test('SecretValue objects in what is composed hide their value', () => {
  vault = { pw: { ok: true, value: secretOf('c4nary') } };
  start({ VS_PW: ref() });
  expect(findCanary(rotator.composed, 'c4nary')).toEqual([]);
});
