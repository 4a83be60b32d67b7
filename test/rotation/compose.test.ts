// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { describe, expect, test } from 'vitest';
import { textOf } from '../../src/rotation/changes.js';
import { type ComposedSetting, composeSettings } from '../../src/rotation/compose.js';
import type { Environment } from '../../src/settings/environment.js';
import { printProvenance } from '../../src/settings/provenance.js';
import type { Result } from '../../src/support/failure.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { findCanary } from '../helpers/canary.js';
import { ABSENT, BARE_404, bad, FORBIDDEN, good, NOW_MS, OUTAGE, planOf, ref, V1 } from '../helpers/fixtures.js';
import { HOSTILE } from '../helpers/hostile.js';

type Vault = Record<string, Result<SecretValue> | string>;

/** Settings of an environment, with these secrets in vault `shop`. */
function compose(env: Environment, vault: Vault = {}): Map<string, ComposedSetting> {
  const plan = planOf(env);
  const composed = composeSettings(plan, (key) => {
    const found = vault[plan.reads.get(key)?.secret ?? ''];
    return typeof found === 'string' ? good(found) : found;
  });
  return new Map(composed.map((setting) => [setting.planned.setting, setting]));
}

const textIn = (composed: Map<string, ComposedSetting>, name: string) => {
  const setting = composed.get(name);
  return setting && textOf(setting);
};
const failureOf = (composed: Map<string, ComposedSetting>, name: string) => {
  const outcome = composed.get(name)?.outcome;
  return outcome?.kind === 'failed' ? outcome.failure : undefined;
};

/** As a parent left it: a secret, and a template that mentions it. */
const inherited = (ageS: number, more: Environment = {}): Environment => ({
  ...Object.fromEntries(
    printProvenance([
      { name: 'PW', value: 'old', pointer: ref(), resolvedAt: new Date(NOW_MS - ageS * 1000).toISOString() },
      {
        name: 'URL',
        value: 'db://old',
        pointer: 'db://${PW}',
        isTemplate: true,
        resolvedAt: new Date(NOW_MS - ageS * 1000).toISOString(),
      },
    ]),
  ),
  PW: 'old',
  URL: 'db://old',
  ...more,
});

describe('values', () => {
  test.each(HOSTILE.map((value) => [value.slice(0, 20), value]))('%j survives every way in', (_title, value) => {
    const composed = compose(
      {
        ALONE: ref(),
        AROUND: `a ${ref()} $b \${NOBODY} `,
        TEMPLATE: 'x ${ALONE} $$ ${PLAIN}',
        CHAIN: '<${TEMPLATE}>',
        MIXED: `${ref('b')}/\${ALONE}`,
        DEFAULT: `\${ABSENT:-${ref()}}`,
        ABSENT: ref('absent', 'Optional=true'),
        PLAIN: 'pl${A}in$1',
      },
      { pw: value, b: 'b', absent: bad(ABSENT) },
    );
    expect(textIn(composed, 'ALONE')).toBe(value);
    expect(textIn(composed, 'AROUND')).toBe(`a ${value} $b \${NOBODY} `);
    expect(textIn(composed, 'TEMPLATE')).toBe(`x ${value} $$ pl\${A}in$1`);
    expect(textIn(composed, 'CHAIN')).toBe(`<x ${value} $$ pl\${A}in$1>`);
    expect(textIn(composed, 'MIXED')).toBe(`b/${value}`);
    expect(textIn(composed, 'DEFAULT')).toBe(value);
    expect(composed.has('PLAIN')).toBe(false);
  });

  test('an empty secret is a value', () => {
    const composed = compose({ A: ref(), B: '[${A}]', C: '${A:-none}' }, { pw: '' });
    expect([...composed.keys()].map((name) => textIn(composed, name))).toEqual(['', '[]', 'none']);
  });

  test('Field and Encode are of their reference only', () => {
    const env = { A: `${ref('pw', 'Field=u')}:${ref('pw', 'Field=p;Encode=uri')}#${ref('pw', 'Encode=base64')}` };
    expect(textIn(compose(env, { pw: '{"u":"a b","p":"c d"}' }), 'A')).toBe('a b:c%20d#eyJ1IjoiYSBiIiwicCI6ImMgZCJ9');
  });

  test('text without a reference of its own', () => {
    const composed = compose({ A: 'see @@KeyVault(x) ${B}', C: '${A}', B: 'plain', D: `${ref()}` }, { pw: 's' });
    expect(textIn(composed, 'A')).toBe('see @KeyVault(x) ${B}');
    expect(textIn(composed, 'C')).toBe('see @KeyVault(x) ${B}');
  });

  test('a template may mention the twin', () => {
    const composed = compose({ A: ref(), APPSETTING_A: ref(), T: '<${APPSETTING_A}>' }, { pw: 's' });
    expect(textIn(composed, 'T')).toBe('<s>');
  });

  test('behind a setting stand the secrets that were read, for their versions and expiry', () => {
    const composed = compose({ A: `${ref('a')}${ref('x', 'Default=d')}`, X: ref('x') }, { a: 's', x: bad(ABSENT) });
    expect([...composed.values()].map(({ secrets }) => secrets.map(({ version }) => version))).toEqual([[V1], []]);
    expect(compose(inherited(1)).get('PW')?.secrets).toEqual([]);
  });

  test('a name that objects have anyway is nobody’s setting', () => {
    const composed = compose({ A: ref(), T: '${A}|${constructor}|${toString:-d}|${__proto__}' }, { pw: 's' });
    expect(textIn(composed, 'T')).toBe('s||d|');
  });

  test('too large only together', () => {
    const composed = compose({ A: ref(), T: '${A}${A}' }, { pw: 'x'.repeat(20_000) });
    expect(textIn(composed, 'A')).toHaveLength(20_000);
    expect(failureOf(composed, 'T')?.code).toBe('ERR_VALUE_TOO_LARGE');
  });

  test('what cannot stand in a variable fails, and says so without it', () => {
    for (const [value, code] of [
      ['c4nary\0', 'ERR_VALUE_NUL'],
      ['c4nary\uD800', 'ERR_VALUE_ENCODING'],
      ['c4nary'.repeat(6000), 'ERR_VALUE_TOO_LARGE'],
    ] as const) {
      const composed = compose({ A: ref() }, { pw: value });
      expect(failureOf(composed, 'A')?.code).toBe(code);
      expect(findCanary(composed.get('A')?.outcome, 'c4nary')).toEqual([]);
    }
  });

  test('nothing that is composed shows a value', () => {
    const composed = compose(
      { A: ref(), T: 'x${A}', D: ref('none', 'Default=x') },
      { pw: 'c4nary', none: bad(ABSENT) },
    );
    expect(textIn(composed, 'T')).toBe('xc4nary');
    expect(findCanary(composed, 'c4nary')).toEqual([]);
  });
});

