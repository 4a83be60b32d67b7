// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
// What stands after a read: a new value, the last good one, or none; and what is said of it.
import { describe, expect, test } from 'vitest';
import { changeOf, textOf } from '../../src/rotation/changes.js';
import { type ComposedSetting, composeSettings } from '../../src/rotation/compose.js';
import { groupsBehind, groupsOf } from '../../src/rotation/groups.js';
import { acceptResults, type HeldSecrets, holdFirst } from '../../src/rotation/held.js';
import { recompose, resolvedAtOf } from '../../src/rotation/recompose.js';
import type { Environment } from '../../src/settings/environment.js';
import type { Plan } from '../../src/settings/plan.js';
import { printProvenance } from '../../src/settings/provenance.js';
import { fail, type Result } from '../../src/support/failure.js';
import type { SecretValue } from '../../src/vault/reader.js';
import {
  ABSENT,
  at,
  bad,
  FORBIDDEN,
  good,
  keyOf,
  NOW_MS,
  OUTAGE,
  planOf,
  ref,
  settingIn,
  V1,
  V2,
  V3,
} from '../helpers/fixtures.js';

type Reads = Record<string, Result<SecretValue>>;
const byKey = (reads: Reads) => new Map(Object.entries(reads).map(([secret, result]) => [keyOf(secret), result]));

/** A start with the first reads, and a refresh with each of the others; what the last one leaves. */
function stand(env: Environment, onRevoked: 'keep' | 'unset', first: Reads, ...later: Reads[]) {
  const plan: Plan = planOf(env);
  let held: HeldSecrets = holdFirst(byKey(first), at(0));
  let before: readonly ComposedSetting[] = composeSettings(plan, (key) => {
    const { good: value, failure } = held.get(key) ?? {};
    return value ? { ok: true, value } : failure && fail(failure);
  });
  let latest = recompose(plan, held, before, onRevoked, composeSettings);
  for (const reads of later) {
    const options = { now: at(1000), settleMs: 0, isTick: true, used: new Set<string>() };
    ({ held } = acceptResults(held, byKey(reads), groupsOf(plan), options));
    latest = recompose(plan, held, before, onRevoked, composeSettings);
    before = latest.map(({ now }) => now);
  }
  return Object.fromEntries(
    latest.map(({ now, failure, change }) => [
      now.planned.setting,
      { kind: now.outcome.kind, text: textOf(now), failure, change, outcome: now.outcome },
    ]),
  );
}

const ENV = { PW: ref(), URL: 'db://${PW}' };

test('a new value is applied, and said with its template', () => {
  expect(stand(ENV, 'keep', { pw: good('a') }, { pw: good('b', { version: V2 }) })).toMatchObject({
    PW: { text: 'b', failure: undefined, change: { setting: 'PW', fromVersion: V1, toVersion: V2 } },
    URL: { text: 'db://b', failure: undefined, change: { setting: 'URL' } },
  });
  const same = stand(ENV, 'unset', { pw: good('a') }, { pw: good('a') });
  expect(same).toMatchObject({ PW: { text: 'a', change: undefined }, URL: { text: 'db://a', change: undefined } });
});

test('a failure is said, and changes nothing', () => {
  for (const failure of [OUTAGE, FORBIDDEN]) {
    const { PW, URL } = stand(ENV, 'unset', { pw: good('a') }, { pw: bad(failure) });
    expect(PW).toMatchObject({ text: 'a', failure, change: undefined });
    expect(URL).toMatchObject({ text: 'db://a', failure: undefined, change: undefined });
  }
});

test('a new secret of which no value can be made keeps the old one, and says why', () => {
  const env = { A: ref('pw', 'Field=a'), T: '[${A}]' };
  const { A, T } = stand(env, 'unset', { pw: good('{"a":"x"}') }, { pw: good('{}', { version: V2 }) });
  expect(A).toMatchObject({ text: 'x', failure: { code: 'ERR_FIELD' }, change: undefined });
  expect(T).toMatchObject({ text: '[x]', failure: { code: 'ERR_TEMPLATE_MEMBER' }, change: undefined });
});

