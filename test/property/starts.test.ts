// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
// Starts, refreshes, outages and an app's own writing in any order, on the whole engine.
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readEnvironment } from '../../src/settings/environment.js';
import { readProvenance } from '../../src/settings/provenance.js';
import { createEngine, type Engine } from '../../src/startup/engine.js';
import { BootstrapError } from '../../src/support/errors.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import { removeVariables } from '../helpers/environment.js';
import { NOW_MS, ref } from '../helpers/fixtures.js';
import { type MemoryVault, openVault } from '../helpers/memory-vault.js';
import { pass, time } from '../helpers/time.js';

vi.mock('../../src/support/clock.js', () => import('../helpers/time.js'));
vi.mock('../helpers/siblings.js', () => import('../helpers/memory-vault.js'));

const SECRETS = ['a', 'b', 'c'] as const;
/** What each variable may be given. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  VS_A: [ref('a'), ref('c')],
  APPSETTING_VS_A: [ref('a')],
  VS_B: [`b:${ref('b')}`, ref('a')],
  VS_T: ['${VS_A}+${VS_B}'],
  VS_O: [ref('c', 'Optional=true')],
  VS_D: [ref('b', 'Default=fallback')],
};
const NAMES = Object.keys(TEXTS);
const isRaw = (text = '') => text.includes('KeyVault');
const isValue = (text = '') => /^(b:)?[abc]-\d+|^fallback$/.test(text);

const name = fc.constantFrom(...NAMES);
const secret = fc.constantFrom(...SECRETS);
const plain = <T extends string>(...kinds: T[]) => fc.record({ do: fc.constantFrom(...kinds) });
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), name, which: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('write', 'delete', 'stub', 'restore'), name }) },
  { weight: 4, arbitrary: plain('bootstrap', 'bootstrapSync', 'start') },
  { weight: 3, arbitrary: plain('refresh') },
  { weight: 6, arbitrary: plain('repair', 'close', 'resolve', 'reload', 'release', 'turn') },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('urgent' as const), name }) },
  { weight: 1, arbitrary: plain('reset') },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1000, 40_000, 400_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-3_600_000, 3_600_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('set', 'set', 'rollBack', 'well'), secret }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('absent', 'forbidden', 'outage'), secret }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('hold' as const), late: fc.subarray([...SECRETS]), early: fc.boolean() }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const options: fc.Arbitrary<BootstrapOptions> = fc.record({
  onError: fc.constantFrom('throw' as const, 'unset' as const, 'keep' as const),
  onRevoked: fc.constantFrom('keep' as const, 'unset' as const),
  log: fc.constant('silent' as const),
});

const rejections: unknown[] = [];
const onRejection = (error: unknown) => void rejections.push(error);
beforeAll(() => void process.on('unhandledRejection', onRejection));
afterAll(() => void process.off('unhandledRejection', onRejection));

let engine: Engine;
let vault: MemoryVault;
const clean = () => removeVariables(/^(APPSETTING_)?VS_|^VAULTSTRAP_/);
afterEach(async () => {
  await engine.reset();
  clean();
});

async function turns(count = 4): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** An app, and what it may expect. */
class App {
  readonly #options: BootstrapOptions;
  readonly #promises: Promise<unknown>[] = [];
  readonly #errors: unknown[] = [];
  /** Starts that wait. */
  #underWay = 0;
  /** Put there since the last start began, which may not have seen it. */
  readonly #new = new Set<string>();
  /** The references that it was given last. */
  readonly given = new Map<string, string>();
  /** What the app has written over a value, or over a reference; `undefined`: it has removed it. */
  readonly own = new Map<string, string | undefined>();
  readonly #stubbed = new Map<string, string | undefined>();
  /** Of whose changes it must be told, and of whose it was. */
  readonly changed = new Set<string>();
  readonly told = new Set<string>();
  #seen: { generation: number; env: Record<string, string | undefined> } = { generation: 0, env: {} };

  /** How often it was begun anew, and whether it has started since. */
  #resets = 0;
  #hasStarted = false;

  constructor(given: BootstrapOptions) {
    this.#options = given;
    this.#listen();
  }

