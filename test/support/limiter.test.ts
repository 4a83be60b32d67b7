import { describe, expect, test } from 'vitest';
import { workThrough } from '../../src/support/limiter.js';

/** Work that ends when it is told to, in the order in which it began. */
function stage() {
  const begun: string[] = [];
  const most = { each: 0, all: 0 };
  const running: { readonly item: string; readonly end: () => void }[] = [];
  const ofQueue = (item: string) => running.filter((one) => one.item[0] === item[0]).length;
  return {
    begun,
    most,
    work: (item: string) =>
      new Promise<void>((resolve) => {
        begun.push(item);
        running.push({ item, end: resolve });
        most.all = Math.max(most.all, running.length);
        most.each = Math.max(most.each, ofQueue(item));
      }),
    /** Ends one, the oldest or the oldest of a queue, and lets the next begin. */
    async end(queue = '') {
      const index = running.findIndex(({ item }) => item.startsWith(queue));
      for (const { end } of running.splice(index, index < 0 ? 0 : 1)) end();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const queue = (letter: string, length: number) => Array.from({ length }, (_, i) => `${letter}${i}`);

describe('workThrough', () => {
  test('at most so many of one queue, in its order', async () => {
    const { begun, most, work, end } = stage();
    const done = workThrough([queue('a', 10)], { each: 3, all: 5 }, work);
    expect(begun).toEqual(queue('a', 3));
    for (let i = 0; i < 10; i++) await end();
    await done;
    expect(begun).toEqual(queue('a', 10));
    expect(most).toEqual({ each: 3, all: 3 });
  });

  test('at most so many together, all queues in turn', async () => {
    const { begun, most, work, end } = stage();
    const done = workThrough([queue('a', 9), queue('b', 1), queue('c', 9)], { each: 3, all: 5 }, work);
    expect(begun).toEqual(['a0', 'b0', 'c0', 'a1', 'c1']);
    for (let i = 0; i < 19; i++) await end();
    await done;
    expect(begun.toSorted()).toEqual([...queue('a', 9), ...queue('b', 1), ...queue('c', 9)]);
    expect(most).toEqual({ each: 3, all: 5 });
  });

  test('in turn also where there are fewer places than queues: a long one holds up nobody', async () => {
    const { begun, work, end } = stage();
    const done = workThrough([queue('a', 3), queue('b', 2), queue('c', 1)], { each: 1, all: 1 }, work);
    for (let i = 0; i < 6; i++) await end();
    await done;
    expect(begun).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2']);
  });

  test('a queue that hangs holds up nobody else', async () => {
    const { begun, work, end } = stage();
    const done = workThrough([queue('a', 5), queue('b', 5)], { each: 2, all: 4 }, work);
    for (let i = 0; i < 5; i++) await end('b');
    expect(begun).toEqual(['a0', 'b0', 'a1', 'b1', 'b2', 'b3', 'b4']);
    // And goes on, when it does, with as many as before.
    await end('a');
    await end('a');
    expect(begun.slice(7)).toEqual(['a2', 'a3']);
    for (let i = 0; i < 3; i++) await end('a');
    await done;
    expect(begun).toHaveLength(10);
  });

  test('queues that hang get no more than their share while another one waits', async () => {
    const { begun, work, end } = stage();
    const done = workThrough([queue('a', 9), queue('b', 9), queue('c', 9)], { each: 4, all: 6 }, work);
    const first = ['a0', 'b0', 'c0', 'a1', 'b1', 'c1'];
    expect(begun).toEqual(first);
    for (let i = 2; i < 9; i++) await end('c');
    expect(begun).toEqual([...first, ...queue('c', 9).slice(2)]);
    // Nobody else waits for these places any more.
    await end('c');
    await end('c');
    expect(begun.slice(13)).toEqual(['a2', 'b2']);
    for (let i = 0; i < 18; i++) await end();
    await done;
    expect(begun).toHaveLength(27);
  });

  test('nothing to do is done at once', async () => {
    await workThrough([], { each: 1, all: 1 }, () => Promise.reject(new Error('of what?')));
    await workThrough([[]], { each: 1, all: 1 }, () => Promise.reject(new Error('of what?')));
  });
});
