import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/support/clock.js';
import { parseIdentity, printIdentity } from '../../src/support/identity-selector.js';
import { createLog, LOG_LEVELS } from '../../src/support/log.js';
import { loadSdk, sdkAnchors } from '../../src/support/sdk-loader.js';
import { isVaultSuffix, VAULT_SUFFIXES } from '../../src/support/vault-names.js';
import { GUID } from '../helpers/fixtures.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('log', () => {
  test('a level prints itself and what is worse', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const [index, level] of LOG_LEVELS.entries()) {
      print.mockClear();
      const log = createLog(level);
      for (const word of ['error', 'warn', 'info', 'debug'] as const) log[word]('x');
      expect(print.mock.calls.map(([line]) => line)).toEqual(
        ['error', 'warn', 'info', 'debug'].slice(0, index).map((word) => `vaultstrap ${word}: x`),
      );
    }
  });

  test('one line per message: the host makes an entry of every line', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    createLog('error').error('one\r\n  two\n\nthree');
    expect(print.mock.calls).toEqual([['vaultstrap error: one two three']]);
  });

  test('the name of a setting steers no terminal', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    createLog('error').error('A\u001b[2J\u202e');
    expect(print.mock.calls).toEqual([['vaultstrap error: A\\u{1b}[2J\\u{202e}']]);
  });
});

describe('systemClock', () => {
  test('sleep ends with its time, or with the signal, and leaves nothing behind', async () => {
    vi.useFakeTimers();
    // Loaded anew: it holds on to the timers that it finds in Node's own module.
    const timers = process.getBuiltinModule('node:timers');
    for (const name of ['setTimeout', 'clearTimeout', 'setImmediate'] as const)
      vi.spyOn(timers, name).mockImplementation(globalThis[name] as never);
    vi.resetModules();
    const { systemClock } = await import('../../src/support/clock.js');
    let done = 0;
    const abort = new AbortController();
    const count = () => void done++;
    void systemClock.sleep(1000).then(count);
    void systemClock.sleep(5000, abort.signal).then(count);
    void systemClock.sleep(5000, AbortSignal.abort()).then(count);
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toBe(2);
    abort.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('stands above fake timers', async () => {
    vi.useFakeTimers();
    const before = systemClock.monotonic();
    await systemClock.sleep(0);
    await systemClock.sleep(1);
    expect(systemClock.monotonic()).toBeGreaterThan(before);
  });

  test('the monotonic scale does not follow the wall clock', () => {
    const before = systemClock.monotonic();
    vi.spyOn(Date, 'now').mockReturnValue(0);
    expect(systemClock.now()).toBe(0);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
  });
});

describe('identity selectors', () => {
  const RESOURCE = `/subscriptions/${GUID}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders`;
  test.each([
    ['system', 'system', 'system'],
    ['SYSTEM', 'system', 'system'],
    [GUID.toUpperCase(), GUID, 'client'],
    [`OBJECT: ${GUID.toUpperCase()}`, `object:${GUID}`, 'object'],
    [RESOURCE, RESOURCE, 'resource'],
    [RESOURCE.toLowerCase(), RESOURCE.toLowerCase(), 'resource'],
  ])('%s prints as %s, and parses to itself', (text, printed, kind) => {
    const selector = parseIdentity(text);
    expect(selector?.kind).toBe(kind);
    expect(selector && printIdentity(selector)).toBe(printed);
    expect(parseIdentity(printed)).toEqual(selector);
  });

  test.each([
    '',
    'systems',
    'user',
    `${GUID} `,
    `{${GUID}}`,
    GUID.slice(1),
    GUID.replaceAll('-', ''),
    'object:',
    'object:system',
    `my-object:${GUID}`,
    `object:${GUID}\nX: y`,
    `client:${GUID}`,
    `${RESOURCE}/more`,
    RESOURCE.replace('userAssignedIdentities', 'systemAssignedIdentities'),
    RESOURCE.slice(1),
    `https://management.azure.com${RESOURCE}`,
    `${RESOURCE}\nX: y`,
  ])('%j is none', (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  });
});

describe('vault suffixes', () => {
  test.each([...VAULT_SUFFIXES, 'vault.local', 'vault.a-b.c1', `vault${'.a'.repeat(124)}`])('%s', (suffix) => {
    expect(isVaultSuffix(suffix)).toBe(true);
  });
  test.each([
    'vault',
    'vault.',
    'vault..net',
    'vaults.azure.net',
    'my.vault.azure.net',
    'managedhsm.azure.net',
    'azure.net',
    'vault.-a.net',
    'vault.a-.net',
    'vault.a_b',
    'vault.azure.net/',
    'vault.azure.net:443',
    'vault.azure.net\n',
    'VAULT.AZURE.NET',
    `vault.${'a'.repeat(64)}`,
    `vault${'.a'.repeat(125)}`,
  ])('%j is none', (suffix) => {
    expect(isVaultSuffix(suffix)).toBe(false);
  });
});

describe('loadSdk', () => {
  test('finds a package from the first anchor that has it, whatever the others are', () => {
    // A program read from stdin is called "-", which is no place to look from.
    const secrets = loadSdk('@azure/keyvault-secrets', ['-', '[worker eval]', '/nowhere/index.js', ...sdkAnchors()]);
    expect(secrets.SecretClient).toBeTypeOf('function');
  });

  test('says how to install what is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vaultstrap-'));
    try {
      expect(() => loadSdk('@azure/identity', [join(folder, 'index.js'), '-'])).toThrow(
        expect.objectContaining({
          code: 'ERR_SDK_NOT_FOUND',
          hint: expect.stringContaining('npm install @azure/identity'),
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
