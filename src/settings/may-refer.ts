/** The quick question asked of every value in the environment: was a reference meant, a misspelt one perhaps? */
export function mayRefer(value: unknown): boolean {
  // As in `hasMarker`. Most have no bracket: the second pattern, the larger one to compile, waits for those that do.
  return typeof value === 'string' && /[({[]|^a/i.test(value) && /key.?va[ul]+t?s?\s*[({[]|^akvs:\/\//is.test(value);
}
