// Beside a start that waits for the same token.
import { expect, test } from 'vitest';
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