  #listen(): void {
    engine.onRotated(({ changed }) => {
      for (const { setting } of changed) this.told.add(setting);
      throw new Error('a listener that stumbles');
    });
    const off = engine.onRotated(async () => {
      off();
      await engine.refresh();
    });
  }

  do(one: Operation): unknown {
    if (one.do.startsWith('bootstrap') || one.do === 'start') this.#hasStarted = true;
    switch (one.do) {
      case 'put':
        return this.#put(one.name, TEXTS[one.name]?.[one.which] ?? TEXTS[one.name]?.[0] ?? '');
      case 'write':
        return this.#write(one.name, `own-${time.nowMs}`);
      case 'delete':
        // A variable that we have removed, and that is given a text and removed again, is as we left it.
        return isValue(process.env[one.name]) && this.#write(one.name, undefined);
      case 'stub':
        if (!isValue(process.env[one.name])) return;
        this.#stubbed.set(one.name, process.env[one.name]);
        return this.#write(one.name, 'stub');
      case 'restore': {
        const text = this.#stubbed.get(one.name);
        if (process.env[one.name] === 'stub') process.env[one.name] = text;
        if (text !== undefined && process.env[one.name] === text) this.own.delete(one.name);
        return this.#stubbed.delete(one.name);
      }
      case 'reload':
        // The Functions worker wipes the environment, and refills it with what the host has.
        for (const variable of Object.keys(process.env))
          if (/^VAULTSTRAP_REFERENCES/.test(variable)) delete process.env[variable];
        return this.given.forEach((text, variable) => {
          this.#put(variable, text);
        });
      case 'bootstrap':
        return this.#bootstrap();
      case 'bootstrapSync':
      case 'start':
        if (one.do === 'bootstrapSync') this.#new.clear();
        try {
          engine[one.do](this.#options);
        } catch (error) {
          if (!(error instanceof BootstrapError)) throw error;
        }
        return one.do === 'bootstrapSync' && this.#checkEnd();
      case 'refresh':
        return this.#keep(engine.refresh());
      case 'urgent':
        return this.#keep(engine.refresh(one.name));
      case 'resolve':
        return this.#keep(engine.resolve({ X: ref('a') }, this.#options).catch(expectBootstrapError));
      case 'repair':
        return engine.repair();
      case 'close':
        return engine.close();
      case 'reset':
        return this.#reset();
      case 'turn':
        return turns();
      case 'pass':
        return pass(one.ms);
      case 'jump':
        time.nowMs += one.ms;
        return;
      case 'hold':
        return vault.hold(one.late, one.early);
      case 'release':
        return vault.release();
      case 'set':
      case 'rollBack':
        return vault[one.do](one.secret);
      case 'well':
        return vault.trouble.delete(one.secret);
      default:
        return vault.trouble.set(one.secret, one.do);
    }
  }

  #put(variable: string, text: string): void {
    process.env[variable] = text;
    this.given.set(variable, text);
    this.own.delete(variable);
    this.#stubbed.delete(variable);
    this.#new.add(variable);
  }

  #write(variable: string, text: string | undefined): void {
    if (text === undefined) delete process.env[variable];
    else process.env[variable] = text;
    this.own.set(variable, text);
    if (text !== 'stub') this.#stubbed.delete(variable);
  }

  async #reset(): Promise<void> {
    this.#resets++;
    this.#underWay = 0;
    this.#hasStarted = false;
    await engine.reset();
    this.changed.clear();
    this.#stubbed.clear();
    const env = readEnvironment();
    const back = Object.fromEntries([...this.given, ...this.own]);
    expect(Object.fromEntries(Object.keys(back).map((one) => [one, env[one]]))).toEqual(back);
    expect(Object.keys(env).filter((one) => one.startsWith('VAULTSTRAP_'))).toEqual([]);
    this.#seen = { generation: 0, env };
    this.#listen();
  }

  #bootstrap(): void {
    // Who joins a start that fails does not look behind it.
    if (this.#underWay === 0) this.#new.clear();
    this.#underWay++;
    const resets = this.#resets;
    const started = engine.bootstrap(this.#options).catch(expectBootstrapError);
    this.#keep(
      started.then(() => {
        if (resets !== this.#resets) return;
        this.#underWay--;
        this.#checkEnd();
      }),
    );
  }

  #keep(promise: Promise<unknown>): void {
    this.#promises.push(promise.catch((error) => this.#errors.push(error)));
  }

  /** Whether it succeeded or failed: nothing raw is left of what it may have seen, but what is to be kept so. */
  #checkEnd(): void {
    if (this.#underWay > 0) return;
    const { onError, onRevoked } = this.#options;
    const settings = new Map(engine.report().settings.map((one) => [one.setting, one]));
    function keepsRaw(one: string): boolean {
      // A twin with a text of its own is a setting of its own.
      const about = settings.get(one) ?? settings.get(one.replace('APPSETTING_', ''));
      const isIn = !about?.code || about.kept || about.usedDefault;
      return onError === 'keep' && !isIn && !(about.optional && about.status === 'SecretNotFound');
    }
    for (const one of NAMES) {
      const text = process.env[one];
      if (this.#new.has(one) || this.own.has(one)) continue;
      if (!keepsRaw(one)) expect([one, isRaw(text)]).toEqual([one, false]);
      // One that was revoked is gone.
      else if (text !== undefined || onRevoked === 'keep') expect([one, text]).toEqual([one, this.given.get(one)]);
    }
  }

  /** Behind each operation. */
  check(): void {
    if (this.#errors.length > 0) throw this.#errors[0];
    const { generation } = engine.report();
    const env = Object.fromEntries(NAMES.map((one) => [one, process.env[one]]));
    for (const one of NAMES) {
      const [before, now] = [this.#seen.env[one], env[one]];
      if (now === undefined || now === before || now === this.own.get(one)) continue;
      expect(isRaw(now) || isValue(now) || TEXTS[one]?.includes(now) || one === 'VS_T', `${one}=${now}`).toBe(true);
      if (isValue(now)) expect([one, this.#hasStarted]).toEqual([one, true]);
      // Starts that fail, one behind the other, each leave what they could read: no generation of anything.
      if (!isValue(before) || !isValue(now) || generation === 0) continue;
      expect(generation).toBeGreaterThan(this.#seen.generation);
      if (!one.startsWith('APPSETTING_')) this.changed.add(one);
      // Any part of it may be new; they are looked at by themselves.
      if (one === 'VS_T') continue;
      const [[, of, from] = [], [, to, n] = []] = [before, now].map((text = '') => /([abc])-(\d+)$/.exec(text) ?? []);
      if (of !== undefined && of === to && !vault.wasRolledBack(of)) expect(Number(n)).toBeGreaterThan(Number(from));
    }
    this.#seen = { generation, env };
  }

  async settled(): Promise<void> {
    await Promise.all(this.#promises);
    if (this.#errors.length > 0) throw this.#errors[0];
    this.#new.clear();
  }
}

function expectBootstrapError(error: unknown): void {
  if (!(error instanceof BootstrapError)) throw error;
}

/** What stands in each variable when all is well. */
function expected({ given, own }: App): Record<string, string | undefined> {
  const texts: Record<string, string | undefined> = {};
  for (const [variable, text] of given) {
    const value = text.replace(/@KeyVault.*SecretName=(\w).*\)/, (_all, of: string) => `${of}-${vault.current(of)}`);
    texts[variable] = own.has(variable) ? own.get(variable) : value;
  }
  if (texts['VS_T']?.includes('$')) {
    // What an app has written over a member is not judged here.
    if (['VS_A', 'VS_B'].every((one) => given.has(one) && !own.has(one)))
      texts['VS_T'] = `${texts['VS_A']}+${texts['VS_B']}`;
    else delete texts['VS_T'];
  }
  return texts;
}

async function run(operations: readonly Operation[], given: BootstrapOptions): Promise<void> {
  clean();
  rejections.length = 0;
  Object.assign(time, { nowMs: NOW_MS, monotonicMs: 1000 });
  vault = openVault();
  engine = createEngine();
  const app = new App(given);
  for (const one of operations) {
    await app.do(one);
    app.check();
    await Promise.resolve();
  }

  // All is well in the end.
  vault.trouble.clear();
  for (let i = 0; i < 3 || vault.isHeld(); i++) {
    vault.release();
    await turns(6);
  }
  await app.settled();
  time.nowMs = Math.max(time.nowMs, NOW_MS);
  pass(4_000_000);
  // What began while something was wrong may end in that.
  await engine.bootstrap(given).catch(() => engine.bootstrap(given));
  // A version that is older is believed when it is seen twice.
  for (let i = 0; i < 3; i++) {
    await engine.refresh();
    pass(400_000);
  }
  await turns();
  expect(rejections).toEqual([]);
  expect([...app.changed].filter((one) => !app.told.has(one))).toEqual([]);

  const texts = expected(app);
  expect(Object.fromEntries(Object.keys(texts).map((one) => [one, process.env[one]]))).toEqual(texts);
  const { status, settings, generation } = engine.report();
  expect(status).toBe(settings.length > 0 ? 'ready' : 'idle');
  const record = readProvenance(readEnvironment());
  for (const {
    setting,
    status: how,
    kept,
    overridden = false,
    wouldFailAtStart,
    secret: of = '',
    version,
  } of settings) {
    expect([setting, how, kept, wouldFailAtStart]).toEqual([setting, 'Resolved', undefined, undefined]);
    const isOwn = app.own.has(setting);
    if (isOwn || !app.own.has(`APPSETTING_${setting}`)) expect([setting, overridden]).toEqual([setting, isOwn]);
    if (of) expect([setting, Number(version)]).toEqual([setting, vault.current(of)]);
    if (!isOwn) expect(record.get(setting)?.version ?? version).toBe(version);
    if (!isOwn) expect([...record.keys()]).toContain(setting);
  }
  await engine.refresh();
  expect(engine.report().generation).toBe(generation);

  await engine.reset();
  const left = NAMES.filter((one) => isValue(process.env[one]) && process.env[one] !== app.own.get(one));
  expect(left).toEqual([]);
  clean();
}

// More, from somewhere else: MODEL_RUNS=50000.
const runs = Number(process.env['MODEL_RUNS'] ?? 400);
test('starts and refreshes in any order show nothing raw, and end in the newest values, and say so', {
  timeout: 60_000 + runs * 20,
}, async () => {
  const operations = fc.array(operation, { minLength: 3, maxLength: 30 });
  const parameters = { numRuns: runs, ...(!process.env['MODEL_RUNS'] && { seed: 20261122 }) };
  await fc.assert(fc.asyncProperty(operations, options, run), parameters);
});
