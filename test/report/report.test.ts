// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test

import { describe, expect, test } from 'vitest';
import { settingReport, statusOfAll } from '../../src/report/report.js';
import { type ComposedSetting, composeSettings } from '../../src/rotation/compose.js';
import type { SettingNote } from '../../src/rotation/standing.js';
import type { Environment } from '../../src/settings/environment.js';
import { printProvenance } from '../../src/settings/provenance.js';
import type { Result } from '../../src/support/failure.js';
import { forbiddenNetwork } from '../../src/support/http.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { findCanary } from '../helpers/canary.js';
import { ABSENT, bad, FORBIDDEN, good, NOW_MS, OUTAGE, planOf, ref, V1 } from '../helpers/fixtures.js';

const CANARY = 'c4nary/"$ecret';

function one(name: string, env: Environment, vault: Record<string, Result<SecretValue>> = {}, note: SettingNote = {}) {
  const plan = planOf(env);
  const all = composeSettings(plan, (key) => vault[plan.reads.get(key)?.secret ?? '']);
  const composed = all.find(({ planned }) => planned.setting === name) as ComposedSetting;
  return {
    report: settingReport(composed, note, plan.reads, NOW_MS),
    degraded: statusOfAll([composed], () => note) === 'degraded',
    composed,
  };
}

const RESOLVED_AT = { resolvedAtMs: NOW_MS - 90_400 };

