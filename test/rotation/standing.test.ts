// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
// What one start leaves to the next, to a child, and to whoever asks how things stand.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { composeSettings } from '../../src/rotation/compose.js';
import { createStanding, type Standing } from '../../src/rotation/standing.js';
import { readEnvironment } from '../../src/settings/environment.js';
import { planSettings } from '../../src/settings/plan.js';
import { readProvenance } from '../../src/settings/provenance.js';
import type { Clock } from '../../src/support/clock.js';
import type { Result } from '../../src/support/failure.js';
import type { Log } from '../../src/support/log.js';
import { momentOf } from '../../src/support/moment.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { ABSENT, bad, configOf, FORBIDDEN, good, keyOf, NOW_MS, ref, V1, V2 } from '../helpers/fixtures.js';

const DAY_MS = 86_400_000;
/** Variables of this process that the tests own. */
const OWN = /^(VS_|APPSETTING_VS_|VAULTSTRAP_REFERENCES|WEBSITE_KEYVAULT_REFERENCES)/;
const ownIn = (env: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => OWN.test(name)));
const clean = () => {
  for (const name of Object.keys(ownIn(process.env))) delete process.env[name];
};

let nowMs: number;
const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
let lines: string[];
const log: Log = { error: () => {}, warn: (line) => void lines.push(line), info: () => {}, debug: () => {} };
let vault: Record<string, Result<SecretValue>>;
let standing: Standing;

beforeEach(() => {
  clean();
  nowMs = NOW_MS;
  lines = [];
  vault = {};
  standing = createStanding(clock, () => log);
});
afterEach(() => {
  standing.reset();
  clean();
});

/** As the engine does it: what is in hand is not read again. */
function start(settings: Readonly<Record<string, string>> = {}, options: BootstrapOptions = {}, tookMs = 0): void {
  Object.assign(process.env, settings);
  const config = configOf(options);
  const began = momentOf(clock);
  const plan = planSettings(standing.environmentToPlan(), config, nowMs);
  const inHand = standing.known();
  const needed = plan.settings.filter(({ readAtStart, failure }) => readAtStart && !failure).flatMap((s) => s.reads);
  const results = new Map(
    needed
      .filter((key) => !inHand.has(key))
      .map((key) => [key, vault[plan.reads.get(key)?.secret ?? ''] ?? bad(ABSENT)]),
  );
  const composed = composeSettings(plan, (key) => results.get(key) ?? inHand.get(key));
  const failed = composed.some(({ outcome }) => outcome.kind === 'failed') && config.onError === 'throw';
  const client = { readAll: () => Promise.reject(new Error('nobody refreshes here')), rest: () => {} };
  nowMs += tookMs;
  standing.begin({ plan, config, client, began }, composed, results, !failed);
}

const planned = () => ownIn(standing.environmentToPlan());
const known = () => [...standing.known()].map(([key, result]) => [key, result.ok && result.value.value.reveal()]);
const record = () => readProvenance(ownIn(process.env));

describe('the last complete read began', () => {
  test('with the start that made it, however long it took', () => {
    vault = { a: good('a') };
    start({ VS_A: ref('a') }, {}, 500);
    expect(standing.lastRead?.wallMs).toBe(NOW_MS);
  });

  test('before a later start that read only what was new', () => {
    vault = { a: good('a'), b: good('b') };
    start({ VS_A: ref('a') });
    nowMs += DAY_MS;
    start({ VS_B: ref('b') });
    expect(standing.lastRead?.wallMs).toBe(NOW_MS);
  });

  test('with a later start that read all there is by then', () => {
    vault = { a: good('a'), b: good('b') };
    start({ VS_A: ref('a') });
    nowMs += DAY_MS;
    start({ VS_A: ref('b') });
    expect(standing.lastRead?.wallMs).toBe(NOW_MS + DAY_MS);
  });

  test('with the first of a process that had all its values from another', () => {
    vault = { a: good('a') };
    start({ VS_A: ref('a') });
    standing = createStanding(clock, () => log);
    nowMs += 1000;
    start();
    expect(known()).toEqual([]);
    expect(standing.lastRead?.wallMs).toBe(NOW_MS + 1000);
  });
});