describe('a secret that is absent', () => {
  test('Default, Optional, neither', () => {
    const composed = compose(
      {
        D: `a${ref('x', 'Default= d$x ')}b`,
        E: ref('x', 'Default='),
        O: ref('x', 'Optional=true'),
        F: ref('x', 'Optional=false'),
        N: ref('x'),
      },
      { x: bad(ABSENT) },
    );
    expect(composed.get('D')?.outcome).toMatchObject({ kind: 'value', usedDefault: true, because: ABSENT });
    expect(textIn(composed, 'D')).toBe('a d$x b');
    expect(textIn(composed, 'E')).toBe('');
    expect(composed.get('O')?.outcome).toEqual({ kind: 'unset', because: ABSENT });
    expect(failureOf(composed, 'F')).toBe(ABSENT);
    expect(failureOf(composed, 'N')).toBe(ABSENT);
  });

  test.each([
    ['a bare 404', BARE_404],
    ['a 403', FORBIDDEN],
    ['an outage', OUTAGE],
  ])('%s is not absence', (_what, failure) => {
    const env = { D: ref('x', 'Default=d'), O: ref('x', 'Optional=true') };
    const composed = compose(env, { x: bad(failure) });
    expect(failureOf(composed, 'D')).toBe(failure);
    expect(failureOf(composed, 'O')).toBe(failure);
  });

  test('a default is literal: not encoded, not a field, not expanded', () => {
    const env = { D: `${ref('x', 'Default=a b${PW};Encode=uri;Field=f')}\${PW}`, PW: ref() };
    expect(textIn(compose(env, { x: bad(ABSENT), pw: 's' }), 'D')).toBe('a b${PW}s');
  });

  test('an optional one among several unsets the whole, whatever the others are', () => {
    const env = { A: `${ref('a')}${ref('x', 'Optional=true')}` };
    expect(compose(env, { a: 's', x: bad(ABSENT) }).get('A')?.outcome.kind).toBe('unset');
    expect(textIn(compose(env, { a: 's', x: 't' }), 'A')).toBe('st');
  });

  test('an unset one is empty in templates', () => {
    const composed = compose({ O: ref('x', 'Optional=true'), T: '[${O}${O:-d}${O:+y}]' }, { x: bad(ABSENT) });
    expect(textIn(composed, 'T')).toBe('[d]');
  });
});

