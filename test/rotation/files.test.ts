// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOf } from '../../src/rotation/changes.js';
import { type ComposedSetting, composeSettings, filesOf } from '../../src/rotation/compose.js';
import { createSecretFiles, type SecretFiles } from '../../src/rotation/files.js';
import { recompose } from '../../src/rotation/recompose.js';
import type { PathOf } from '../../src/rotation/secret-file.js';
import type { Environment } from '../../src/settings/environment.js';
import { printProvenance } from '../../src/settings/provenance.js';
import { type Result, succeed } from '../../src/support/failure.js';
import type { SecretValue } from '../../src/vault/reader.js';
import { findCanary } from '../helpers/canary.js';
import { ABSENT, bad, good, OUTAGE, planOf, ref, V2 } from '../helpers/fixtures.js';

type Vault = Record<string, Result<SecretValue> | string>;

const stub: PathOf = ({ setting, place, extension }) => succeed(`/shm/${setting}-${place}${extension}`);

function compose(env: Environment, vault: Vault, pathOf: PathOf | undefined): Map<string, ComposedSetting> {
  const plan = planOf(env);
  const lookup = (key: string) => {
    const found = vault[plan.reads.get(key)?.secret ?? ''];
    return typeof found === 'string' ? good(found) : found;
  };
  return new Map(composeSettings(plan, lookup, pathOf).map((setting) => [setting.planned.setting, setting]));
}

const file = (secret = 'pw', more = '') => ref(secret, `File=true${more}`);

describe('a setting with files', () => {
  const contents = (setting: ComposedSetting | undefined) =>
    setting ? filesOf([setting]).map(({ path: at, content }) => [at, content.reveal()]) : [];

  test('holds paths where references stood; the values stand beside it, hidden', () => {
    const all = compose(
      {
        A: `--key=${file()} --pw=${ref('b')} --cert=${file('tls', ';Format=pem')}`,
        T: 'x ${A}',
        F: file('j', ';Field=k'),
      },
      { pw: 'c4nary-s3cret', b: 'b', tls: 'PEM', j: '{"k":"v"}' },
      stub,
    );
    const a = all.get('A');
    expect(a && textOf(a)).toBe('--key=/shm/A-0 --pw=b --cert=/shm/A-2.pem');
    expect(contents(a)).toEqual([
      ['/shm/A-0', 'c4nary-s3cret'],
      ['/shm/A-2.pem', 'PEM'],
    ]);
    // A template changes with the files that it mentions, though its text does not.
    expect(contents(all.get('T'))).toEqual(contents(a));
    expect(contents(all.get('F'))).toEqual([['/shm/F-0', 'v']]);
    expect(findCanary([...all.values()], 'c4nary')).toEqual([]);
  });

  test('a file may hold what a variable cannot: NUL, and more than fits', () => {
    const long = 'x'.repeat(100_000);
    const all = compose({ A: file(), B: file('b') }, { pw: 'a\0b', b: long }, stub);
    expect(contents(all.get('A'))).toEqual([['/shm/A-0', 'a\0b']]);
    expect(contents(all.get('B'))).toEqual([['/shm/B-0', long]]);
  });

  test('a default goes into the file, an absent optional one leaves no file', () => {
    const all = compose({ A: file('no', ';Default=d'), B: file('no', ';Optional=true') }, { no: bad(ABSENT) }, stub);
    expect(contents(all.get('A'))).toEqual([['/shm/A-0', 'd']]);
    expect(all.get('B')?.outcome.kind).toBe('unset');
  });

  test('where nothing is written it is a failure, not a value', () => {
    const outcome = compose({ A: file() }, { pw: 's' }, undefined).get('A')?.outcome;
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'ERR_FILE', retry: 'never' } });
  });

  test("a parent's path does not outlive an outage, as a value would", () => {
    const record = (pointer: string) =>
      Object.fromEntries(printProvenance([{ name: 'A', value: 'v', pointer, resolvedAt: new Date(0).toISOString() }]));
    for (const [pointer, kind] of [[ref(), 'current'] as const, [`--key=${file()}`, 'failed'] as const]) {
      expect(compose({ A: 'v', ...record(pointer) }, { pw: bad(OUTAGE) }, stub).get('A')?.outcome.kind).toBe(kind);
    }
  });

  test('a new content is a change, whether a version tells or not', () => {
    const plan = planOf({ A: file('pw', ';Default=d'), T: '${A}' });
    const key = plan.settings[0]?.reads[0] ?? '';
    const held = (value: Result<SecretValue>) =>
      new Map([[key, value.ok ? { good: value.value } : { failure: value.failure }]]);
    const step = (before: readonly ComposedSetting[], value: Result<SecretValue>) =>
      recompose(plan, held(value), before, 'keep', (of, lookup) => composeSettings(of, lookup, stub));
    const first = step([], bad(ABSENT)).map(({ now }) => now);
    const second = step(first, good('s'));
    expect(second.map(({ change }) => change?.setting)).toEqual(['A', 'T']);
    const third = step(
      second.map(({ now }) => now),
      good('s'),
    );
    expect(third.map(({ change }) => change)).toEqual([undefined, undefined]);
    expect(
      step(
        third.map(({ now }) => now),
        good('s', { version: V2 }),
      )[0]?.change,
    ).toMatchObject({ toVersion: V2 });
  });
});