describe('the next start plans with', () => {
  test('the references of what is in hand, and with what others have written', () => {
    vault = { a: good('a'), b: good('b') };
    start({ VS_A: ref('a'), VS_B: ref('b'), VS_C: ref('a'), VS_PLAIN: 'x' });
    process.env['VS_B'] = 'mine';
    delete process.env['VS_C'];
    expect(planned()).toMatchObject({ VS_A: ref('a'), VS_B: 'mine', VS_PLAIN: 'x' });
    expect(planned()).not.toHaveProperty('VS_C');
    expect(process.env['VS_A']).toBe('a');
  });

  test('a value, where one of its secrets is not in hand: its record tells what it was made of', () => {
    vault = { pw: good('s') };
    start({ VS_URL: `${ref('user', 'Default=app:')}${ref()}` });
    expect(planned()).toMatchObject({ VS_URL: 'app:s' });
    expect(record().has('VS_URL')).toBe(true);
  });

  test('what the platform resolved, read anew or not', () => {
    const raw = '@Microsoft.KeyVault(VaultName=shop;SecretName=p)';
    const theirs = { WEBSITE_KEYVAULT_REFERENCES: JSON.stringify({ VS_P: { rawReference: raw, status: 'Resolved' } }) };
    start({ ...theirs, VS_P: 'of the platform' });
    expect(planned()).toMatchObject({ VS_P: 'of the platform' });
    standing.held = new Map([[keyOf('p'), { good: { ...secret('new') }, refusals: 0 }]]);
    expect(planned()).toMatchObject({ VS_P: 'of the platform' });
  });

  test('an inherited value that nobody has read since, and the reference of one that has been', () => {
    vault = { a: good('a'), b: good('b') };
    start({ VS_A: ref('a'), VS_B: ref('b') });
    const inherited = ownIn(process.env);
    standing.reset();
    start(inherited as Record<string, string>);
    expect(planned()).toMatchObject({ VS_A: 'a', VS_B: 'b' });
    standing.held = new Map([[keyOf('a'), { good: secret('a'), refusals: 0 }]]);
    expect(planned()).toMatchObject({ VS_A: ref('a'), VS_B: 'b' });
  });
});

function secret(value: string): SecretValue {
  const result = good(value);
  if (!result.ok) throw new Error('impossible');
  return result.value;
}

describe('in hand is', () => {
  test('nothing before a start, and nothing that could not be read', () => {
    expect(known()).toEqual([]);
    vault = { pw: good('s'), forbidden: bad(FORBIDDEN) };
    start({ VS_PW: ref(), VS_F: ref('forbidden') }, { onError: 'unset' });
    expect(known()).toEqual([[keyOf(), 's']]);
  });

  test('nothing of a first start that failed: no clock keeps it fresh', () => {
    vault = { pw: good('s'), forbidden: bad(FORBIDDEN) };
    start({ VS_PW: ref(), VS_F: ref('forbidden') });
    expect([standing.input, known()]).toEqual([undefined, []]);
    expect(process.env['VS_PW']).toBe('s');
  });

  test.each([
    ['keep', [[keyOf(), 's']]],
    ['unset', []],
  ] as const)('of a secret that was refused twice, with onRevoked: %s', (onRevoked, expected) => {
    vault = { pw: good('s') };
    start({ VS_PW: ref() }, { onRevoked });
    const refused = (confirmed: boolean) =>
      new Map([[keyOf(), { good: secret('s'), failure: FORBIDDEN, refused: { sinceMs: NOW_MS, confirmed } }]]);
    standing.held = refused(false);
    expect(known()).toEqual([[keyOf(), 's']]);
    standing.held = refused(true);
    expect(known()).toEqual(expected);
  });
});

describe('a start', () => {
  test('keeps raw what failed, if it is to be kept, and nothing else', () => {
    vault = { ok: good('fine'), pw: bad(FORBIDDEN) };
    start({ VS_OK: ref('ok'), VS_PW: ref() }, { onError: 'keep' });
    expect(ownIn(process.env)).toMatchObject({ VS_OK: 'fine', VS_PW: ref() });
    expect([standing.notes.get('VS_OK'), standing.notes.get('VS_PW')]).toEqual([
      { resolvedAtMs: NOW_MS },
      { keepsRaw: true },
    ]);
  });

  test('knows when what it did not read again was read', () => {
    vault = { a: good('a'), b: good('b') };
    start({ VS_A: ref('a') });
    nowMs += 60_000;
    start({ VS_B: ref('b'), VS_T: '${VS_A}' });
    const times = ['VS_A', 'VS_B', 'VS_T'].map((name) => standing.notes.get(name)?.resolvedAtMs);
    expect(times).toEqual([NOW_MS, nowMs, NOW_MS]);
    expect(record().get('VS_A')?.resolvedAtMs).toBe(NOW_MS);
  });

  test('forgets what was wrong before it', () => {
    vault = { pw: good('s') };
    start({ VS_PW: ref() });
    standing.notes.set('VS_PW', { failure: FORBIDDEN, overridden: true });
    standing.notes.set('VS_GONE', { failure: FORBIDDEN });
    start();
    expect(standing.notes).toEqual(new Map([['VS_PW', { resolvedAtMs: NOW_MS }]]));
  });

  test('says which secret ends soon: each version once, and anew after a reset', () => {
    const ending = (version: string) => good('s', { version, expiresOnMs: NOW_MS + 3 * DAY_MS });
    vault = { pw: ending(V1) };
    start({ VS_PW: ref() });
    const warning = expect.stringMatching(/^secret 'pw' in vault 'shop' \(VS_PW\) expires on 2026-11-24, in 3 days\.$/);
    expect(lines).toEqual([warning]);
    start({ VS_T: '${VS_PW}' });
    expect(lines).toHaveLength(1);
    standing.reset();
    vault = { pw: ending(V2) };
    start({ VS_PW: ref() });
    standing.reset();
    start({ VS_PW: ref() });
    expect(lines).toEqual([warning, warning, warning]);
  });
});