test('what failed at first takes a default, or is unset, when the vault says that there is none', () => {
  const env = { D: ref('pw', 'Default=d'), O: ref('pw', 'Optional=true') };
  expect(stand(env, 'keep', { pw: bad(OUTAGE) }, { pw: bad(ABSENT) })).toMatchObject({
    D: { text: 'd', failure: undefined, change: { setting: 'D' } },
    O: { kind: 'unset', failure: undefined },
  });
});

test('of several secrets the failure of the one that fails the setting is said, not an absence that a default answers', () => {
  const env = { A: `${ref('x', 'Default=d')}:${ref()}` };
  const reads = { x: bad(ABSENT), pw: bad(FORBIDDEN) };
  expect(stand(env, 'keep', reads, reads)['A']).toMatchObject({ kind: 'failed', failure: FORBIDDEN });
});

test('a newer value of what the platform resolved is not undone when the next is useless', () => {
  const record = JSON.stringify({ PW: { rawReference: ref('pw', 'Field=a'), status: 'Resolved' } });
  const env = { PW: 'theirs', WEBSITE_KEYVAULT_REFERENCES: record };
  const useless = { pw: good('{}', { version: V2 }) };
  expect(stand(env, 'keep', {}, useless)).toMatchObject({ PW: { text: 'theirs' } });
  expect(stand(env, 'keep', {}, { pw: good('{"a":"ours"}') }, useless)).toMatchObject({ PW: { text: 'ours' } });
});

describe('refused twice', () => {
  const no = { pw: bad(FORBIDDEN) };

  test('it is unset if so configured, with what is made of it, and only then', () => {
    const { PW, URL } = stand(ENV, 'unset', { pw: good('a') }, no, no);
    expect(PW).toMatchObject({ outcome: { kind: 'unset', because: FORBIDDEN }, failure: FORBIDDEN });
    // No version came of it, and none goes when it is back.
    const secret = { setting: 'PW', vault: 'shop', secret: 'pw' };
    expect(PW?.change).toEqual({ ...secret, fromVersion: V1 });
    const back = stand(ENV, 'unset', { pw: good('a') }, no, no, { pw: good('a') });
    expect(back['PW']?.change).toEqual({ ...secret, toVersion: V1 });
    expect(URL).toMatchObject({ outcome: { kind: 'unset', because: FORBIDDEN }, failure: FORBIDDEN });
    expect(stand(ENV, 'keep', { pw: good('a') }, no, no)).toMatchObject({ PW: { text: 'a' }, URL: { text: 'db://a' } });
    expect(stand(ENV, 'unset', { pw: good('a') }, no)).toMatchObject({ PW: { text: 'a' }, URL: { text: 'db://a' } });
    expect(stand(ENV, 'unset', { pw: good('a') }, no, no, { pw: good('b') })).toMatchObject({
      URL: { text: 'db://b' },
    });
  });

  test('a template of others is not, one of both is', () => {
    const env = { ...ENV, OTHER: ref('other'), T: '${OTHER}', BOTH: '${OTHER}${PW}' };
    const reads = { pw: good('a'), other: good('o') };
    expect(stand(env, 'unset', reads, no, no)).toMatchObject({
      OTHER: { text: 'o' },
      T: { text: 'o' },
      BOTH: { outcome: { kind: 'unset', because: FORBIDDEN } },
    });
  });

  test('an inherited value that could not be read again goes as well', () => {
    const resolvedAt = new Date(NOW_MS - 3_600_000).toISOString();
    const record = printProvenance([{ name: 'PW', value: 'a', pointer: ref(), resolvedAt }]);
    const env = { ...Object.fromEntries(record), PW: 'a' };
    expect(stand(env, 'unset', { pw: bad(OUTAGE) }, no)).toMatchObject({ PW: { text: 'a', failure: FORBIDDEN } });
    expect(stand(env, 'unset', { pw: bad(OUTAGE) }, no, no)).toMatchObject({ PW: { kind: 'unset' } });
    expect(stand(env, 'keep', { pw: bad(OUTAGE) }, no, no)).toMatchObject({ PW: { text: 'a' } });
  });

  test('what could never be read stays what it is', () => {
    const { PW, URL } = stand(ENV, 'unset', no, no, no);
    expect(PW).toMatchObject({ kind: 'failed', failure: FORBIDDEN, change: undefined });
    expect(URL).toMatchObject({ kind: 'failed', change: undefined });
  });

  test('an absence that a default or Optional answers is none, and no failure', () => {
    const env = { D: ref('pw', 'Default=d'), O: ref('pw', 'Optional=true'), T: '${D}${O}' };
    const gone = { pw: bad(ABSENT) };
    expect(stand(env, 'unset', gone, gone, gone)).toMatchObject({
      D: { text: 'd', failure: undefined, change: undefined },
      O: { kind: 'unset', failure: undefined, change: undefined },
      T: { text: 'd', failure: undefined, change: undefined },
    });
    // It was there, and is gone: nobody answers that.
    expect(stand(env, 'keep', { pw: good('a') }, gone)).toMatchObject({ D: { text: 'a', failure: ABSENT } });
  });

  test('what the platform resolved stays', () => {
    const record = JSON.stringify({ PW: { rawReference: ref(), status: 'Resolved' } });
    const env = { PW: 'theirs', WEBSITE_KEYVAULT_REFERENCES: record };
    for (const failure of [FORBIDDEN, ABSENT]) {
      const gone = { pw: bad(failure) };
      expect(stand(env, 'unset', {}, gone, gone)['PW']).toMatchObject({ text: 'theirs', failure, change: undefined });
    }
  });
});

