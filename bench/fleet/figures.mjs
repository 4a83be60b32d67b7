// Numbers as text.

/** min / median / p95 / max, in seconds. */
export function spreadOf(ms) {
  if (ms.length === 0) return 'none';
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return [sorted[0], at(0.5), at(0.95), sorted.at(-1)].map((one) => seconds(one).padStart(5)).join(' / ');
}

export const seconds = (ms) => (ms / 1000).toFixed(1);

export function mean(numbers) {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** Requests in each second from one moment to another; partial seconds at the ends are left out. */
export function rates(traffic, fromMs, toMs, which = 0) {
  const counts = new Map(traffic);
  const first = Math.ceil(fromMs / 1000);
  const last = Math.floor(toMs / 1000);
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => counts.get(first + i)?.[which] ?? 0);
}

/** Two takings as one; they may share a second. */
export function addUp(...takings) {
  const bySecond = new Map();
  for (const [second, counts] of takings.flat()) {
    const before = bySecond.get(second) ?? counts.map(() => 0);
    bySecond.set(
      second,
      counts.map((count, i) => count + before[i]),
    );
  }
  return [...bySecond];
}

const BARS = ' ▁▂▃▄▅▆▇█';

/** One character a second, sixty to a line; a full block is `full`. */
export function histogram(perSecond, full) {
  const bars = perSecond.map(
    (count) => BARS[count === 0 ? 0 : Math.min(8, Math.max(1, Math.round((count / full) * 8)))],
  );
  const lines = [];
  for (let i = 0; i < bars.length; i += 60) lines.push(`  |${bars.slice(i, i + 60).join('')}|`);
  return lines.join('\n');
}
