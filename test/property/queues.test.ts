// The queue of reads against what it promises, over any number of vaults and any order in which work ends.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workThrough } from '../../src/support/limiter.js';

const queues = fc
  .array(fc.nat(12), { maxLength: 6 })
  .map((lengths) => lengths.map((length, queue) => Array.from({ length }, (_, i) => ({ queue, i }))));

test('nothing is lost or done twice, no cap is passed, and no place stays empty that somebody waits for', async () => {
  await fc.assert(
    fc.asyncProperty(
      queues,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 6 }),
      fc.scheduler(),
      async (lines, each, more, s) => {
        const all = each + more;
        const running = lines.map(() => 0);
        const begun = lines.map(() => 0);
        const workers = new Set<number>();
        const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
        const done = workThrough(lines, { each, all }, async ({ queue, i }, worker) => {
          expect(workers.has(worker)).toBe(false);
          workers.add(worker);
          expect(i).toBe(begun[queue]);
          begun[queue] = i + 1;
          running[queue] = (running[queue] ?? 0) + 1;
          expect(running[queue]).toBeLessThanOrEqual(each);
          expect(sum(running)).toBeLessThanOrEqual(all);
          // Of those that wait, nobody has two under way less than this one had.
          for (const [other, items] of lines.entries()) {
            if ((begun[other] ?? 0) < items.length)
              expect(running[other]).toBeGreaterThanOrEqual((running[queue] ?? 0) - 1);
          }
          await s.schedule(Promise.resolve());
          running[queue] = (running[queue] ?? 0) - 1;
          workers.delete(worker);
        });
        while (s.count() > 0) {
          const free = all - sum(running);
          const waiting = lines.some(
            (items, queue) => (begun[queue] ?? 0) < items.length && (running[queue] ?? 0) < each,
          );
          expect(free > 0 && waiting).toBe(false);
          await s.waitOne();
          await new Promise((resolve) => setImmediate(resolve));
        }
        await done;
        expect(begun).toEqual(lines.map((items) => items.length));
      },
    ),
    { numRuns: 200 },
  );
});