describe('the record tells a child', () => {
  test('nothing of what failed: it may try again', () => {
    vault = { ok: good('fine'), pw: bad(FORBIDDEN) };
    start({ VS_OK: ref('ok'), VS_PW: ref() }, { onError: 'unset' });
    expect([...record().keys()]).toEqual(['VS_OK']);
  });

  test('that there is nothing, where an optional secret is not there', () => {
    start({ VS_O: ref('o', 'Optional=true') });
    expect(record().get('VS_O')).toMatchObject({ pointer: ref('o', 'Optional=true'), resolvedAtMs: NOW_MS });
  });

  test('nothing of what the platform resolved, which has a record of its own', () => {
    const raw = '@Microsoft.KeyVault(VaultName=shop;SecretName=p)';
    const theirs = { WEBSITE_KEYVAULT_REFERENCES: JSON.stringify({ VS_P: { rawReference: raw, status: 'Resolved' } }) };
    vault = { pw: good('s') };
    start({ ...theirs, VS_P: 'of the platform', VS_PW: ref() });
    expect([...record().keys()]).toEqual(['VS_PW']);
  });

  test('the time and the version that it was told itself, where it has read nothing', () => {
    vault = { pw: good('s', { version: V2 }) };
    start({ VS_PW: ref() });
    const inherited = ownIn(process.env) as Record<string, string>;
    standing.reset();
    nowMs += 1000;
    start(inherited);
    expect(record().get('VS_PW')).toMatchObject({ version: V2, resolvedAtMs: NOW_MS });
  });

  test('all of it again, where one of its parts is gone', () => {
    const names = Array.from({ length: 300 }, (_, i) => `VS_${i}`);
    vault = { pw: good('s') };
    start(Object.fromEntries(names.map((name) => [name, `${name}:${ref()}`])));
    const parts = Object.keys(process.env).filter((name) => name.startsWith('VAULTSTRAP_REFERENCES'));
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      delete process.env[part];
      nowMs += 1000;
      standing.apply();
      expect(record().size).toBe(300);
    }
  });
});

describe('while the next start reads', () => {
  test('what it has taken out stays out, whoever looks after the environment meanwhile', () => {
    vault = { pw: good('s'), other: good('o') };
    start({ VS_PW: ref(), APPSETTING_VS_PW: ref(), VS_OTHER: ref('other') });
    process.env['VS_PW'] = ref('newer');
    standing.takeOut(planSettings(readEnvironment(), configOf(), nowMs));
    standing.rewrite();
    expect(ownIn(process.env)).not.toHaveProperty('VS_PW');
    expect(planned()['VS_PW']).toBe(ref('newer'));
    // The others are looked after as before.
    process.env['VS_OTHER'] = ref('other');
    standing.rewrite();
    expect(process.env['VS_OTHER']).toBe('o');
  });

  test('inherited values stay: the app may have begun', () => {
    vault = { pw: good('s') };
    start({ VS_PW: ref() });
    const inherited = ownIn(process.env);
    standing.reset();
    clean();
    Object.assign(process.env, inherited, { VS_NEW: ref('new') });
    standing.takeOut(planSettings(readEnvironment(), configOf(), nowMs + DAY_MS));
    expect(process.env['VS_PW']).toBe('s');
    expect(process.env).not.toHaveProperty('VS_NEW');
  });
});

test('a setting of which somebody has written over one of its variables is overridden', () => {
  vault = { pw: good('s') };
  start({ VS_PW: ref(), APPSETTING_VS_PW: ref() });
  process.env['APPSETTING_VS_PW'] = 'mine';
  expect(standing.apply()).toEqual(new Set(['APPSETTING_VS_PW']));
  expect(standing.notes.get('VS_PW')).toEqual({ resolvedAtMs: NOW_MS, overridden: true });
  expect(process.env['VS_PW']).toBe('s');
});

test('a reset forgets all of it', () => {
  vault = { pw: good('s') };
  start({ VS_PW: ref() });
  standing.reset();
  const { input, composed, held, generation, lastRead, notes } = standing;
  expect({ input, composed, held, generation, lastRead, notes }).toEqual({
    input: undefined,
    composed: [],
    held: new Map(),
    generation: 0,
    lastRead: undefined,
    notes: new Map(),
  });
  expect(ownIn(process.env)).toEqual({ VS_PW: ref() });
});