describe('the writer', () => {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  let files: SecretFiles;
  let folder: string | undefined;
  let now: Map<string, ComposedSetting>;
  beforeEach(() => {
    files = createSecretFiles();
    folder = undefined;
  });
  afterEach(() => files.remove());

  function place(env: Environment, vault: Vault): Map<string, ComposedSetting> {
    now = files.place(
      (pathOf) => compose(env, vault, pathOf),
      (all) => filesOf([...all.values()]),
    );
    const [first] = filesOf([...now.values()]);
    if (first) folder = path.dirname(first.path);
    return now;
  }
  const pathIn = (name: string) => {
    const setting = now.get(name);
    return (setting && textOf(setting)) ?? '';
  };
  const read = (name: string) => readFileSync(pathIn(name), 'utf8');
  const failureOf = (name: string) => {
    const outcome = now.get(name)?.outcome;
    return outcome?.kind === 'failed' ? outcome.failure : undefined;
  };

  test('nothing for nobody', () => {
    for (const { outcome } of place({ A: ref(), T: '<${A}>' }, { pw: 's' }).values()) {
      expect(outcome).not.toHaveProperty('files');
    }
    expect(folder).toBeUndefined();
  });

  test.runIf(process.platform === 'linux')('a folder in memory for us alone, files for us alone', () => {
    place({ A: file('tls', ';Format=pem') }, { tls: 'PEM\n' });
    expect(pathIn('A')).toMatch(/^\/dev\/shm\/vaultstrap-\d+-\d+-\w{6}\/A\.pem$/);
    expect(read('A')).toBe('PEM\n');
    expect(statSync(folder ?? '').mode & 0o777).toBe(0o700);
    expect(statSync(pathIn('A')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder ?? '')).toEqual(['A.pem']);
  });

  test('names that mean the same to a file system, or mean harm, get files of their own', () => {
    const names = ['a.b', 'a_b', 'A_B', '../../etc/x', `${'n'.repeat(300)}`, 'ü'];
    place(
      Object.fromEntries(names.map((name, i) => [name, file(`s${i}`)])),
      Object.fromEntries(names.map((_, i) => [`s${i}`, `v${i}`])),
    );
    expect(names.map(read)).toEqual(names.map((_, i) => `v${i}`));
    for (const name of names) expect(path.dirname(pathIn(name))).toBe(folder);
    expect(readdirSync(folder ?? '').every((name) => /^[\w-]{1,70}$/.test(name))).toBe(true);
  });

  test('a rotation keeps the path, one file after the other in one step, and writes only what changed', () => {
    place({ A: file(), B: file('b') }, { pw: 'one', b: 'same' });
    const [path1, inode] = [pathIn('A'), statSync(pathIn('B')).ino];
    place({ A: file(), B: file('b') }, { pw: 'two', b: 'same' });
    expect([pathIn('A'), read('A'), statSync(pathIn('B')).ino]).toEqual([path1, 'two', inode]);
    expect(readdirSync(folder ?? '').sort()).toEqual(['A', 'B']);
  });

  test('what is needed no more is removed', () => {
    place({ A: file(), B: file('b', ';Optional=true') }, { pw: 's', b: 's' });
    place({ A: file(), B: file('b', ';Optional=true') }, { pw: 's', b: bad(ABSENT) });
    expect(readdirSync(folder ?? '')).toEqual(['A']);
    files.remove();
    expect(existsSync(folder ?? '')).toBe(false);
  });

  test('what somebody has cleared away is written again', () => {
    place({ A: file() }, { pw: 's' });
    rmSync(folder ?? '', { recursive: true });
    place({ A: file() }, { pw: 's' });
    expect([read('A'), statSync(folder ?? '').mode & 0o777]).toEqual(['s', 0o700]);
  });

  test('one that cannot be written is a failure of its setting, and takes no other with it', () => {
    place({ A: file() }, { pw: 's' });
    // In its way: a folder that is not empty.
    mkdirSync(path.join(folder ?? '', 'B', 'x'), { recursive: true });
    place({ A: file(), B: file('b'), T: '<${B}>' }, { pw: 's', b: 'c4nary' });
    expect(failureOf('B')).toMatchObject({ code: 'ERR_FILE', status: 'OtherReasons', cause: { syscall: 'rename' } });
    expect(failureOf('T')).toMatchObject({ code: 'ERR_TEMPLATE_MEMBER' });
    expect(findCanary(failureOf('B'), 'c4nary')).toEqual([]);
    expect(read('A')).toBe('s');
    expect(readdirSync(folder ?? '').sort()).toEqual(['A', 'B']);
    // Nothing is remembered of it once it can be written.
    rmSync(path.join(folder ?? '', 'B'), { recursive: true });
    place({ A: file(), B: file('b') }, { pw: 's', b: 'fine' });
    expect(read('B')).toBe('fine');
  });

  test('a draft in the way (a process that was stopped in the middle) is no hindrance', () => {
    place({ A: file() }, { pw: 'one' });
    writeFileSync(`${pathIn('A')}.new`, 'half');
    place({ A: file() }, { pw: 'two' });
    expect([read('A'), readdirSync(folder ?? '')]).toEqual(['two', ['A']]);
  });

  test('no reader ever finds half a file, or none', async () => {
    const contents = ['a', 'b'].map((letter) => letter.repeat(256 * 1024));
    const vault = (i: number) => ({ pw: contents[i % 2] ?? '' });
    place({ A: file() }, vault(0));
    const reader = new Worker(
      `const { workerData: { file, whole, stop }, parentPort } = require('node:worker_threads');
       const { readFileSync } = require('node:fs');
       const strange = []; let reads = 0;
       parentPort.postMessage('reading');
       for (; Atomics.load(stop, 0) === 0; reads++) {
         let text; try { text = readFileSync(file, 'utf8'); } catch (error) { text = error.code; }
         if (!whole.includes(text)) strange.push(text.length);
       }
       parentPort.postMessage({ reads, strange });`,
      { eval: true, workerData: { file: pathIn('A'), whole: contents, stop } },
    );
    await once(reader, 'message');
    for (let i = 1; i <= 200; i++) place({ A: file() }, vault(i));
    Atomics.store(stop, 0, 1);
    const [{ reads, strange }] = await once(reader, 'message');
    expect(strange).toEqual([]);
    expect(reads).toBeGreaterThan(1);
  });
});
