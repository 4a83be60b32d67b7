/** The word that was probably meant, ignoring case: at most a third of its letters differ, or its end is missing. */
export function nearest<const T extends string>(word: string, words: readonly T[]): T | undefined {
  const wanted = word.toLowerCase();
  let best: T | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const letters = candidate.toLowerCase();
    const isBeginning = wanted.length > 3 && letters.startsWith(wanted);
    const edits = isBeginning ? 1 : editsBetween(wanted, letters);
    if (edits >= fewest || edits > candidate.length / 3) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}

/** Letters to add, drop or replace: the distance of Levenshtein. Two that were swapped are two, as six letters allow. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
