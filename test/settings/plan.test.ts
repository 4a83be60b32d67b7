// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { describe, expect, test } from 'vitest';
import type { Environment } from '../../src/settings/environment.js';
import { printProvenance } from '../../src/settings/provenance.js';
import { findCanary } from '../helpers/canary.js';
import { GUID, keyOf, NOW_MS, planOf, ref, settingIn, V1 } from '../helpers/fixtures.js';

const names = (env: Environment, options = {}) => planOf(env, options).settings.map(({ setting }) => setting);

describe('which settings are ours', () => {
  test('those with a reference, and templates that mention one, directly or not', () => {
    const plan = planOf({
      URL: 'db://${USER_PW}@h',
      USER_PW: 'u:${PW}',
      PW: ref(),
      PLAIN: 'pa$$word ${PATH} $PW ${NOBODY}',
      OTHER: '${PLAIN}',
      ESCAPED: '\\${PW}',
      EMPTY: '',
    });
    expect(plan.settings.map(({ setting, origin, isTemplate }) => [setting, origin, isTemplate])).toEqual([
      ['PW', 'reference', false],
      ['USER_PW', 'template', true],
      ['URL', 'template', true],
    ]);
  });

  test('templates stand behind what they mention, in whatever order they come', () => {
    const chain = Array.from({ length: 500 }, (_, i) => [`T${i}`, `\${T${i + 1}}`]);
    const env = { ...Object.fromEntries(chain), T500: ref() };
    const order = names(env);
    expect(order).toHaveLength(501);
    expect(order.indexOf('T500')).toBe(0);
    expect(order.indexOf('T0')).toBe(500);
  });

  test('a bare $NAME makes no template, but is a mention in one, and so stands before it', () => {
    const plan = planOf({ A: 'x $B ${C}', B: ref('b'), C: ref('c'), D: 'x $B' });
    expect(settingIn(plan, 'A')).toMatchObject({ isTemplate: true, mentions: ['B', 'C'] });
    expect(plan.settings.map(({ setting }) => setting).indexOf('A')).toBe(2);
    expect(names({ D: 'x $B', B: ref('b') })).toEqual(['B']);
  });

  test('a default that is a reference, a reference inside a template', () => {
    const plan = planOf({ A: `\${B:-${ref('a')}}`, B: ref('b', 'Optional=true'), C: `${ref('c')}/\${X}` });
    expect(settingIn(plan, 'A')).toMatchObject({ isTemplate: true, mentions: ['B'], origin: 'reference' });
    expect(settingIn(plan, 'C')).toMatchObject({ isTemplate: false, mentions: [] });
  });

  test('akvs://, connection strings and text around references', () => {
    const plan = planOf({
      A: `akvs://${GUID}/shop/pw`,
      SQLAZURECONNSTR_Db: `Server=x;Password=${ref()};`,
      CUSTOMCONNSTR_X: '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)',
      URL: `postgres://app:${ref('pw', 'Encode=uri')}@db/shop`,
    });
    expect(plan.settings.map(({ setting }) => setting)).toEqual(['A', 'CUSTOMCONNSTR_X', 'SQLAZURECONNSTR_Db', 'URL']);
    expect(plan.reads.size).toBe(1);
    for (const { failure, names: written, setting } of plan.settings) {
      expect(failure).toBeUndefined();
      expect(written).toEqual([setting]);
    }
  });

  test('in the order of their names, however the environment has them; a template behind what it mentions', () => {
    const names = (env: Record<string, string>) => planOf(env).settings.map(({ setting }) => setting);
    const settings = { DB: ref('db'), API_KEY: '@KeyVault(', A_URL: 'x://${Z}', Z: ref('z') };
    const expected = ['API_KEY', 'DB', 'Z', 'A_URL'];
    expect(names(settings)).toEqual(expected);
    expect(names(Object.fromEntries(Object.entries(settings).reverse()))).toEqual(expected);
  });

  test('an escaped marker is text, and is unescaped', () => {
    expect(settingIn(planOf({ A: '@@KeyVault(x)' }), 'A')).toMatchObject({ segments: ['@KeyVault(x)'], reads: [] });
  });

  test("malformed ones are a failure of their own, and nobody else's", () => {
    const plan = planOf({ A: '@KeyVault(Vault=x)', B: ref(), C: '${A}' });
    expect(settingIn(plan, 'A')).toMatchObject({
      origin: 'reference',
      failure: { status: 'InvalidSyntax', code: 'ERR_REFERENCE_SYNTAX', retry: 'never' },
    });
    expect(settingIn(plan, 'B').failure).toBeUndefined();
    expect(settingIn(plan, 'C').mentions).toEqual(['A']);
  });

  test('no settings, no work', () => {
    expect(planOf({}).settings).toEqual([]);
    expect(planOf({ A: undefined, B: 'x' }).settings).toEqual([]);
  });

  test('names that objects have anyway', () => {
    const env = Object.fromEntries([
      ['constructor', ref()],
      ['A', '${constructor}${toString}'],
      ['toString', 'x'],
    ]) as Environment;
    expect(settingIn(planOf(env), 'A').mentions).toEqual(['constructor']);
    expect(names({ A: '${toString} ${__proto__}' })).toEqual([]);
  });
});

