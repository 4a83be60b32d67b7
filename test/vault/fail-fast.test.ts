// A start that cannot succeed any more ends soon, and says all that is wrong.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { bearerRequests, failure, LANES, reader, readOf, value } from './harness.js';

const names = (count: number) => Array.from({ length: count }, (_, i) => `secret-${i}`);

let azure: Emulator;
beforeAll(async () => {
  azure = await startEmulator({
    vaults: { shop: Object.fromEntries(names(40).map((name) => [name, 'x'])), away: { a: 'x' } },
  });
});
afterAll(() => azure.close());
afterEach(() => azure.reset());

describe.each(LANES)('%s', (client) => {
  test('one fact ends the tries of the others', async () => {
    const outage = await azure.faults.add({ target: 'vault', vault: 'away', status: 503 });
    const { readAll } = reader(azure.env, { client });
    const reads = [readOf('missing'), readOf('a', { host: 'away.vault.azure.net' })];
    const [missing, away] = await readAll(reads, { withinMs: 120_000, failFast: true });
    expect(failure(missing).code).toBe('ERR_SECRET_NOT_FOUND');
    expect(failure(away).code).toBe('ERR_VAULT_UNAVAILABLE');
    // Far from two minutes of tries.
    expect(await outage.hits()).toBeLessThan(5);
  });

  test('and what hangs is not waited for', async () => {
    await azure.faults.add({ target: 'vault', vault: 'away', hang: true });
    const { readAll } = reader(azure.env, { client });
    const reads = [readOf('missing'), readOf('a', { host: 'away.vault.azure.net' })];
    const [missing, away] = await readAll(reads, { withinMs: 120_000, failFast: true });
    expect(failure(missing).code).toBe('ERR_SECRET_NOT_FOUND');
    expect(failure(away)).toMatchObject({ status: 'FetchTimedOut', retry: 'deadline' });
  });

  test('all facts are told together, also of more secrets than are read at once', async () => {
    for (const name of names(40).filter((_, i) => i % 4 === 1)) await azure.vault('shop').disable(name);
    for (const name of names(40).filter((_, i) => i % 4 === 2)) await azure.vault('shop').delete(name);
    await azure.identity().revoke({ vault: 'shop', secret: 'secret-39' });
    const { readAll } = reader(azure.env, { client });
    const results = await readAll(
      names(40).map((name) => readOf(name)),
      { failFast: true },
    );
    for (const [i, result] of results.entries()) {
      if (i === 39) expect(failure(result).code).toBe('ERR_VAULT_RBAC');
      else if (i % 4 === 1) expect(failure(result).code).toBe('ERR_SECRET_DISABLED');
      else if (i % 4 === 2) expect(failure(result).code).toBe('ERR_SECRET_NOT_FOUND');
      else expect(value(result)).toBe('x');
    }
    expect(await bearerRequests(azure)).toHaveLength(40);
  });

  test('a secret that may be absent is no reason to stop', async () => {
    await azure.faults.add({ target: 'vault', vault: 'away', times: 3, status: 503 });
    const { readAll } = reader(azure.env, { client });
    const reads = [readOf('missing', { mayBeAbsent: true }), readOf('a', { host: 'away.vault.azure.net' })];
    const [missing, away] = await readAll(reads, { failFast: true });
    expect(failure(missing)).toMatchObject({ code: 'ERR_SECRET_NOT_FOUND', absent: true });
    expect(value(away)).toBe('x');
  });

  test('a forbidden one is, whether it may be absent or not', async () => {
    await azure.identity().revoke({ vault: 'shop', secret: 'secret-0' });
    const outage = await azure.faults.add({ target: 'vault', vault: 'away', status: 503 });
    const { readAll } = reader(azure.env, { client });
    const reads = [readOf('secret-0', { mayBeAbsent: true }), readOf('a', { host: 'away.vault.azure.net' })];
    const [denied] = await readAll(reads, { withinMs: 120_000, failFast: true });
    expect(failure(denied).code).toBe('ERR_VAULT_RBAC');
    expect(await outage.hits()).toBeLessThan(5);
  });

  test('without it, the others have their tries', async () => {
    await azure.faults.add({ target: 'vault', vault: 'away', times: 3, status: 503 });
    const { readAll } = reader(azure.env, { client });
    const [missing, away] = await readAll([readOf('missing'), readOf('a', { host: 'away.vault.azure.net' })]);
    expect(failure(missing).code).toBe('ERR_SECRET_NOT_FOUND');
    expect(value(away)).toBe('x');
  });

  test('no identity: one request, however many secrets', async () => {
    await azure.faults.add({ target: 'identity', status: 400 });
    const { readAll, client: vaults } = reader(azure.env, { client });
    for (const result of await readAll(
      names(40).map((name) => readOf(name)),
      { failFast: true },
    )) {
      expect(failure(result).code).toBe('ERR_IDENTITY_NOT_ASSIGNED');
    }
    expect(vaults.tokens.requests).toBeLessThanOrEqual(1);
  });
});