describe('a setting', () => {
  test('that is resolved', () => {
    const { report, degraded } = one('PW', { PW: ref() }, { pw: good(CANARY, { expiresOnMs: NOW_MS }) }, RESOLVED_AT);
    expect(report).toEqual({
      setting: 'PW',
      status: 'Resolved',
      vault: 'shop',
      secret: 'pw',
      version: V1,
      pinned: false,
      origin: 'reference',
      resolvedAt: new Date(NOW_MS - 90_400).toISOString(),
      ageSeconds: 90,
      expiresOn: '2026-11-21T12:00:00.000Z',
    });
    expect(degraded).toBe(false);
  });

  test('that is pinned: all its references are', () => {
    const version = `SecretVersion=${V1}`;
    const read = { pw: good('a'), b: good('b') };
    expect(one('A', { A: ref('pw', version) }, read).report.pinned).toBe(true);
    expect(one('A', { A: `${ref('pw', version)}${ref('b')}` }, read).report.pinned).toBe(false);
    expect(one('T', { A: ref('pw', version), T: '${A}' }, read).report.pinned).toBe(false);
  });

  test('that is a template', () => {
    const { report } = one('T', { A: ref(), T: '<${A}>' }, { pw: good(CANARY) });
    expect(report).toEqual({ setting: 'T', status: 'Resolved', pinned: false, origin: 'template' });
    expect(one('T', { A: ref(), T: `\${A}${ref('b')}` }, { pw: good('a'), b: good('b') }).report).toMatchObject({
      origin: 'reference',
      secret: 'b',
    });
  });

  test('that failed', () => {
    const { report, degraded } = one('PW', { PW: ref() }, { pw: bad(FORBIDDEN) });
    expect(report).toEqual({
      setting: 'PW',
      status: 'AccessToKeyVaultDenied',
      code: 'ERR_VAULT_RBAC',
      vault: 'shop',
      secret: 'pw',
      pinned: false,
      origin: 'reference',
      unset: true,
      details: 'no right.',
      hint: 'Grant it.',
    });
    expect(degraded).toBe(true);
  });

  test('that is malformed, or protected', () => {
    expect(one('A', { A: '@KeyVault(x)' }).report).toMatchObject({
      status: 'InvalidSyntax',
      code: 'ERR_REFERENCE_SYNTAX',
      unset: true,
    });
    expect(one('PATH', { PATH: ref() }).report).toMatchObject({
      status: 'InvalidSyntax',
      code: 'ERR_PROTECTED_SETTING',
    });
    // It is never written, and keeps what it has.
    expect(one('PATH', { PATH: ref() }).report).not.toHaveProperty('unset');
  });

  test('that has a default, or is optional: in order, though its secret is not found', () => {
    const byDefault = one('A', { A: ref('x', 'Default=d') }, { x: bad(ABSENT) }, RESOLVED_AT);
    expect(byDefault.report).toMatchObject({
      status: 'SecretNotFound',
      code: 'ERR_SECRET_NOT_FOUND',
      usedDefault: true,
    });
    expect(byDefault.report).not.toHaveProperty('kept');
    expect(byDefault.report).not.toHaveProperty('wouldFailAtStart');
    const optional = one('A', { A: ref('x', 'Optional=true') }, { x: bad(ABSENT) });
    expect(optional.report).toMatchObject({ status: 'SecretNotFound', unset: true, optional: true });
    expect(optional.report).not.toHaveProperty('wouldFailAtStart');
    expect([byDefault.degraded, optional.degraded]).toEqual([false, false]);
    const there = one('A', { A: ref('x', 'Optional=true') }, { x: good('x') });
    expect(there.report).toMatchObject({ status: 'Resolved', optional: true });
    expect(there.report).not.toHaveProperty('unset');
    const beside = one('A', { A: `${ref('x', 'Optional=true')}${ref()}` }, { x: good('x'), pw: good('y') });
    expect(beside.report).toMatchObject({ status: 'Resolved', optional: true });
  });

  test('that is optional, absent, and inherited a moment ago from one that had looked', () => {
    const pointer = ref('x', 'Optional=true');
    const entry = { name: 'A', value: undefined, pointer, resolvedAt: new Date(NOW_MS - 1000).toISOString() };
    const { report, degraded } = one('A', Object.fromEntries(printProvenance([entry])));
    expect(report).toMatchObject({ status: 'SecretNotFound', origin: 'inherited', unset: true, optional: true });
    expect(degraded).toBe(false);
    const had = { ...entry, value: CANARY, version: V1 };
    const there = one('A', { ...Object.fromEntries(printProvenance([had])), A: CANARY });
    expect(there.report).toMatchObject({ status: 'Resolved', origin: 'inherited', optional: true });
  });

  test('that has a default, inherited from one that took it, or did not', () => {
    const inherited = (version?: string, ageS = 1, vault: Record<string, Result<SecretValue>> = {}) => {
      const entry = { name: 'A', value: 'd', pointer: ref('x', 'Default=d'), ...(version && { version }) };
      const record = printProvenance([{ ...entry, resolvedAt: new Date(NOW_MS - ageS * 1000).toISOString() }]);
      return one('A', { ...Object.fromEntries(record), A: 'd' }, vault);
    };
    const { report, degraded } = inherited();
    expect(report).toMatchObject({ status: 'SecretNotFound', origin: 'inherited', usedDefault: true });
    expect(degraded).toBe(false);
    // Known by now.
    const { report: later } = inherited(undefined, 3600, { x: good('x') });
    expect(later).toMatchObject({ status: 'Resolved', version: V1 });
    expect(later).not.toHaveProperty('usedDefault');
    const { report: read } = inherited(V1);
    expect(read).toMatchObject({ status: 'Resolved', origin: 'inherited', version: V1 });
    expect(read).not.toHaveProperty('usedDefault');
  });

  test('that is a template, inherited: no default was taken, and its members tell the rest', () => {
    const resolvedAt = new Date(NOW_MS - 1000).toISOString();
    const record = printProvenance([
      { name: 'A', value: 'a', pointer: ref(), version: V1, resolvedAt },
      { name: 'T', value: '<a>', pointer: '<${A}>', resolvedAt, isTemplate: true },
    ]);
    const { report } = one('T', { ...Object.fromEntries(record), A: 'a', T: '<a>' });
    expect(report).toEqual({
      setting: 'T',
      status: 'Resolved',
      pinned: false,
      origin: 'template',
      resolvedAt,
      ageSeconds: 1,
    });
  });

  test('that was refused twice and removed: a restart would fail', () => {
    const { composed } = one('A', { A: ref() }, { pw: good(CANARY) });
    const of = (note: SettingNote) =>
      settingReport({ ...composed, outcome: { kind: 'unset', because: FORBIDDEN } }, note, new Map(), NOW_MS);
    expect(of({ failure: FORBIDDEN })).toMatchObject({ unset: true, wouldFailAtStart: true });
    expect(of({ failure: FORBIDDEN })).not.toHaveProperty('kept');
    expect(of({})).not.toHaveProperty('wouldFailAtStart');
  });

  test('of which a part stands in a file', () => {
    const { report } = one('A', { A: `${ref('pw', 'File=true')} ${ref('b')}` }, { b: good('b') });
    expect(report.file).toBe(true);
    expect(one('A', { A: ref('pw', 'File=false') }).report).not.toHaveProperty('file');
  });

  test('that is not valid yet', () => {
    const of = (...times: (number | undefined)[]) => {
      const names = times.map((_, i) => `s${i}`);
      const vault = Object.fromEntries(
        times.map((notBeforeMs, i) => [`s${i}`, good('x', notBeforeMs === undefined ? {} : { notBeforeMs })]),
      );
      return one('A', { A: names.map((name) => ref(name)).join('') }, vault).report.notBefore;
    };
    expect(of(NOW_MS + 1)).toBe(new Date(NOW_MS + 1).toISOString());
    expect(of(NOW_MS + 1, undefined, NOW_MS + 5, NOW_MS - 5)).toBe(new Date(NOW_MS + 5).toISOString());
    expect([of(NOW_MS), of(undefined), of(8.64e15 + 1)]).toEqual([undefined, undefined, undefined]);
    expect(of(8.64e15)).toBe('+275760-09-13T00:00:00.000Z');
  });

  test('that keeps an older value', () => {
    const kept = (failure: typeof OUTAGE) => one('A', { A: ref() }, { pw: good(CANARY) }, { ...RESOLVED_AT, failure });
    expect(kept(OUTAGE).report).toMatchObject({ status: 'OtherReasons', kept: true, ageSeconds: 90 });
    expect(kept(OUTAGE).report).not.toHaveProperty('wouldFailAtStart');
    expect(kept(FORBIDDEN).report).toMatchObject({ kept: true, wouldFailAtStart: true });
    expect([kept(OUTAGE).degraded, kept(FORBIDDEN).degraded]).toEqual([true, true]);
    // Of this thread: the one of a blocking start is allowed what this is not.
    expect(kept(forbiddenNetwork({})).report).toMatchObject({ kept: true, code: 'ERR_NETWORK_PERMISSION' });
    expect(kept(forbiddenNetwork({})).report).not.toHaveProperty('wouldFailAtStart');
  });

  test('that somebody else has written', () => {
    expect(one('A', { A: ref() }, { pw: good('x') }, { overridden: true }).report).toMatchObject({
      status: 'Resolved',
      overridden: true,
    });
  });

  test('that was inherited', () => {
    const record = (ageS: number) => ({
      ...Object.fromEntries(
        printProvenance([
          {
            name: 'A',
            value: CANARY,
            pointer: ref(),
            version: V1,
            resolvedAt: new Date(NOW_MS - ageS * 1000).toISOString(),
          },
        ]),
      ),
      A: CANARY,
    });
    const fresh = one('A', record(10));
    expect(fresh.report).toMatchObject({ status: 'Resolved', origin: 'inherited', version: V1, ageSeconds: 10 });
    const outage = one('A', record(100), { pw: bad(OUTAGE) });
    expect(outage.report).toMatchObject({ status: 'OtherReasons', origin: 'inherited', kept: true, ageSeconds: 100 });
    expect([fresh.degraded, outage.degraded]).toEqual([false, true]);
    // A parent whose clock is ahead.
    expect(one('A', record(-10), { pw: good('x') }).report.ageSeconds).toBe(0);
  });

  test('that the platform resolved', () => {
    const env = {
      WEBSITE_KEYVAULT_REFERENCES: JSON.stringify({
        A: { rawReference: '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)', status: 'Resolved' },
      }),
      A: CANARY,
    };
    expect(one('A', env).report).toMatchObject({ status: 'Resolved', origin: 'platform' });
    const denied = one('A', env, {}, { failure: FORBIDDEN });
    expect(denied.report).toMatchObject({ status: 'Initialized', code: 'ERR_VAULT_RBAC', kept: true });
    expect(denied.report).not.toHaveProperty('wouldFailAtStart');
    expect(denied.degraded).toBe(false);
    // Once we could read it, a failure is one.
    const later = one('A', env, { pw: good('x') }, { failure: FORBIDDEN });
    expect(later.report.status).toBe('AccessToKeyVaultDenied');
    expect(later.degraded).toBe(true);
  });

  test('dates that JavaScript does not know are left out', () => {
    for (const expiresOnMs of [8.64e15 + 1, 1e300, -1e300]) {
      expect(one('A', { A: ref() }, { pw: good('x', { expiresOnMs }) }).report).not.toHaveProperty('expiresOn');
    }
    expect(one('A', { A: ref() }, { pw: good('x', { expiresOnMs: 8.64e15 }) }).report.expiresOn).toBe(
      '+275760-09-13T00:00:00.000Z',
    );
    const earliest = one(
      'A',
      { A: `${ref()}${ref('b')}` },
      { pw: good('x', { expiresOnMs: NOW_MS + 1 }), b: good('y', { expiresOnMs: NOW_MS }) },
    );
    expect(earliest.report.expiresOn).toBe(new Date(NOW_MS).toISOString());
  });
});