describe('circles', () => {
  const CIRCLE = {
    ...{ status: 'InvalidSyntax', code: 'ERR_TEMPLATE_CIRCLE', retry: 'never' },
    ...{ details: expect.stringContaining('in a circle'), hint: expect.stringContaining('Break the circle') },
  };
  test.each<[string, Environment, string[], string[]]>([
    ['of one', { A: `${ref()}\${A}` }, ['A'], []],
    ['of one, bare', { A: '${PW} $A', PW: ref() }, ['A'], ['PW']],
    ['of two', { A: `${ref()}\${B}`, B: '${A}' }, ['A', 'B'], []],
    ['of three', { A: '${B}', B: '${C}', C: '${A}${PW}', PW: ref() }, ['A', 'B', 'C'], ['PW']],
    ['that others look at', { A: `${ref()}\${B}`, B: '${A}', C: '${A}' }, ['A', 'B'], ['C']],
    ['by a twin', { A: `${ref()}\${APPSETTING_A}`, APPSETTING_A: `${ref()}\${APPSETTING_A}` }, ['A'], []],
    ['through a default', { A: '${NONE:-${B}}', B: `\${A}${ref()}` }, ['A', 'B'], []],
  ])('%s', (_what, env, circular, fine) => {
    const plan = planOf(env);
    for (const name of circular) expect(settingIn(plan, name).failure, name).toMatchObject(CIRCLE);
    for (const name of fine) expect(settingIn(plan, name).failure, name).toBeUndefined();
  });

  test('among settings that are none of ours are nobody’s business', () => {
    expect(names({ A: '${B}', B: '${A}', PW: ref() })).toEqual(['PW']);
    expect(names({ PATHS: '/x:${PATHS}', PW: ref() })).toEqual(['PW']);
  });

  test('a chain that leads back from every place, to the first or to itself', () => {
    const count = 2000;
    const chain = (back: (i: number) => string) =>
      planOf({
        ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`T${i}`, `\${T${i + 1}}\${${back(i)}}`])),
        [`T${count}`]: ref(),
      });
    for (const back of [() => 'T0', (i: number) => `T${i}`]) {
      const { settings } = chain(back);
      expect(settings.filter(({ failure }) => failure?.code === 'ERR_TEMPLATE_CIRCLE')).toHaveLength(count);
      expect(settings[0]).toMatchObject({ setting: `T${count}`, reads: [keyOf()] });
    }
  });

  test('a big one ends', () => {
    const env = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`T${i}`, `\${T${(i + 1) % 300}}`]));
    const plan = planOf({ ...env, T7: `\${T8}${ref()}` });
    expect(plan.settings.filter(({ failure }) => failure?.code === 'ERR_TEMPLATE_CIRCLE')).toHaveLength(300);
  });
});