test('settings of one secret keep their values together when one of them cannot be made of the new one', () => {
  const env = {
    USER: ref('db', 'Field=user'),
    PW: ref('db', 'Field=password'),
    HELLO: 'hello ${USER}',
    PAIR: '${USER}:${PW}',
    OTHER: ref('other'),
    BOTH: '${OTHER}',
  };
  const json = (content: object, version: string) => good(JSON.stringify(content), { version });
  const first = { db: json({ user: 'u1', password: 's1' }, V1), other: good('o1') };
  const torn = { db: json({ user: 'u2', pasword: 's2' }, V2), other: good('o2') };
  const failure = expect.objectContaining({ code: 'ERR_FIELD' });
  expect(stand(env, 'keep', first, torn, torn)).toMatchObject({
    USER: { text: 'u1', failure, change: undefined },
    PW: { text: 's1', failure, change: undefined },
    HELLO: { text: 'hello u1', failure, change: undefined },
    PAIR: { text: 'u1:s1', change: undefined },
    OTHER: { text: 'o2', failure: undefined },
    BOTH: { text: 'o2', failure: undefined },
  });
  const mended = { db: json({ user: 'u3', password: 's3' }, V3), other: good('o2') };
  expect(stand(env, 'keep', first, torn, mended)).toMatchObject({
    USER: { text: 'u3', failure: undefined, change: { fromVersion: V1, toVersion: V3 } },
    PW: { text: 's3', failure: undefined },
    HELLO: { text: 'hello u3', failure: undefined },
  });
  // What has never had a value holds up nobody.
  expect(stand(env, 'keep', { ...first, db: json({ user: 'u1' }, V1) }, torn)).toMatchObject({
    USER: { text: 'u2', failure: undefined },
    PW: { kind: 'failed' },
  });
});

