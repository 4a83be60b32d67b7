/**
 * The quick question asked of every value in the environment: was a reference meant, a misspelt one perhaps? Most can
 * be told by their characters: a process without references has nothing to compile for them.
 */
export function mayRefer(value: unknown): boolean {
  // As in `hasMarker`.
  return (
    typeof value === 'string' &&
    (value.includes('(') || value.includes('{') || value.includes('[') || /^a/i.test(value)) &&
    /key.?va[ul]+t?s?\s*[({[]|^akvs:\/\//is.test(value)
  );
}