describe('protected and ignored names', () => {
  test('a reference in a protected one is a failure, in any case and as a twin, and nothing is written', () => {
    for (const name of ['NODE_OPTIONS', 'https_proxy', 'APPSETTING_AZURE_CLIENT_ID', 'VAULTSTRAP_IDENTITY']) {
      const plan = planOf({ [name]: ref() });
      expect(plan.settings, name).toHaveLength(1);
      expect(plan.settings[0]).toMatchObject({
        setting: name,
        names: [],
        origin: 'reference',
        reads: [],
        failure: { status: 'InvalidSyntax', code: 'ERR_PROTECTED_SETTING', retry: 'never' },
      });
      expect(plan.settings[0]?.failure?.details).toContain('it is never resolved');
      expect(plan.settings[0]?.failure?.hint).toContain('another name');
    }
  });

  test('text in one is left alone, whatever it mentions', () => {
    expect(names({ NODE_OPTIONS: '--title=${PW}', PATH: '/bin', PW: ref() })).toEqual(['PW']);
  });

  test('similar names are ordinary', () => {
    const plan = planOf({ AZURE_OPENAI_API_KEY: ref(), LD_SDK_KEY: ref('sdk') });
    expect(plan.settings.map(({ failure }) => failure)).toEqual([undefined, undefined]);
    expect(plan.reads.size).toBe(2);
  });

  test('the records hold references and are none, nor are their twins', () => {
    const record = '{"PW":{"rawReference":"@Microsoft.KeyVault(VaultName=shop;SecretName=pw)","status":"Resolved"}}';
    const ours = '{"v":1,"salt":"x","settings":{"PW":{"pointer":"@KeyVault(x)"}}}';
    const plan = planOf({
      WEBSITE_KEYVAULT_REFERENCES: record,
      APPSETTING_WEBSITE_KEYVAULT_REFERENCES: record,
      VAULTSTRAP_REFERENCES: ours,
      VAULTSTRAP_REFERENCES_1: ours,
      APPSETTING_VAULTSTRAP_REFERENCES: ours,
    });
    expect(plan.settings).toEqual([]);
    expect(plan.warnings).toEqual([]);
  });

  test('ignored ones are left alone with their twins, and nobody is a template through them', () => {
    const env = { A: ref(), APPSETTING_A: ref(), B: ref('b'), C: '${A}' };
    expect(names(env, { ignore: ['A'] })).toEqual(['B']);
    expect(names({ ...env, APPSETTING_A: ref('other') }, { ignore: ['A'] })).toEqual(['B']);
    const plan = planOf(env, { ignore: ['APPSETTING_A'] });
    expect(settingIn(plan, 'A').names).toEqual(['A']);
    expect(plan.settings.map(({ setting }) => setting)).toEqual(['A', 'B', 'C']);
  });
});