describe('a new secret that is of no use to one of its settings', () => {
  const json = (content: object, version: string) => good(JSON.stringify(content), { version });
  const failure = expect.objectContaining({ code: 'ERR_FIELD' });

  test('holds back its group: a user does not change beside a password that stays', () => {
    const env = {
      USER: ref('user'),
      HOST: ref('host'),
      PW: ref('db', 'Field=password'),
      PORT: ref('db', 'Field=port'),
      URL: '${USER}:${PW}@${HOST}',
      OTHER: ref('other'),
    };
    const first = { user: good('u1'), host: good('h'), db: json({ password: 's1', port: 1 }, V1), other: good('o1') };
    const torn = { user: good('u2', { version: V2 }), db: json({ password: 's2' }, V2), other: good('o2') };
    expect(stand(env, 'keep', first, torn, torn)).toMatchObject({
      USER: { text: 'u1', failure, change: undefined },
      PW: { text: 's1', failure },
      PORT: { text: '1', failure },
      URL: { text: 'u1:s1@h', failure },
      // It has what the vault has.
      HOST: { text: 'h', failure: undefined },
      OTHER: { text: 'o2', failure: undefined },
    });
    const mended = { ...torn, db: json({ password: 's3', port: 3 }, V3) };
    expect(stand(env, 'keep', first, torn, mended)).toMatchObject({
      USER: { text: 'u2', failure: undefined },
      URL: { text: 'u2:s3@h', failure: undefined },
    });
  });

  test('also where a default stands beside it', () => {
    const env = { PW: ref('db', 'Field=password'), URL: ref('host', 'Default=h') + ref('db', 'Field=port') };
    const first = { host: bad(ABSENT), db: json({ password: 's1', port: 1 }, V1) };
    const torn = { host: bad(ABSENT), db: json({ password: 's2' }, V2) };
    expect(stand(env, 'keep', first, torn)).toMatchObject({
      PW: { text: 's1', failure },
      URL: { text: 'h1', failure },
    });
  });
});

test('a setting is as young as the youngest of its secrets', () => {
  const at = (resolvedAtMs?: number) => ({ ...(resolvedAtMs !== undefined && { resolvedAtMs }) });
  const held = new Map([
    [keyOf('a'), at(1000)],
    [keyOf('b'), at(3000)],
    [keyOf('c'), at()],
  ]);
  const of = (...secrets: string[]) =>
    resolvedAtOf(
      settingIn(planOf({ S: secrets.map((secret) => ref(secret)).join('') || '@@KeyVault(' }), 'S'),
      held,
      new Map(),
    );
  expect([of('a'), of('a', 'b', 'c'), of('b', 'a'), of('c'), of('x'), of()]).toEqual([
    ...[1000, 3000, 3000, undefined, undefined, undefined],
  ]);
});

test('a template is as young as the youngest of what it mentions', () => {
  const held = new Map([[keyOf('a'), { resolvedAtMs: 1000 }]]);
  const known = new Map([['M', { resolvedAtMs: 3000 }]]);
  const template = settingIn(planOf({ M: ref('m'), T: `${ref('a')}\${M}` }), 'T');
  expect([resolvedAtOf(template, held, known), resolvedAtOf(template, held, new Map())]).toEqual([3000, 1000]);
});

test('an inherited value: its version tells, or its text when there is none', () => {
  const inherited = (version?: string) => {
    const entry = { name: 'PW', value: 'a', pointer: ref(), resolvedAt: new Date(NOW_MS - 1000).toISOString() };
    const env = { ...Object.fromEntries(printProvenance([{ ...entry, ...(version && { version }) }])), PW: 'a' };
    const plan = planOf(env);
    const [before] = composeSettings(plan, () => undefined);
    return (text: string, now: string) => {
      const [latest] = composeSettings(plan, () => good(text, { version: now }));
      return before && latest && changeOf(before, latest, plan.reads);
    };
  };
  const secret = { setting: 'PW', vault: 'shop', secret: 'pw' };
  expect(inherited(V1)('a', V1)).toBeUndefined();
  expect(inherited(V1)('a', V2)).toEqual({ ...secret, fromVersion: V1, toVersion: V2 });
  expect(inherited()('a', V2)).toBeUndefined();
  expect(inherited()('b', V2)).toEqual({ ...secret, toVersion: V2 });
});

test('what a setting is made of: its own reads, its members’, and what moves with them', () => {
  const env = { A: ref('a'), APPSETTING_A: ref('a'), B: ref('b'), C: ref('c'), T: '${A}${B}', U: '<${T}>' };
  const behind = (...names: string[]) => groupsBehind(planOf(env), new Set(names));
  const ab = [keyOf('a'), keyOf('b')];
  for (const name of ['A', 'APPSETTING_A', 'T', 'U']) expect(behind(name), name).toEqual([ab]);
  expect(behind('C')).toEqual([[keyOf('c')]]);
  expect(behind('C', 'B')).toEqual([ab, [keyOf('c')]]);
  expect(behind('NONE')).toEqual([]);
});
