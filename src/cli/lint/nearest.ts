/** The word that was probably meant: at most two letters added, left out, changed or swapped. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map((word) => ({ word, edits: editsBetween(written.toUpperCase(), word.toUpperCase()) }))
    .filter(({ edits }) => edits <= 2)
    .sort((a, b) => a.edits - b.edits);
  return best?.word;
}

/** Damerau and Levenshtein's distance; words are short. */
function editsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above = [], twoAbove = []] = [rows[i - 1], rows[i - 2]];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (twoAbove[j - 2] ?? 3) + 1 : 3;
      const changed = (above[j - 1] ?? 3) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(changed, swapped, (above[j] ?? 3) + 1, (row[j - 1] ?? 3) + 1));
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 3;
}
