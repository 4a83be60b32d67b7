/** Around what stands for a value: private-use characters, which no syntax touches and no name can swallow. */
export const OPEN = '\uE000';
export const CLOSE = '\uE001';

// All that `$` can be in dotenv-expand 13: escaped, `${NAME` before its end or an operator, `$NAME`, or only itself.
export const DOLLAR = /\\\$|\$\{([^{}$+\-\uE000]+?)(?=:?[-+]|\})|\$([A-Za-z_][A-Za-z0-9_]*)|\$/g;

export interface Mentions {
  /** In `${NAME}`, `${NAME:-default}` and their kin, which alone make a template. */
  readonly braced: readonly string[];
  /** Those, and `$NAME`, which is expanded where there is a template anyway. */
  readonly all: readonly string[];
}

const NO_MENTIONS: Mentions = { braced: [], all: [] };

/** The names that a text mentions, each once. What is not text stands for itself. */
export function mentionsOf(parts: readonly (string | object)[]): Mentions {
  if (!parts.some((part) => typeof part === 'string' && part.includes('$'))) return NO_MENTIONS;
  const text = parts.map((part) => (typeof part === 'string' ? part : OPEN)).join('');
  const braced = new Set<string>();
  const all = new Set<string>();
  for (const [, inBraces, bare] of text.matchAll(DOLLAR)) {
    if (inBraces) braced.add(inBraces);
    const name = inBraces ?? bare;
    if (name) all.add(name);
  }
  return { braced: [...braced], all: [...all] };
}
