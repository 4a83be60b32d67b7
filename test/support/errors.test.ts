import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BootstrapError, isVaultstrapError, settingFailure, VaultstrapError } from '../../src/support/errors.js';
import { guarded, safeCause } from '../../src/support/failure.js';
import { findCanary } from '../helpers/canary.js';
import { FORBIDDEN, OUTAGE } from '../helpers/fixtures.js';

const CANARY = 'c4nary-token';

describe('safeCause takes words and numbers only', () => {
  test('of an SDK error, with its request', () => {
    const error = Object.assign(new Error(`token ${CANARY}`, { cause: new Error(CANARY) }), {
      name: 'RestError',
      code: 'ECONNRESET',
      syscall: 'read',
      statusCode: 503,
      request: { headers: new Map([['authorization', `Bearer ${CANARY}`]]) },
      [Symbol('raw')]: CANARY,
    });
    const cause = safeCause(error);
    expect(cause).toEqual({ name: 'RestError', code: 'ECONNRESET', syscall: 'read', status: 503 });
    expect(findCanary(new VaultstrapError('ERR_INTERNAL', 'x', 'y', cause), CANARY)).toEqual([]);
  });

  test.each<[unknown, object]>([
    [undefined, { name: 'undefined' }],
    [null, { name: 'object' }],
    [CANARY, { name: 'string' }],
    [7, { name: 'number' }],
    [() => CANARY, { name: 'function' }],
    [{}, {}],
    [{ code: `with space ${CANARY}` }, {}],
    [{ code: 'x'.repeat(65) }, {}],
    [{ code: { toString: () => CANARY } }, {}],
    [{ statusCode: CANARY }, {}],
    [{ code: 'E_1.a-b' }, { code: 'E_1.a-b' }],
  ])('%#', (error, expected) => {
    expect(safeCause(error)).toEqual(expected);
  });

  test('never throws', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const trap = {
      get code() {
        throw new Error(CANARY);
      },
    };
    expect(findCanary([safeCause(proxy), safeCause(trap)], CANARY)).toEqual([]);
  });
});

test('guarded: what is thrown is a failure', async () => {
  const result = await guarded(() => Promise.reject(new TypeError(CANARY)));
  expect(result).toMatchObject({ ok: false, failure: { code: 'ERR_INTERNAL', cause: { name: 'TypeError' } } });
  expect(findCanary(result, CANARY)).toEqual([]);
  expect(await guarded(() => Promise.resolve({ ok: true, value: 1 }))).toEqual({ ok: true, value: 1 });
  const sync = guarded<never>(() => {
    throw new Error('at once');
  });
  expect((await sync).ok).toBe(false);
});

test('the remedy stands in the message, once: most print nothing else of an error', () => {
  expect(new VaultstrapError('ERR_INTERNAL', 'It broke.', 'Mend it.').message).toBe('It broke. Hint: Mend it.');
  expect(new VaultstrapError('ERR_INTERNAL', 'It broke. Mend it.', 'Mend it.').message).toBe('It broke. Mend it.');
});

describe('BootstrapError', () => {
  const one = settingFailure('PW', { ...FORBIDDEN, cause: { status: 403 } });
  const two = settingFailure('URL', OUTAGE);

  test('of one setting speaks of it', () => {
    const error = new BootstrapError([one]);
    expect(error).toMatchObject({
      name: 'BootstrapError',
      code: 'ERR_VAULT_RBAC',
      hint: 'Grant it.',
      cause: { status: 403 },
    });
    expect(error.message).toBe('PW: AccessToKeyVaultDenied (ERR_VAULT_RBAC): no right. Hint: Grant it.');
    expect(error).toBeInstanceOf(VaultstrapError);
  });

  test('of several lists them all', () => {
    const error = new BootstrapError([one, two]);
    expect(error.code).toBe('ERR_BOOTSTRAP');
    expect(error.message).toContain('2 settings could not be resolved.\n  PW: ');
    expect(error.message).toContain('\n  URL: OtherReasons (ERR_VAULT_UNAVAILABLE): answered 503. Hint: Wait.');
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: 'BootstrapError',
      code: 'ERR_BOOTSTRAP',
      failures: [{ setting: 'PW' }, { setting: 'URL' }],
    });
    // Node prints own enumerable properties beside the message; that would say everything twice.
    expect(inspect(error).match(/Grant it/g)).toHaveLength(1);
  });

  test('of several that failed alike names them all, and says it once', () => {
    const error = new BootstrapError([one, two, { ...one, setting: 'API_KEY' }]);
    expect(error.message).toBe(
      '3 settings could not be resolved.\n  PW, API_KEY: AccessToKeyVaultDenied (ERR_VAULT_RBAC): no right. Hint: Grant it.\n' +
        '  URL: OtherReasons (ERR_VAULT_UNAVAILABLE): answered 503. Hint: Wait.',
    );
    expect(error.failures).toHaveLength(3);
  });

  test('of a thousand that failed alike is a line that can be read', () => {
    const error = new BootstrapError(Array.from({ length: 1000 }, (_, i) => ({ ...one, setting: `S${i}` })));
    expect(error.message).toMatch(
      /^1000 settings could not be resolved\.\n {2}S0, S1, .*, S49 and 950 more: AccessToKeyVaultDenied [^\n]*$/,
    );
    expect(error.failures).toHaveLength(1000);
  });

  test('is recognised by its brand, whichever copy of the package it comes from', () => {
    expect(isVaultstrapError(new BootstrapError([one]))).toBe(true);
    expect(isVaultstrapError({ [Symbol.for('vaultstrap/error')]: true })).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'x', {}]) expect(isVaultstrapError(other)).toBe(false);
  });
});

test('the name of a setting begins no line of its own, and steers no terminal', () => {
  const { message } = new BootstrapError([
    settingFailure('A\n::error::x\u001b[2J', OUTAGE),
    settingFailure('B', FORBIDDEN),
  ]);
  expect(message.split('\n')).toHaveLength(3);
  expect(message).toContain('  A\\u{a}::error::x\\u{1b}[2J: ');
});