describe('reads', () => {
  test('each secret once, however it is written and whoever uses it', () => {
    const plan = planOf({
      A: ref(),
      APPSETTING_A: ref(),
      B: '@Microsoft.KeyVault(SecretUri=https://SHOP.vault.azure.net/secrets/PW/)',
      C: `akvs://${GUID}/shop/pw`,
      D: `x${ref('pw', 'Field=a')}${ref('pw', 'Field=b;Encode=uri')}`,
      E: ref('pw', 'Identity=system'),
    });
    expect([...plan.reads.keys()]).toEqual([keyOf()]);
    expect(settingIn(plan, 'A').names).toEqual(['A', 'APPSETTING_A']);
    expect(settingIn(plan, 'D').reads).toEqual([keyOf(), keyOf()]);
    expect(plan.settings).toHaveLength(5);
  });

  test('but each version, vault and identity apart', () => {
    const plan = planOf(
      {
        A: ref(),
        B: ref('pw', `SecretVersion=${V1}`),
        C: ref('pw', 'Identity=system'),
        D: ref('pw', `Identity=object:${GUID}`),
        E: '@KeyVault(SecretUri=https://shop.vault.azure.cn/secrets/pw)',
      },
      { identity: GUID },
    );
    expect([...plan.reads.values()].map(({ host, version, identity }) => [host, version, identity.kind])).toEqual([
      ['shop.vault.azure.net', undefined, 'client'],
      ['shop.vault.azure.net', V1, 'client'],
      ['shop.vault.azure.net', undefined, 'system'],
      ['shop.vault.azure.net', undefined, 'object'],
      ['shop.vault.azure.cn', undefined, 'client'],
    ]);
  });

  test('and each form apart: PEM and what is stored are two answers', () => {
    const plan = planOf({ A: ref(), B: ref('pw', 'Format=pem'), C: ref('pw', 'Format=PEM;File=true') });
    expect([...plan.reads.values()].map(({ format }) => format)).toEqual([undefined, 'pem']);
    expect(settingIn(plan, 'B').reads).toEqual(settingIn(plan, 'C').reads);
  });

  test('a secret may be absent only if all that use it can do without', () => {
    const mayBeAbsent = (...more: string[]) =>
      planOf(Object.fromEntries(more.map((text, i) => [`S${i}`, ref('pw', text)]))).reads.get(keyOf())?.mayBeAbsent;
    expect(mayBeAbsent('Optional=true')).toBe(true);
    expect(mayBeAbsent('Default=')).toBe(true);
    expect(mayBeAbsent('Default=x', 'Optional=true')).toBe(true);
    expect(mayBeAbsent('')).toBe(false);
    expect(mayBeAbsent('Optional=false')).toBe(false);
    expect(mayBeAbsent('Optional=true', '')).toBe(false);
    expect(mayBeAbsent('', 'Optional=true')).toBe(false);
  });

  test('twins with different texts are two settings', () => {
    const plan = planOf({ A: ref(), APPSETTING_A: ref('other') });
    expect(plan.settings.map(({ setting, names: written }) => [setting, written])).toEqual([
      ['A', ['A']],
      ['APPSETTING_A', ['APPSETTING_A']],
    ]);
  });

  test('a twin may be mentioned, and means the setting', () => {
    const plan = planOf({ T: '${APPSETTING_A}', A: ref(), APPSETTING_A: ref() });
    expect(settingIn(plan, 'T').mentions).toEqual(['A']);
  });

  test('but one with a text of its own means itself', () => {
    const other = planOf({ T: '${APPSETTING_A}', A: ref(), APPSETTING_A: ref('other') });
    expect(settingIn(other, 'T').mentions).toEqual(['APPSETTING_A']);
    expect(names({ T: '${APPSETTING_A}', A: ref(), APPSETTING_A: 'plain' })).toEqual(['A']);
  });

  test('a thousand references in ten vaults', () => {
    const env = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`S${i}`, `@KeyVault(VaultName=vault-${i % 10};SecretName=s${i})`]),
    );
    const plan = planOf(env);
    expect(plan.settings).toHaveLength(1000);
    expect(new Set([...plan.reads.values()].map(({ host }) => host)).size).toBe(10);
  });
});

