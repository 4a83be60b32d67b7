import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { requireSettings, withFreshSecret } from '../../src/index.js';
import { useFreshSecret } from '../../src/rotation/fresh-secret.js';
import type { FreshSecretOptions, RefreshResult } from '../../src/rotation/types.js';
import { isVaultstrapError } from '../../src/support/errors.js';

const NAME = 'VS_FRESH';
const DONE: RefreshResult = { generation: 2, changed: [], failed: [] };

class Refused extends Error {
  readonly code = '28P01';
}
const isAuthError = (error: unknown) => error instanceof Refused;

/** What happened, in order. */
let events: string[];
/** The value after a refresh. */
let next: string | undefined;

const refreshNow = async (): Promise<RefreshResult> => {
  events.push('refresh');
  await Promise.resolve();
  if (next === undefined) delete process.env[NAME];
  else process.env[NAME] = next;
  return DONE;
};

/** As `withFreshSecret` does, but for the refresh. */
const fresh = <T>(
  use: (value: string) => T | Promise<T>,
  options: FreshSecretOptions,
  refresh = refreshNow,
  required = () => requireSettings(NAME)[NAME],
) => useFreshSecret(NAME, use, options, refresh, required);

/** A service that takes one value only. */
const serviceOf = (accepted: string) => async (value: string) => {
  events.push(`use ${value}`);
  await Promise.resolve();
  if (value !== accepted) throw new Refused(`refused ${value}`);
  return `done with ${value}`;
};

beforeEach(() => {
  events = [];
  process.env[NAME] = 'old';
  next = 'new';
});
afterEach(() => {
  delete process.env[NAME];
});

describe('the value', () => {
  test('that is accepted costs nothing more', async () => {
    expect(await fresh(serviceOf('old'), { isAuthError })).toBe('done with old');
    expect(events).toEqual(['use old']);
  });

  test('that is refused, and cannot be read again at all: the refusal is the error', async () => {
    const broken = () => Promise.reject(Object.assign(new Error('gone'), { code: 'MODULE_NOT_FOUND' }));
    await expect(fresh(serviceOf('new'), { isAuthError }, broken)).rejects.toThrow(Refused);
    expect(events).toEqual(['use old']);
  });

  test('that nobody has resolved is none', async () => {
    const raw = '@KeyVault(VaultName=shop;SecretName=pw)';
    process.env[NAME] = raw;
    await expect(withFreshSecret(NAME, serviceOf(raw), { isAuthError })).rejects.toMatchObject({
      code: 'ERR_SETTINGS_MISSING',
      message: expect.stringContaining(`${NAME} still holds its reference`),
    });
    expect(events).toEqual([]);
    // Nor a template whose member has failed.
    process.env[NAME] = `db://\${VS_PASSWORD}`;
    const refused = () => {
      throw new Error('still holds its reference');
    };
    await expect(fresh(serviceOf(raw), { isAuthError }, refreshNow, refused)).rejects.toThrow('still holds');
    expect(events).toEqual([]);
    // One that was resolved may look like a reference.
    process.env[NAME] = raw;
    expect(await fresh(serviceOf(raw), { isAuthError }, refreshNow, () => raw)).toBe(`done with ${raw}`);
  });

  test('that is refused is read again, once, and used once more', async () => {
    expect(await fresh(serviceOf('new'), { isAuthError })).toBe('done with new');
    expect(events).toEqual(['use old', 'refresh', 'use new']);
  });

  test('that is refused again: the second refusal is what the caller gets, and there is no third try', async () => {
    await expect(fresh(serviceOf('newer'), { isAuthError })).rejects.toThrow('refused new');
    expect(events).toEqual(['use old', 'refresh', 'use new']);
  });

  test('is used once more even when it is the same: what is refused may be another setting, read by `use`', async () => {
    next = 'old';
    let user = 'of monday';
    const use = (password: string) => {
      if (user === 'of monday') {
        user = 'of tuesday';
        throw new Refused();
      }
      return `${user} ${password}`;
    };
    expect(await fresh(use, { isAuthError })).toBe('of tuesday old');
  });

  test('that is missing is nothing to ask isAuthError or the vault about', async () => {
    delete process.env[NAME];
    const asked = vi.fn(() => true);
    const failing = fresh(serviceOf('x'), { isAuthError: asked });
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_SETTINGS_MISSING',
      message: expect.stringContaining('VS_FRESH is not set'),
    });
    expect(isVaultstrapError(await failing.catch((error) => error))).toBe(true);
    // Which remedy, depends on how the start stands.
    await expect(withFreshSecret(NAME, serviceOf('x'), { isAuthError: asked })).rejects.toMatchObject({
      hint: expect.stringContaining("import 'vaultstrap/register'"),
    });
    expect([asked.mock.calls, events]).toEqual([[], []]);
  });

  test('that is gone after the refresh (VAULTSTRAP_ON_REVOKED=unset)', async () => {
    next = undefined;
    const failing = fresh(serviceOf('new'), { isAuthError });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_SETTINGS_MISSING' });
    expect(events).toEqual(['use old', 'refresh']);
  });

  test('may be empty', async () => {
    process.env[NAME] = '';
    expect(await fresh(serviceOf(''), { isAuthError })).toBe('done with ');
  });
});