describe('failures', () => {
  test('a template fails with its member, whatever lies between, and names it', () => {
    const composed = compose({ T: 'x${M}', M: '${PW}', PW: ref(), FINE: ref('b') }, { pw: bad(FORBIDDEN), b: 's' });
    expect(failureOf(composed, 'M')).toMatchObject({
      code: 'ERR_TEMPLATE_MEMBER',
      status: FORBIDDEN.status,
      retry: 'never',
    });
    expect(failureOf(composed, 'M')).toMatchObject({ details: expect.stringContaining('PW'), hint: 'Mend PW.' });
    expect(failureOf(composed, 'T')?.details).toContain('M');
    expect(textIn(composed, 'FINE')).toBe('s');
  });

  test('one that may pass is one that may pass', () => {
    expect(failureOf(compose({ T: '${PW}', PW: ref() }, { pw: bad(OUTAGE) }), 'T')?.retry).toBe('deadline');
  });

  test('a secret that nobody asked for is no value', () => {
    expect(failureOf(compose({ A: ref() }), 'A')).toMatchObject({
      ...{ status: 'OtherReasons', code: 'ERR_INTERNAL', retry: 'never' },
      ...{ details: expect.stringContaining('not read'), hint: expect.stringContaining('report it') },
    });
  });

  test('protected, malformed and circular ones reach those who mention them', () => {
    const composed = compose(
      { T: '${NODE_OPTIONS}', NODE_OPTIONS: ref(), U: '${BAD}', BAD: '@KeyVault(x)', V: '${W}', W: `\${W}${ref()}` },
      { pw: 's' },
    );
    for (const name of ['T', 'U', 'V']) expect(failureOf(composed, name)?.code, name).toBe('ERR_TEMPLATE_MEMBER');
    expect(failureOf(composed, 'NODE_OPTIONS')?.code).toBe('ERR_PROTECTED_SETTING');
    expect(failureOf(composed, 'W')?.code).toBe('ERR_TEMPLATE_CIRCLE');
    expect(composed.size).toBe(6);
  });
});

describe('values that are there already', () => {
  const RAW = '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)';
  const platform = (more: Environment = {}): Environment => ({
    WEBSITE_KEYVAULT_REFERENCES: JSON.stringify({ PW: { rawReference: RAW, status: 'Resolved' } }),
    PW: 'from the platform',
    ...more,
  });

  test('stay, when nothing was asked', () => {
    const composed = compose(platform({ T: '<${PW}>' }));
    expect(composed.get('PW')?.outcome).toEqual({ kind: 'current', value: 'from the platform' });
    expect(textIn(composed, 'T')).toBe('<from the platform>');
    expect(compose(inherited(1)).get('URL')?.outcome).toEqual({ kind: 'current', value: 'db://old' });
  });

  test('give way to what was read', () => {
    expect(textIn(compose(platform(), { pw: 'new' }), 'PW')).toBe('new');
    const composed = compose(inherited(100), { pw: 'new' });
    expect(textIn(composed, 'PW')).toBe('new');
    expect(textIn(composed, 'URL')).toBe('db://new');
  });

  test('a fresh template is put together again when its member was read for somebody else', () => {
    const composed = compose(inherited(1, { OTHER: ref() }), { pw: 'new' });
    expect([...['PW', 'URL', 'OTHER']].map((name) => textIn(composed, name))).toEqual(['new', 'db://new', 'new']);
  });

  test('an inherited one outlives an outage, and no fact', () => {
    const outage = compose(inherited(100), { pw: bad(OUTAGE) });
    expect(outage.get('PW')?.outcome).toEqual({ kind: 'current', value: 'old', because: OUTAGE });
    expect(textIn(outage, 'URL')).toBe('db://old');
    expect(failureOf(compose(inherited(100), { pw: bad(FORBIDDEN) }), 'PW')).toBe(FORBIDDEN);
  });

  test("what the platform resolved outlives any failure of ours, even when somebody else's read shows it", () => {
    for (const failure of [FORBIDDEN, OUTAGE, ABSENT]) {
      const composed = compose(platform({ OTHER: ref() }), { pw: bad(failure) });
      expect(composed.get('PW')?.outcome).toEqual({ kind: 'current', value: 'from the platform', because: failure });
      expect(failureOf(composed, 'OTHER')).toBe(failure);
    }
  });

  test('an inherited template whose member was overridden by plain text follows it', () => {
    expect(textIn(compose(inherited(100, { PW: 'mine' })), 'URL')).toBe('db://mine');
    expect(textIn(compose(inherited(1, { PW: 'mine' })), 'URL')).toBe('db://old');
  });

  test('an absent optional one that is still absent, or exists by now', () => {
    const env = Object.fromEntries(
      printProvenance([
        {
          name: 'O',
          value: undefined,
          pointer: ref('pw', 'Optional=true'),
          resolvedAt: new Date(NOW_MS - 90_000).toISOString(),
        },
      ]),
    );
    expect(compose(env, { pw: bad(ABSENT) }).get('O')?.outcome.kind).toBe('unset');
    expect(textIn(compose(env, { pw: 'here now' }), 'O')).toBe('here now');
    expect(compose(env, { pw: bad(OUTAGE) }).get('O')?.outcome).toEqual({
      kind: 'current',
      value: undefined,
      because: OUTAGE,
    });
  });
});