describe('provenance', () => {
  /** As a parent would have left it. */
  function inherited(
    entries: Record<
      string,
      { value: string | undefined; pointer?: string; ageS?: number; version?: string; isTemplate?: boolean }
    >,
  ): Environment {
    const record = printProvenance(
      Object.entries(entries).map(([name, { value, pointer = ref(), ageS = 10, version, isTemplate = false }]) => ({
        name,
        value,
        pointer,
        isTemplate,
        ...(version && { version }),
        resolvedAt: new Date(NOW_MS - ageS * 1000).toISOString(),
      })),
    );
    return {
      ...Object.fromEntries(record),
      ...Object.fromEntries(Object.entries(entries).map(([n, e]) => [n, e.value])),
    };
  }

  test('a fresh value is believed and costs no request', () => {
    const plan = planOf(inherited({ PW: { value: 's3cret', version: V1 } }));
    expect(settingIn(plan, 'PW')).toMatchObject({
      origin: 'inherited',
      current: 's3cret',
      currentVersion: V1,
      currentSinceMs: NOW_MS - 10_000,
      readAtStart: false,
      reads: [keyOf()],
    });
  });

  test('a dollar in the text around an inherited reference makes no template of it', () => {
    const env = inherited({ URL: { value: 'p$H:x', pointer: `p$H:${ref()}` }, H: { value: 'h', pointer: ref('h') } });
    expect(settingIn(planOf(env), 'URL')).toMatchObject({ origin: 'inherited', isTemplate: false, mentions: [] });
  });

  test("a parent's file is never believed: it may be gone", () => {
    const entry = { value: '/dev/shm/x/A', pointer: `--key=${ref('pw', 'File=true')}`, ageS: 0 };
    expect(settingIn(planOf(inherited({ A: entry })), 'A')).toMatchObject({ origin: 'inherited', readAtStart: true });
  });

  test.each([
    [0, 300, false],
    [59, 300, false],
    [60, 300, true],
    [9, 10, false],
    [10, 10, true],
    [59, 0, false],
    [60, 0, true],
    // A clock that was set back: nobody knows how old it is.
    [-5, 300, true],
    [86_400 * 30, 86_400, true],
  ])('%i s old, refreshed every %i s: read again %s', (ageS, refreshSeconds, readAtStart) => {
    const plan = planOf(inherited({ PW: { value: 'x', ageS } }), { refreshSeconds });
    expect(settingIn(plan, 'PW').readAtStart).toBe(readAtStart);
  });

  test('a value that looks like a reference, malformed or not, is never resolved', () => {
    for (const value of [ref('stolen'), '@KeyVault(', 'akvs://sub/shop/stolen', 'x ${PW} y']) {
      const plan = planOf(inherited({ A: { value, ageS: 3600 }, PW: { value: 'x', pointer: ref('pw') } }));
      expect(settingIn(plan, 'A')).toMatchObject({ origin: 'inherited', current: value, reads: [keyOf()] });
      expect([...plan.reads.keys()]).toEqual([keyOf()]);
    }
  });

  test('not even when its pointer makes no sense (another version of this library wrote it)', () => {
    for (const value of [ref('stolen'), undefined]) {
      expect(planOf(inherited({ A: { value, pointer: '@KeyVault(New=1)' } })).settings).toEqual([]);
    }
  });

  test('an override is as if there were no entry', () => {
    const env = inherited({ PW: { value: 's3cret' }, X: { value: 'x' } });
    expect(settingIn(planOf({ ...env, PW: ref('new') }), 'PW')).toMatchObject({
      origin: 'reference',
      readAtStart: true,
    });
    expect(planOf({ ...env, PW: 'plain' }).settings.map(({ setting }) => setting)).toEqual(['X']);
    expect(planOf({ ...env, PW: undefined }).settings.map(({ setting }) => setting)).toEqual(['X']);
  });

  test('an optional secret that was absent is asked for again once the record is old', () => {
    const env = inherited({ PW: { value: undefined, pointer: ref('pw', 'Optional=true') } });
    const fresh = settingIn(planOf(env), 'PW');
    expect(fresh).toMatchObject({ names: ['PW'], origin: 'inherited', readAtStart: false, reads: [keyOf()] });
    expect(fresh.current).toBeUndefined();
    const old = inherited({ PW: { value: undefined, pointer: ref('pw', 'Optional=true'), ageS: 100 } });
    expect(settingIn(planOf(old), 'PW').readAtStart).toBe(true);
    expect(planOf(env, { ignore: ['PW'] }).settings).toEqual([]);
  });

  test('a template is inherited as one, and stays one when its member was overridden by plain text', () => {
    for (const pointer of ['db://${PW}', `db://${ref('user')}:\${PW}`]) {
      const url = { value: 'db://a', pointer, ageS: 100, isTemplate: true };
      const parent = inherited({ PW: { value: 'a' }, URL: url });
      const left = settingIn(planOf(parent), 'URL');
      expect(left).toMatchObject({ isTemplate: true, mentions: ['PW'], readAtStart: true });
      const overridden = settingIn(planOf({ ...parent, PW: 'plain' }), 'URL');
      expect(overridden).toMatchObject({ isTemplate: true, mentions: [] });
    }
  });

  test('protected names are never adopted', () => {
    expect(planOf(inherited({ NODE_OPTIONS: { value: 'x' }, WEBSITE_X: { value: undefined } })).settings).toEqual([]);
  });
});

