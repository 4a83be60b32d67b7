import { afterEach, describe, expect, test, vi } from 'vitest';
import { createListeners } from '../../src/rotation/listeners.js';
import type { Rotation } from '../../src/rotation/types.js';
import type { Log } from '../../src/support/log.js';
import { V1, V2, V3 } from '../helpers/fixtures.js';

const lines: string[] = [];
const log: Log = {
  error: (line) => void lines.push(line),
  warn: () => {},
  info: () => {},
  debug: () => {},
};
afterEach(() => {
  lines.length = 0;
});

const rotation = (generation: number, setting = 'PW', fromVersion = V1, toVersion = V2): Rotation => ({
  generation,
  changed: [{ setting, fromVersion, toVersion }],
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A listener that ends when it is told to. */
function slow() {
  const got: Rotation[] = [];
  const release: (() => void)[] = [];
  let running = 0;
  let most = 0;
  return {
    got,
    most: () => most,
    finish: async () => {
      release.shift()?.();
      await turn();
    },
    listener: async (r: Rotation) => {
      got.push(r);
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => release.push(resolve));
      running--;
    },
  };
}

test('nobody waits for a listener: it runs after the caller', async () => {
  const listeners = createListeners(() => log);
  const order: string[] = [];
  listeners.add(() => void order.push('listener'));
  listeners.publish(rotation(2));
  order.push('caller');
  await turn();
  expect(order).toEqual(['caller', 'listener']);
});

test('a listener of one setting hears of that one only', async () => {
  const listeners = createListeners(() => log);
  const all = vi.fn();
  const one = vi.fn();
  listeners.add(all);
  listeners.add(one, 'PW');
  listeners.publish({ generation: 2, changed: [{ setting: 'PW' }, { setting: 'URL' }] });
  await turn();
  listeners.publish(rotation(3, 'URL'));
  await turn();
  expect(one.mock.calls).toEqual([[{ generation: 2, changed: [{ setting: 'PW' }] }]]);
  expect(all).toHaveBeenCalledTimes(2);
});

test('runs of one listener follow each other, and what comes meanwhile is put together', async () => {
  const listeners = createListeners(() => log);
  const { listener, got, finish, most } = slow();
  listeners.add(listener);
  listeners.publish(rotation(2, 'PW', V1, V2));
  await turn();
  listeners.publish(rotation(3, 'PW', V2, V3));
  listeners.publish(rotation(4, 'URL', V1, V2));
  listeners.publish(rotation(5, 'PW', V3, V1));
  await turn();
  expect(got).toHaveLength(1);
  await finish();
  expect(got).toHaveLength(2);
  expect(got[1]).toEqual({
    generation: 5,
    changed: [
      { setting: 'PW', fromVersion: V2, toVersion: V1 },
      { setting: 'URL', fromVersion: V1, toVersion: V2 },
    ],
  });
  await finish();
  expect(most()).toBe(1);
  listeners.publish(rotation(6));
  await turn();
  expect(got).toHaveLength(3);
});

test('a slow one holds back nobody else', async () => {
  const listeners = createListeners(() => log);
  listeners.add(() => new Promise(() => {}));
  const other = vi.fn();
  listeners.add(other);
  listeners.publish(rotation(2));
  await turn();
  listeners.publish(rotation(3));
  await turn();
  expect(other).toHaveBeenCalledTimes(2);
});

describe('one that fails', () => {
  test.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw Object.assign(new TypeError('c4nary'), { code: 'E_BAD' });
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new TypeError('c4nary'), { code: 'E_BAD' }))],
  ])('%s: harms nobody, is logged by name and code, and is called again', async (_how, fail) => {
    const listeners = createListeners(() => log);
    const failing = vi.fn(fail);
    const other = vi.fn();
    listeners.add(failing);
    listeners.add(other);
    listeners.publish(rotation(2));
    await turn();
    listeners.publish(rotation(3));
    await turn();
    expect(failing).toHaveBeenCalledTimes(2);
    expect(other).toHaveBeenCalledTimes(2);
    expect(lines).toEqual(Array(2).fill('a listener of onRotated failed (TypeError E_BAD).'));
  });

  test('with nothing one can look into', async () => {
    const listeners = createListeners(() => log);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const odd = vi.fn(() => Promise.reject(proxy));
    listeners.add(odd);
    listeners.publish(rotation(2));
    await turn();
    listeners.publish(rotation(3));
    await turn();
    expect(odd).toHaveBeenCalledTimes(2);
    expect(lines).toEqual(Array(2).fill('a listener of onRotated failed (object).'));
  });
});

test('one that was removed hears no more, not even of what was waiting', async () => {
  const listeners = createListeners(() => log);
  const { listener, got, finish } = slow();
  const remove = listeners.add(listener);
  const other = vi.fn();
  listeners.add(other);
  listeners.publish(rotation(2));
  await turn();
  listeners.publish(rotation(3));
  remove();
  remove();
  await finish();
  listeners.publish(rotation(4));
  await turn();
  expect(got).toHaveLength(1);
  expect(other).toHaveBeenCalledTimes(3);
  listeners.clear();
  listeners.publish(rotation(5));
  await turn();
  expect(other).toHaveBeenCalledTimes(3);
});

test('a listener may add and remove listeners', async () => {
  const listeners = createListeners(() => log);
  const added = vi.fn();
  const remove = listeners.add(() => {
    remove();
    listeners.add(added);
  });
  listeners.publish(rotation(2));
  await turn();
  expect(added).not.toHaveBeenCalled();
  listeners.publish(rotation(3));
  await turn();
  expect(added).toHaveBeenCalledTimes(1);
});
