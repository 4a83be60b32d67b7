import { beforeEach, describe, expect, test } from 'vitest';
import { createCredential } from '../../src/startup/credential.js';
import { SYSTEM_ASSIGNED } from '../../src/support/identity-selector.js';
import type { VaultClient } from '../../src/vault/client.js';

test('a token that is asked for together with a start is waited for no longer than 20 s', async () => {
  const sleeps: number[] = [];
  const over = Promise.withResolvers<void>();
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms: number) => {
      sleeps.push(ms);
      return over.promise;
    },
  };
  // What it shares has the start's deadline, and hangs.
  const tokens = { get: () => new Promise(() => {}) } as unknown as VaultClient['tokens'];
  const context = () => ({ client: { tokens }, defaultIdentity: SYSTEM_ASSIGNED });
  const asked = createCredential({}, context, clock).getToken('https://storage.azure.com/.default');
  expect(sleeps).toEqual([20_250]);
  over.resolve();
  await expect(asked).rejects.toMatchObject({
    code: 'ERR_IDENTITY_TIMEOUT',
    hint: expect.stringContaining('platform'),
  });
});

describe('a caller who gives up', () => {
  const scope = 'https://storage.azure.com/.default';
  const never = () => new Promise<void>(() => {});
  const clock = { now: () => 0, monotonic: () => 0, sleep: never };
  let asked = 0;
  const tokens = {
    get: () => {
      asked++;
      return never();
    },
  } as unknown as VaultClient['tokens'];
  const credential = createCredential({}, () => ({ client: { tokens }, defaultIdentity: SYSTEM_ASSIGNED }), clock);

  beforeEach(() => {
    asked = 0;
  });

  test('is waited with no longer', async () => {
    const controller = new AbortController();
    const waiting = credential.getToken(scope, { abortSignal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(asked).toBe(1);
  });

  test('has asked for nothing when it had done so before', async () => {
    await expect(credential.getToken(scope, { abortSignal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(asked).toBe(0);
  });

  test("with a signal of the SDKs' own, which has no reason, gets the error that they know", async () => {
    const abortSignal = { aborted: true, addEventListener() {}, removeEventListener() {} };
    await expect(credential.getToken(scope, { abortSignal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('with what is no signal is told', async () => {
    const abortSignal = true as unknown as AbortSignal;
    await expect(credential.getToken(scope, { abortSignal })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
  });
});