describe('the platform record', () => {
  const RAW = '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)';
  const withRecord = (record: unknown, env: Environment): Environment => ({
    WEBSITE_KEYVAULT_REFERENCES: typeof record === 'string' ? record : JSON.stringify(record),
    ...env,
  });

  test('what it resolved is adopted without a request', () => {
    const plan = planOf(withRecord({ PW: { rawReference: RAW, status: 'resolved' } }, { PW: 'x', APPSETTING_PW: 'x' }));
    expect(settingIn(plan, 'PW')).toMatchObject({
      origin: 'platform',
      current: 'x',
      names: ['PW', 'APPSETTING_PW'],
      pointer: RAW,
      readAtStart: false,
      reads: [keyOf()],
    });
    expect(plan.warnings).toEqual([]);
  });

  test('even if the value looks like a template of ours', () => {
    const env = { PW: 'x${B}', B: ref('b') };
    expect(settingIn(planOf(withRecord({ PW: { rawReference: RAW, status: 'Resolved' } }, env)), 'PW')).toMatchObject({
      origin: 'platform',
      isTemplate: false,
    });
  });

  test('what it could not resolve, and left raw, is resolved by us', () => {
    for (const status of ['AccessToKeyVaultDenied', 'Resolved']) {
      const plan = planOf(withRecord({ PW: { rawReference: RAW, status } }, { PW: RAW }));
      expect(settingIn(plan, 'PW')).toMatchObject({ origin: 'reference', readAtStart: true });
    }
  });

  test('what it did not resolve, and is plain text, is left alone', () => {
    for (const entry of [
      { rawReference: RAW, status: 'VaultNotFound' },
      { rawReference: RAW, status: 'Unresolved' },
      { rawReference: 'nonsense', status: 'Resolved' },
      { rawReference: '@Microsoft.KeyVault(nonsense)', status: 'Resolved' },
    ]) {
      expect(planOf(withRecord({ PW: entry }, { PW: 'x' })).settings).toEqual([]);
    }
    expect(planOf(withRecord({ GONE: { rawReference: RAW, status: 'Resolved' } }, {})).settings).toEqual([]);
  });

  test('an unknown shape is one warning, and no failure', () => {
    const plan = planOf(withRecord('[]', { PW: RAW, X: 'x' }));
    expect(plan.warnings).toHaveLength(1);
    expect(plan.warnings[0]).toContain('WEBSITE_KEYVAULT_REFERENCES');
    expect(plan.settings.map(({ setting }) => setting)).toEqual(['PW']);
    const canary = planOf(withRecord('{"PW":{"rawReference":"c4nary"', {}));
    expect(findCanary({ warnings: canary.warnings, settings: canary.settings }, 'c4nary')).toEqual([]);
  });
});

test('a value that the platform resolved is never read as a reference or template, even if what it was is not understood', () => {
  for (const rawReference of ['@Microsoft.KeyVault(nonsense)', '@Microsoft.AppConfiguration(Key=k)']) {
    const record = JSON.stringify({ PW: { rawReference, status: 'Resolved' } });
    for (const PW of [ref('other'), '@KeyVault(', '${B}']) {
      const plan = planOf({ PW, B: ref('b'), WEBSITE_KEYVAULT_REFERENCES: record });
      expect(plan.settings.map(({ setting }) => setting)).toEqual(['B']);
      expect([...plan.reads.values()].map(({ secret }) => secret)).toEqual(['b']);
    }
  }
  const plan = planOf({
    PW: 'x',
    WEBSITE_KEYVAULT_REFERENCES: '{"PW":{"rawReference":"@Microsoft.KeyVault(nonsense)","status":"Resolved"}}',
  });
  expect(plan.warnings).toEqual([expect.stringMatching(/^PW was resolved by the platform and does not rotate: /)]);
});

test('a value that the platform resolved is a secret, whatever it looks like', () => {
  const record = JSON.stringify({ PW: { rawReference: ref('pw'), status: 'Resolved' } });
  const plan = planOf({ PW: ref('other'), WEBSITE_KEYVAULT_REFERENCES: record });
  expect(settingIn(plan, 'PW')).toMatchObject({ origin: 'platform', current: ref('other'), readAtStart: false });
  expect([...plan.reads.values()].map(({ secret }) => secret)).toEqual(['pw']);
  // A leftover of the platform's is what its record says it is: a reference.
  const leftover = planOf({ PW: ref('pw'), WEBSITE_KEYVAULT_REFERENCES: record });
  expect(settingIn(leftover, 'PW')).toMatchObject({ origin: 'reference', readAtStart: true });
});
