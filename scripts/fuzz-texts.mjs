// New texts for scripts/fuzz.mjs, made of old ones.

/**
 * @param {object} from
 * @param {number} from.seed the same seed and corpus give the same texts
 * @param {readonly string[]} from.corpus may grow meanwhile
 * @param {readonly string[]} from.tokens
 * @param {RegExp} from.boundary
 * @param {number} from.longest
 * @returns {() => string}
 */
export function createMutator({ seed, corpus, tokens, boundary, longest }) {
  // mulberry32: small, fast, and the same everywhere.
  let state = seed;
  const random = (/** @type {number} */ below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
  /** @template T @param {readonly T[]} list @returns {T} */
  const pick = (list) => /** @type {T} */ (list[random(list.length)]);

  /** Whole parts of a text put in, taken out or changed for another text's: what comes of it is often still well formed. */
  function recombined() {
    const parts = pick(corpus).split(boundary);
    for (let i = 1 + random(3); i > 0; i--) {
      parts.splice(random(parts.length + 1), random(2), ...(random(4) ? [pick(pick(corpus).split(boundary))] : []));
    }
    return parts.join('');
  }

  return function mutated() {
    let text = random(2) ? pick(corpus) : recombined();
    if (random(3) === 0) return text.slice(0, longest);
    for (let i = 1 + random(4); i > 0; i--) {
      const from = random(text.length + 1);
      const to = random(4) ? Math.min(text.length, from + random(12)) : random(text.length + 1);
      const middle = text.slice(Math.min(from, to), Math.max(from, to));
      const other = pick(corpus);
      const at = random(other.length + 1);
      const insert = pick([
        () => '',
        () => pick(tokens),
        () => pick(tokens),
        () => String.fromCharCode(random(random(2) ? 128 : 0x1_0000)),
        () => middle + middle,
        () => other.slice(at, at + random(60)),
        () => (random(2) ? middle.toUpperCase() : middle.toLowerCase()),
      ])();
      text = text.slice(0, Math.min(from, to)) + insert + text.slice(Math.max(from, to));
    }
    return text.slice(0, longest);
  };
}