test('one that is degraded is enough for all', () => {
  const [fine, wrong] = [one('A', { A: ref() }, { pw: good('x') }), one('B', { B: ref() }, { pw: bad(OUTAGE) })];
  const of = (...all: (typeof fine)[]) =>
    statusOfAll(
      all.map(({ composed }) => composed),
      () => ({}),
    );
  expect([of(), of(fine), of(fine, wrong), of(wrong)]).toEqual(['ready', 'ready', 'degraded', 'degraded']);
});

test('no value is in any report, nor in what it is made of', () => {
  const env = {
    PW: ref(),
    T: 'x${PW}',
    U: ref('u', 'Encode=uri'),
    B: ref('b', 'Encode=base64'),
    F: ref('f', 'Field=pw'),
    G: ref('f', 'Field=none'),
    N: ref('n'),
    L: ref('l'),
    S: `${ref('x', 'Optional=true')}${ref()}`,
  };
  const vault = {
    pw: good(CANARY),
    u: good(CANARY),
    b: good(CANARY),
    f: good(JSON.stringify({ pw: CANARY })),
    n: good(`${CANARY}\0`),
    l: good(CANARY.repeat(4000)),
    x: bad(ABSENT),
  };
  const plan = planOf(env);
  const composed = composeSettings(plan, (key) => vault[plan.reads.get(key)?.secret as keyof typeof vault]);
  const reports = composed.map((setting) => settingReport(setting, RESOLVED_AT, plan.reads, NOW_MS));
  expect(reports.map(({ setting, status }) => [setting, status])).toHaveLength(9);
  expect(findCanary(reports, CANARY)).toEqual([]);
  expect(findCanary(composed, CANARY)).toEqual([]);
});