describe('the function', () => {
  test('may be synchronous, in its failure too', async () => {
    const use = (value: string) => {
      events.push(`use ${value}`);
      if (value === 'old') throw new Refused();
      return value.length;
    };
    expect(await fresh(use, { isAuthError })).toBe(3);
    expect(events).toEqual(['use old', 'refresh', 'use new']);
  });

  test('that fails for another reason fails as it is, without a refresh', async () => {
    const reason = new Error('out of paper');
    const use = () => Promise.reject(reason);
    expect(await fresh(use, { isAuthError }).catch((e) => e)).toBe(reason);
    expect(events).toEqual([]);
  });

  test('may fail for another reason the second time', async () => {
    const reason = new Error('out of paper');
    const use = (value: string) => Promise.reject(value === 'old' ? new Refused() : reason);
    expect(await fresh(use, { isAuthError }).catch((e) => e)).toBe(reason);
    expect(events).toEqual(['refresh']);
  });
});

describe('isAuthError', () => {
  test('gets the very error, also one that is no Error', async () => {
    const seen: unknown[] = [];
    const isAuth = (error: unknown) => {
      seen.push(error);
      return false;
    };
    for (const thrown of [undefined, null, 401, 'no', new Refused()]) {
      const use = () => Promise.reject(thrown);
      const caught = await fresh(use, { isAuthError: isAuth }).then(
        () => 'nothing',
        (error: unknown) => error,
      );
      expect(caught).toBe(thrown);
    }
    expect(seen).toEqual([undefined, null, 401, 'no', expect.any(Refused)]);
  });

  test('that stumbles over an error hides nothing: the caller gets that error', async () => {
    const reason = new Error('socket hang up');
    const stumbles = (error: unknown) => (error as { response: { status: number } }).response.status === 401;
    const use = () => Promise.reject(reason);
    expect(await fresh(use, { isAuthError: stumbles }).catch((e) => e)).toBe(reason);
    expect(events).toEqual([]);
  });

  test('may have to wait for its answer: a promise of false is a no', async () => {
    const answer = (yes: boolean) => fresh(serviceOf('new'), { isAuthError: async () => yes }).catch((error) => error);
    expect(await answer(false)).toBeInstanceOf(Refused);
    expect(events).toEqual(['use old']);
    expect(await answer(true)).toBe('done with new');
  });

  test('that rejects hides nothing', async () => {
    const isAuth = () => Promise.reject(new Error('of its own'));
    const failing = fresh(serviceOf('new'), { isAuthError: isAuth });
    await expect(failing).rejects.toBeInstanceOf(Refused);
  });

  // From JavaScript: what the types would refuse has to fail on the first call, not on the day of the rotation.
  test.each([
    ['no options', undefined],
    ['no isAuthError', {}],
    ['something else', { isAuthError: 401 }],
  ])('missing is said at once: %s', async (_, options) => {
    const use = vi.fn();
    const failing = withFreshSecret(NAME, use, options as unknown as FreshSecretOptions);
    await expect(failing).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expect(failing).rejects.toThrow('isAuthError');
    expect(use).not.toHaveBeenCalled();
  });

  test('in the place of the function is said, too', async () => {
    const failing = withFreshSecret(NAME, { isAuthError } as unknown as () => void, { isAuthError });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
  });
});

test('types', () => {
  expectTypeOf(withFreshSecret(NAME, (value) => value.length, { isAuthError })).resolves.toEqualTypeOf<number>();
  expectTypeOf(withFreshSecret(NAME, async () => 'x' as const, { isAuthError })).resolves.toEqualTypeOf<'x'>();
  expectTypeOf<FreshSecretOptions['isAuthError']>().parameter(0).toBeUnknown();
  const cannot = () => {
    // @ts-expect-error the shape of an error is not known: look before you read
    void withFreshSecret(NAME, () => 1, { isAuthError: (error) => error.status === 401 });
  };
  expect(cannot).toBeTypeOf('function');
});
