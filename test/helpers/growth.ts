/**
 * How much longer one long text takes than eight of an eighth of it: about 1, unless work grows faster than the text,
 * then 8 and more. The best of some tries, and of more where the machine has other things to do.
 */
export function growth(work: (length: number) => void, shortLength: number): number {
  const msFor = (length: number) => {
    const startedMs = performance.now();
    work(length);
    return performance.now() - startedMs;
  };
  let [short, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let tries = 0; tries < 3 || (tries < 20 && long / short >= 4); tries++) {
    short = Math.min(
      short,
      Array.from({ length: 8 }, () => msFor(shortLength)).reduce((a, b) => a + b),
    );
    long = Math.min(long, msFor(8 * shortLength));
  }
  return long / short;
}
