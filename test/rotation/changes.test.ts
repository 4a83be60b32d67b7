// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { describe, expect, test } from 'vitest';
import { changeOf } from '../../src/rotation/changes.js';
import { type ComposedSetting, composeSettings } from '../../src/rotation/compose.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { findCanary } from '../helpers/canary.js';
import { ABSENT, bad, planOf, ref, secretOf, V1, V2 } from '../helpers/fixtures.js';

const ENV = {
  PW: ref(),
  URL: `${ref('user')}:${ref()}`,
  T: 'db://${PW}',
  D: `${ref('user', 'Default=nobody')}:${ref()}`,
};
const plan = planOf(ENV);

function composed(secrets: Record<string, SecretValue>): Map<string, ComposedSetting> {
  const all = composeSettings(plan, (key) => {
    const value = secrets[plan.reads.get(key)?.secret ?? ''];
    return value ? { ok: true, value } : bad(ABSENT);
  });
  return new Map(all.map((setting) => [setting.planned.setting, setting]));
}

function change(setting: string, before: Record<string, SecretValue>, after: Record<string, SecretValue>) {
  const [from, to] = [composed(before).get(setting), composed(after).get(setting)];
  return from && to && changeOf(from, to, plan.reads);
}

const OLD = { pw: secretOf('c4nary-old', { updatedMs: 1 }), user: secretOf('app') };
const NEW = { pw: secretOf('c4nary-new', { version: V2, updatedMs: 2 }), user: secretOf('app') };

describe('changeOf', () => {
  test('nothing, for the same', () => {
    for (const name of ['PW', 'URL', 'T']) expect(change(name, OLD, OLD)).toBeUndefined();
    expect(change('PW', OLD, { ...OLD, pw: secretOf('c4nary-old', { updatedMs: 9 }) })).toBeUndefined();
  });

  test('names and versions, and no value', () => {
    expect(change('PW', OLD, NEW)).toEqual({
      setting: 'PW',
      vault: 'shop',
      secret: 'pw',
      fromVersion: V1,
      toVersion: V2,
    });
    expect(change('T', OLD, NEW)).toEqual({ setting: 'T' });
    for (const name of ['PW', 'URL', 'T']) expect(findCanary(change(name, OLD, NEW), 'c4nary')).toEqual([]);
  });

  test('of several references the one that changed is named', () => {
    expect(change('URL', OLD, NEW)).toEqual({
      setting: 'URL',
      vault: 'shop',
      secret: 'pw',
      fromVersion: V1,
      toVersion: V2,
    });
    const user = { ...OLD, user: secretOf('other', { version: V2 }) };
    expect(change('URL', OLD, user)).toMatchObject({ secret: 'user', fromVersion: V1, toVersion: V2 });
  });

  test('a new version with the same value, a new value in the same version', () => {
    expect(change('PW', OLD, { ...OLD, pw: secretOf('c4nary-old', { version: V2 }) })).toMatchObject({ toVersion: V2 });
    expect(change('PW', OLD, { ...OLD, pw: secretOf('other') })).toMatchObject({ fromVersion: V1, toVersion: V1 });
    const one = { ...OLD, pw: secretOf('c4nary-old', { version: V2 }) };
    expect(change('URL', OLD, one)).toMatchObject({ secret: 'pw', toVersion: V2 });
  });

  test('of several, of which not all are there, none is named: it could be the wrong one', () => {
    const { pw } = NEW;
    expect(change('D', { pw: OLD.pw }, { pw })).toEqual({ setting: 'D' });
    expect(change('D', { pw }, NEW)).toEqual({ setting: 'D' });
    expect(change('D', NEW, { pw: OLD.pw })).toEqual({ setting: 'D' });
    // Only the text tells.
    expect(change('D', { pw }, { pw, user: secretOf('nobody') })).toBeUndefined();
  });

  test('back to an older version is said', () => {
    expect(change('PW', NEW, OLD)).toMatchObject({ fromVersion: V2, toVersion: V1, regressed: true });
    expect(change('PW', OLD, NEW)).not.toHaveProperty('regressed');
    // The same version, of which a replica tells another time.
    const [late, early] = [2, 1].map((updatedMs) => ({ pw: secretOf(`x${updatedMs}`, { updatedMs }) }));
    expect(late && early && change('PW', late, early)).not.toHaveProperty('regressed');
  });
});
