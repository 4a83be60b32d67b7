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

/** Levenshtein's distance: letters to add, drop or replace. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
